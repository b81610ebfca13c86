//! What can be asked of a store of tokens, in the form in which it goes over the socket.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use token_auth_backends::core::{
    BackendError, NewPersonalToken, ScopePattern, StoredTokens, TokenId, TokenKind, TokenQuery, TokenRecord,
    TokenService,
};

/// How many records are asked for at a time.
const PAGE: usize = 100;

/// A question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Which tokens there are.
    List {
        /// Of this account only.
        account: Option<String>,
        /// Of this kind only.
        kind: Option<TokenKind>,
    },
    /// That a token ends now.
    Revoke {
        /// Which one.
        id: TokenId,
    },
    /// That all tokens of an account end now.
    RevokeAccount {
        /// Whose.
        account: String,
        /// Of this kind only.
        kind: Option<TokenKind>,
    },
    /// A new personal access token.
    Create {
        /// Whose it is.
        account: String,
        /// What it is for.
        name: String,
        /// Days until it expires; nothing: it does not.
        days: Option<u32>,
        /// What it is good for; empty: all that the account may do.
        scopes: Vec<ScopePattern>,
        /// Where it is good from; empty: anywhere.
        networks: Vec<ipnet::IpNet>,
        /// The only service that it is good for; nothing: any.
        service: Option<String>,
    },
}

impl Ask {
    /// What is asked, for the log.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::List { .. } => "list",
            Self::Revoke { .. } => "revoke one",
            Self::RevokeAccount { .. } => "revoke all of an account",
            Self::Create { .. } => "create",
        }
    }

    /// Whose tokens it is about, if it names somebody.
    pub(super) fn account(&self) -> Option<&str> {
        match self {
            Self::List { account, .. } => account.as_deref(),
            Self::Revoke { .. } => None,
            Self::RevokeAccount { account, .. } | Self::Create { account, .. } => Some(account),
        }
    }

    /// The token that it is about, if it names one.
    pub(super) fn token(&self) -> Option<&TokenId> {
        match self {
            Self::Revoke { id } => Some(id),
            _ => None,
        }
    }
}

/// An answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The tokens, by account and age.
    Records {
        /// Those that can be read.
        records: Vec<Shown>,
        /// Those of which only the id is known; they are good for nothing.
        unreadable: Vec<TokenId>,
    },
    /// How many ended.
    Revoked(u64),
    /// The new token.
    Created(Box<Created>),
    /// Why there is no other answer.
    Failed(String),
}

impl Reply {
    /// What came of it, for the log: without the token.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Records { records, .. } => format!("{} tokens", records.len()),
            Self::Revoked(count) => format!("{count} revoked"),
            Self::Created(_) => "created".to_owned(),
            Self::Failed(why) => format!("failed: {why}"),
        }
    }

    /// The token that was made.
    pub(super) fn token(&self) -> Option<&TokenId> {
        match self {
            Self::Created(created) => Some(&created.record.id),
            _ => None,
        }
    }
}

/// A token that has just been made.
#[derive(Serialize, Deserialize)]
pub struct Created {
    /// The token itself: the password of its account.
    pub token: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub record: Shown,
}

/// A record as it is shown: without what the secret is compared with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Shown {
    /// What it is revoked by.
    pub id: TokenId,
    /// Refresh or personal.
    pub kind: TokenKind,
    /// Whose it is.
    pub account: String,
    /// Who vouched for that account.
    pub source: Option<String>,
    /// The only service that it is good for.
    pub service: Option<String>,
    /// What it is for.
    pub name: Option<String>,
    /// What it is good for; empty: all that the account may do.
    pub scopes: Vec<String>,
    /// Where it is good from.
    pub networks: Option<Vec<ipnet::IpNet>>,
    /// When it was made; this and all times are seconds since the Unix epoch.
    pub created: u64,
    /// When it ends.
    pub expires: Option<u64>,
    /// When it ends if it is not used again.
    pub ends: Option<u64>,
    /// When it was last used.
    pub last_used: Option<u64>,
    /// By which client.
    pub last_client: Option<String>,
    /// From where.
    pub last_address: Option<IpAddr>,
}

impl From<TokenRecord> for Shown {
    fn from(record: TokenRecord) -> Self {
        let seconds = |time: std::time::SystemTime| {
            time.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
        };
        let ends = record.end().map(seconds);
        let last_use = record.last_use;
        Self {
            id: record.id,
            kind: record.kind,
            account: record.account,
            source: record.source.map(String::from),
            service: record.service,
            name: record.name,
            scopes: record.scopes.iter().flatten().map(ToString::to_string).collect(),
            networks: record.networks,
            created: seconds(record.created),
            expires: record.expires.map(seconds),
            ends,
            last_used: last_use.as_ref().map(|last| seconds(last.time)),
            last_address: last_use.as_ref().and_then(|last| last.address),
            last_client: last_use.and_then(|last| last.client_id),
        }
    }
}

/// Answers a question.
pub async fn answer(service: &TokenService, question: Ask) -> Reply {
    let Some(tokens) = service.stored_tokens() else { return Reply::Failed("no tokens are kept".to_owned()) };
    let reply = match question {
        Ask::Create { account, name, days, scopes, networks, service: only } => {
            let mut new = NewPersonalToken::new(account, name);
            new.lifetime = days.map(|days| Duration::from_secs(86_400 * u64::from(days)));
            new.scopes = Some(scopes).filter(|scopes| !scopes.is_empty());
            new.networks = Some(networks).filter(|networks| !networks.is_empty());
            new.service = only;
            return match tokens.create(new, &**service.authenticator(), service.now()).await {
                Ok((token, record)) => Reply::Created(Box::new(Created {
                    token: token.expose().to_owned(),
                    record: record.into(),
                })),
                Err(error) => Reply::Failed(error.to_string()),
            };
        }
        Ask::List { account, kind } => list(tokens, account, kind).await,
        Ask::Revoke { id } => tokens.store().revoke(&id).await.map(|was_there| match was_there {
            true => Reply::Revoked(1),
            false => Reply::Failed(format!("there is no token {id}")),
        }),
        Ask::RevokeAccount { account, kind } => {
            tokens.revoke_account(&account, kind).await.map(|count| match count {
                0 => Reply::Failed(format!(
                    "nothing was revoked: there is no such token of the account {account:?}"
                )),
                count => Reply::Revoked(count),
            })
        }
    };
    reply.unwrap_or_else(|error| Reply::Failed(error.to_string()))
}

async fn list(
    tokens: &StoredTokens,
    account: Option<String>,
    kind: Option<TokenKind>,
) -> Result<Reply, BackendError> {
    let mut query = TokenQuery::all();
    query.account = account;
    query.kind = kind;
    let (mut records, mut unreadable, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page = tokens.store().list(&query, after.as_ref(), PAGE).await?;
        records.extend(page.records.into_iter().map(Shown::from));
        unreadable.extend(page.unreadable);
        after = page.next;
        if after.is_none() {
            records
                .sort_by(|a: &Shown, b| (&a.account, a.created, &a.id).cmp(&(&b.account, b.created, &b.id)));
            return Ok(Reply::Records { records, unreadable });
        }
    }
}
