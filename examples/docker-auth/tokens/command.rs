//! What can be asked of a store of tokens, in the form in which it goes over the socket.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use token_auth_backends::core::{
    BackendError, NewPersonalToken, ScopePattern, StoredTokens, TokenId, TokenKind, TokenQuery, TokenRecord,
    TokenService,
};

/// A question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    List {
        account: Option<String>,
        kind: Option<TokenKind>,
    },
    Revoke {
        id: TokenId,
    },
    RevokeAccount {
        account: String,
        kind: Option<TokenKind>,
    },
    Create {
        account: String,
        name: String,
        days: Option<u32>,
        scopes: Vec<ScopePattern>,
        networks: Vec<ipnet::IpNet>,
        service: Option<String>,
    },
}

impl Ask {
    /// For the log: what, and not who or which.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::List { .. } => "list",
            Self::Revoke { .. } => "revoke one",
            Self::RevokeAccount { .. } => "revoke all of an account",
            Self::Create { .. } => "create",
        }
    }
}

/// An answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    Records(Vec<Shown>),
    Revoked(u64),
    Created(Box<Created>),
    Failed(String),
}

/// A token that has just been made.
#[derive(Serialize, Deserialize)]
pub(super) struct Created {
    pub(super) token: String,
    #[serde(flatten)]
    pub(super) record: Shown,
}

/// A record as it is shown: without what the secret is compared with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) id: TokenId,
    pub(super) kind: TokenKind,
    pub(super) account: String,
    pub(super) source: Option<String>,
    pub(super) service: Option<String>,
    pub(super) name: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) networks: Option<Vec<ipnet::IpNet>>,
    /// Times are seconds since the Unix epoch.
    pub(super) created: u64,
    pub(super) expires: Option<u64>,
    /// When it ends if it is not used again.
    pub(super) ends: Option<u64>,
    pub(super) last_used: Option<u64>,
    pub(super) last_client: Option<String>,
    pub(super) last_address: Option<IpAddr>,
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
            source: record.source,
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
pub(super) async fn answer(service: &TokenService, question: Ask) -> Reply {
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
        Ask::List { account, kind } => list(tokens, account, kind).await.map(Reply::Records),
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
) -> Result<Vec<Shown>, BackendError> {
    let mut query = TokenQuery::all();
    query.account = account;
    query.kind = kind;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = tokens.store().list(&query, after.as_ref(), 500).await?;
        found.extend(page.records.into_iter().map(Shown::from));
        after = page.next;
        if after.is_none() {
            found.sort_by(|a, b| (&a.account, a.created, &a.id).cmp(&(&b.account, b.created, &b.id)));
            return Ok(found);
        }
    }
}
