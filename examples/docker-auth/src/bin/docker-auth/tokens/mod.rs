//! `docker-auth tokens`: lists, revokes and makes tokens, whether the server runs or not.
//!
//! A running server alone has its store open. Then the command asks it, over a socket beside the store; otherwise it opens
//! the store itself.

mod table;

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use docker_auth::tokens::{self, Ask, NewToken, Page, Reply};
use token_auth_backends::config::{Config, ConfigOptions, TokenStoreConfig};
use token_auth_backends::core::TokenService;

use crate::cli::{Tokens, TokensAction};

/// Runs one of the commands.
pub(crate) fn run(options: &Tokens) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(ask(options))? {
        Reply::Page(Page { records, unreadable, .. }) => {
            match options.json {
                true => println!("{}", serde_json::to_string_pretty(&records)?),
                false => print!("{}", table::of(&records, SystemTime::now())),
            }
            if !unreadable.is_empty() {
                let ids: Vec<_> = unreadable.iter().map(ToString::to_string).collect();
                eprintln!(
                    "{} more cannot be read, and are good for nothing; revoke them by their ids: {}",
                    ids.len(),
                    ids.join(" ")
                );
            }
        }
        Reply::Revoked(count) if options.json => println!("{}", serde_json::json!({"revoked": count})),
        Reply::Revoked(1) => println!("revoked 1 token"),
        Reply::Revoked(count) => println!("revoked {count} tokens"),
        Reply::Created(created) if options.json => println!("{}", serde_json::to_string_pretty(&created)?),
        Reply::Created(created) => {
            eprintln!("Shown this once; it is the password of {:?}:", created.record.account);
            println!("{}", created.token);
        }
    }
    Ok(())
}

/// Asks, page by page where there are several. Records come by account and age.
async fn ask(options: &Tokens) -> Result<Reply> {
    let (office, mut reply) = first(options).await?;
    if let Reply::Page(all) = &mut reply {
        while let Some(next) = all.next.take() {
            let Reply::Page(page) = office.answer(question(&options.action, Some(next))).await? else {
                break;
            };
            all.records.extend(page.records);
            all.unreadable.extend(page.unreadable);
            all.next = page.next;
        }
        all.records.sort_by(|a, b| (&a.account, a.created, &a.id).cmp(&(&b.account, b.created, &b.id)));
    }
    Ok(reply)
}

/// Who answers.
enum Office {
    /// A running server, which has this store open.
    Server(PathBuf),
    /// We do, where none has.
    Here(Box<TokenService>),
}

impl Office {
    async fn answer(&self, question: Ask) -> Result<Reply> {
        match self {
            Self::Server(store) => tokens::ask(store, &question).await?.context("the server has ended"),
            Self::Here(service) => Ok(tokens::answer(service, question).await?),
        }
    }
}

/// The answer to what is asked first, and who gave it.
async fn first(options: &Tokens) -> Result<(Office, Reply)> {
    let path = options.action.config();
    let file = path.display().to_string();
    let reading = if options.lenient { ConfigOptions::lenient() } else { ConfigOptions::default() };
    let text = std::fs::read(path).with_context(|| format!("cannot read {file}"))?;
    let (config, _) = Config::from_yaml(text, &file, &reading)?;
    let Some(kept) = config.tokens() else {
        bail!("{file}: no tokens are kept: there is no block `tokens`");
    };
    let question = question(&options.action, None);
    if let TokenStoreConfig::File(store) = &kept.store
        && let Some(reply) = tokens::ask(store, &question).await?
    {
        return Ok((Office::Server(store.clone()), reply));
    }
    let office = Office::Here(Box::new(config.assemble()?.service));
    let reply = office.answer(question).await?;
    Ok((office, reply))
}

fn question(action: &TokensAction, after: Option<String>) -> Ask {
    match action.clone() {
        TokensAction::List { account, kind, .. } => Ask::List { account, kind, after },
        TokensAction::Revoke { id: Some(id), .. } => Ask::Revoke { id },
        TokensAction::Revoke { account, kind, .. } => {
            Ask::RevokeAccount { account: account.unwrap_or_default(), kind }
        }
        TokensAction::Create { account, name, days, unlimited, scope, network, service, .. } => {
            Ask::Create(NewToken {
                account,
                name,
                days: (!unlimited).then_some(days),
                scopes: scope,
                networks: network,
                service,
            })
        }
    }
}
