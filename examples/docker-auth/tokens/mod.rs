//! `docker-auth tokens`: lists, revokes and makes tokens, whether the server runs or not.
//!
//! A running server alone has its store open. Then the command asks it, over a socket beside the store; otherwise it opens
//! the store itself.

mod command;
mod socket;
mod table;

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use token_auth_backends::config::{Config, ConfigOptions, TokenStoreConfig};
use token_auth_backends::core::TokenService;

use crate::cli::{Tokens, TokensAction};
use command::{Ask, Reply};
pub(crate) use socket::Desk;

/// Runs one of the commands.
pub(crate) fn run(options: &Tokens) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(ask(options))? {
        Reply::Records(records) if options.json => println!("{}", serde_json::to_string_pretty(&records)?),
        Reply::Records(records) => print!("{}", table::of(&records, SystemTime::now())),
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
    let question = Ask::from(&options.action);
    let reading = if options.lenient { ConfigOptions::lenient() } else { ConfigOptions::default() };
    let text = std::fs::read(options.action.config())
        .with_context(|| format!("cannot read {}", options.action.config().display()))?;
    let (config, _) = Config::from_yaml(text, &options.action.config().display().to_string(), &reading)?;
    let Some(tokens) = config.tokens() else {
        bail!("{}: no tokens are kept: there is no block `tokens`", options.action.config().display());
    };
    if let TokenStoreConfig::File(store) = &tokens.store
        && let Some(reply) = socket::ask(store, &question).await?
    {
        return Ok(reply);
    }
    Ok(command::answer(&config.assemble()?.service, question).await)
}

/// The file that a service's tokens are kept in, if they are kept in one.
pub(crate) fn store_file(config: Option<&TokenStoreConfig>) -> Option<PathBuf> {
    match config? {
        TokenStoreConfig::File(path) => Some(path.clone()),
        _ => None,
    }
}

/// Removes what has ended.
pub(crate) async fn purge(service: &TokenService) {
    let Some(tokens) = service.stored_tokens() else { return };
    match tokens.store().purge(service.now()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "removed tokens that have ended"),
        Err(error) => tracing::warn!(%error, "cannot remove tokens that have ended"),
    }
}

impl From<&TokensAction> for Ask {
    fn from(action: &TokensAction) -> Self {
        match action.clone() {
            TokensAction::List { account, kind, .. } => Self::List { account, kind },
            TokensAction::Revoke { id: Some(id), .. } => Self::Revoke { id },
            TokensAction::Revoke { account, kind, .. } => {
                Self::RevokeAccount { account: account.unwrap_or_default(), kind }
            }
            TokensAction::Create { account, name, days, unlimited, scope, network, service, .. } => {
                Self::Create {
                    account,
                    name,
                    days: (!unlimited).then_some(days),
                    scopes: scope,
                    networks: network,
                    service,
                }
            }
        }
    }
}
