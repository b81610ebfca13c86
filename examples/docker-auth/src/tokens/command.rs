//! What can be asked of a store of tokens, and what comes of it.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use token_auth_backends::core::{
    NewPersonalToken, PageCursor, ScopePattern, StoredTokens, TokenId, TokenKind, TokenQuery, TokenRecord,
    TokenService, unix_seconds,
};

use super::Failure;

/// Records of a page.
const PAGE: usize = 500;

/// A question.
#[derive(Debug)]
pub enum Ask {
    /// Which tokens there are: a page of them.
    List {
        /// Of this account only.
        account: Option<String>,
        /// Of this kind only.
        kind: Option<TokenKind>,
        /// [`Page::next`] of the page before.
        after: Option<String>,
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
    Create(NewToken),
}

/// A personal access token that is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Whose it is.
    pub account: String,
    /// What it is for.
    pub name: String,
    /// Days until it expires; nothing: it does not, which must be said.
    #[serde(deserialize_with = "Option::deserialize")]
    pub days: Option<u32>,
    /// What it is good for; empty: all that the account may do.
    #[serde(default)]
    pub scopes: Vec<ScopePattern>,
    /// Where it is good from; empty: anywhere.
    #[serde(default)]
    pub networks: Vec<ipnet::IpNet>,
    /// The only service that it is good for; nothing: any.
    #[serde(default)]
    pub service: Option<String>,
}

impl Ask {
    /// What is asked, for the log.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::List { .. } => "list",
            Self::Revoke { .. } => "revoke one",
            Self::RevokeAccount { .. } => "revoke all of an account",
            Self::Create(_) => "create",
        }
    }

    /// Whose tokens it is about, if it names somebody.
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::List { account, .. } => account.as_deref(),
            Self::Revoke { .. } => None,
            Self::RevokeAccount { account, .. } | Self::Create(NewToken { account, .. }) => Some(account),
        }
    }

    /// The token that it is about, if it names one.
    pub(crate) fn token(&self) -> Option<&TokenId> {
        match self {
            Self::Revoke { id } => Some(id),
            _ => None,
        }
    }
}

/// An answer.
pub enum Reply {
    /// Some of the tokens.
    Page(Page),
    /// How many ended.
    Revoked(u64),
    /// The new token.
    Created(Box<Created>),
}

/// Some of the tokens that were asked for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page {
    /// Those that can be read.
    pub records: Vec<Shown>,
    /// Those of which only the id is known; they are good for nothing.
    pub unreadable: Vec<TokenId>,
    /// Where the next page begins; nothing after the last one.
    pub next: Option<String>,
}

impl Reply {
    /// What came of it, for the log: without the token.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Page(page) => format!("{} tokens", page.records.len()),
            Self::Revoked(count) => format!("{count} revoked"),
            Self::Created(_) => "created".to_owned(),
        }
    }

    /// The token that was made.
    pub(crate) fn token(&self) -> Option<&TokenId> {
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
        let ends = record.end().map(unix_seconds);
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
            created: unix_seconds(record.created),
            expires: record.expires.map(unix_seconds),
            ends,
            last_used: last_use.as_ref().map(|last| unix_seconds(last.time)),
            last_address: last_use.as_ref().and_then(|last| last.address),
            last_client: last_use.and_then(|last| last.client_id),
        }
    }
}

/// Answers a question.
///
/// # Errors
///
/// When what is asked cannot be done.
pub async fn answer(service: &TokenService, question: Ask) -> Result<Reply, Failure> {
    let Some(tokens) = service.stored_tokens() else { return Err(Failure::not_found("no tokens are kept")) };
    match question {
        Ask::List { account, kind, after } => {
            let mut query = TokenQuery::all();
            query.account = account;
            query.kind = kind;
            page(tokens, &query, after).await.map(Reply::Page)
        }
        Ask::Revoke { id } => match tokens.store().revoke(&id).await? {
            true => Ok(Reply::Revoked(1)),
            false => Err(Failure::not_found(format!("there is no token {id}"))),
        },
        Ask::RevokeAccount { account, kind } => match tokens.revoke_account(&account, kind).await? {
            0 => Err(Failure::not_found(format!(
                "nothing was revoked: there is no such token of the account {account:?}"
            ))),
            count => Ok(Reply::Revoked(count)),
        },
        Ask::Create(NewToken { account, name, days, scopes, networks, service: only }) => {
            let mut new = NewPersonalToken::new(account, name);
            new.lifetime = days.map(|days| Duration::from_secs(86_400 * u64::from(days)));
            new.scopes = Some(scopes).filter(|scopes| !scopes.is_empty());
            new.networks = Some(networks).filter(|networks| !networks.is_empty());
            new.service = only;
            let (token, record) = tokens.create(new, &**service.authenticator(), service.now()).await?;
            let token = token.expose().to_owned();
            Ok(Reply::Created(Box::new(Created { token, record: record.into() })))
        }
    }
}

async fn page(tokens: &StoredTokens, query: &TokenQuery, after: Option<String>) -> Result<Page, Failure> {
    let page = tokens.store().list(query, after.map(PageCursor::new).as_ref(), PAGE).await?;
    Ok(Page {
        records: page.records.into_iter().map(Shown::from).collect(),
        unreadable: page.unreadable,
        next: page.next.map(|cursor| cursor.as_str().to_owned()),
    })
}
