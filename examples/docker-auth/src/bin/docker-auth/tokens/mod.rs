//! `docker-auth tokens`: lists, revokes and makes tokens, whether the server runs or not.
//!
//! A running server alone has its store open. Then the command asks it, over a socket beside the store; otherwise it opens
//! the store itself.

mod table;

use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use docker_auth::tokens::{self, Ask, Reply};
use token_auth_backends::config::{Config, ConfigOptions, TokenStoreConfig};

use crate::cli::{Tokens, TokensAction};

/// Runs one of the commands.
pub(crate) fn run(options: &Tokens) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(ask(options))? {
        Reply::Records { records, unreadable } => {
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
        Reply::Failed(why) => bail!(why),
    }
    Ok(())
}

async fn ask(options: &Tokens) -> Result<Reply> {
    let question = question(&options.action);
    let reading = if options.lenient { ConfigOptions::lenient() } else { ConfigOptions::default() };
    let text = std::fs::read(options.action.config())
        .with_context(|| format!("cannot read {}", options.action.config().display()))?;
    let (config, _) = Config::from_yaml(text, &options.action.config().display().to_string(), &reading)?;
    let Some(kept) = config.tokens() else {
        bail!("{}: no tokens are kept: there is no block `tokens`", options.action.config().display());
    };
    if let TokenStoreConfig::File(store) = &kept.store
        && let Some(reply) = tokens::ask(store, &question).await?
    {
        return Ok(reply);
    }
    Ok(tokens::answer(&config.assemble()?.service, question).await)
}

fn question(action: &TokensAction) -> Ask {
    match action.clone() {
        TokensAction::List { account, kind, .. } => Ask::List { account, kind },
        TokensAction::Revoke { id: Some(id), .. } => Ask::Revoke { id },
        TokensAction::Revoke { account, kind, .. } => {
            Ask::RevokeAccount { account: account.unwrap_or_default(), kind }
        }
        TokensAction::Create { account, name, days, unlimited, scope, network, service, .. } => Ask::Create {
            account,
            name,
            days: (!unlimited).then_some(days),
            scopes: scope,
            networks: network,
            service,
        },
    }
}
