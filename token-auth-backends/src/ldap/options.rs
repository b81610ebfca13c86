//! How a directory is asked.

use std::path::PathBuf;
use std::time::Duration;

use super::{BindTemplate, Filter, LabelRule, LdapServer};

/// Which directory, and how it is asked.
///
/// ```
/// use token_auth_backends::ldap::{GroupSearch, LdapOptions, ServiceAccount, UserSearch};
///
/// let users = UserSearch::new("ou=people,dc=example,dc=com", "(uid=${account})".parse()?);
/// let mut options = LdapOptions::new(["ldaps://ldap.example.com".parse()?], users);
/// options.service = Some(ServiceAccount::new("cn=registry,dc=example,dc=com", "/run/secrets/ldap"));
/// let groups = GroupSearch::new("ou=groups,dc=example,dc=com", "(member=${dn})".parse()?);
/// options.groups.push(groups.with_label("groups"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LdapOptions {
    /// The servers, the preferred one first. The others are asked while it is away.
    pub servers: Vec<LdapServer>,
    /// How the servers' certificates are checked.
    pub tls: LdapTls,
    /// Who searches. Without it the searches are anonymous.
    pub service: Option<ServiceAccount>,
    /// Where accounts are looked for. The first search that finds an entry decides.
    pub users: Vec<UserSearch>,
    /// Bind as the user before anything is searched, which is then done with the user's own rights. Without a
    /// [`service`](Self::service) account such identities cannot be revalidated.
    pub bind_as_user: Option<BindTemplate>,
    /// What an account is called.
    pub account: AccountName,
    /// Labels from attributes of the user's entry.
    pub labels: Vec<AttributeLabel>,
    /// Labels from groups that name the user.
    pub groups: Vec<GroupSearch>,
    /// Whether disabled, locked and expired accounts are refused by what their entry says, beside what the directory
    /// itself refuses. Default: true.
    pub check_status: bool,
    /// Whether a name that is not found costs a bind, too, so that the time of an answer does not tell who exists.
    /// Default: true.
    pub hide_unknown: bool,
    /// How long things may take.
    pub timeouts: LdapTimeouts,
    /// How many connections there are, and how long they live.
    pub pool: LdapPool,
    /// How much a request may cost.
    pub limits: LdapLimits,
    /// What is remembered of earlier logins.
    pub memory: LdapMemory,
}

impl LdapOptions {
    /// These servers and this search, with the defaults for the rest.
    pub fn new(servers: impl IntoIterator<Item = LdapServer>, users: UserSearch) -> Self {
        Self {
            servers: servers.into_iter().collect(),
            tls: LdapTls::default(),
            service: None,
            users: vec![users],
            bind_as_user: None,
            account: AccountName::default(),
            labels: Vec::new(),
            groups: Vec::new(),
            check_status: true,
            hide_unknown: true,
            timeouts: LdapTimeouts::default(),
            pool: LdapPool::default(),
            limits: LdapLimits::default(),
            memory: LdapMemory::default(),
        }
    }
}

/// How the servers' certificates are checked. The files are read again when they change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LdapTls {
    /// The authorities that are trusted, as PEM; the system's if unset.
    pub ca_file: Option<PathBuf>,
    /// A certificate of this client and its key, as PEM.
    pub client: Option<(PathBuf, PathBuf)>,
    /// Danger: accept any certificate. Whoever is on the way reads every password.
    pub dangerous_skip_verify: bool,
}

/// The account that searches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceAccount {
    /// Its distinguished name; for Active Directory also `NAME@DOMAIN`.
    pub name: String,
    /// The file that holds its password. Read for every new connection; white space around the password does not count.
    pub password_file: PathBuf,
}

impl ServiceAccount {
    /// A name, and the file with its password.
    pub fn new(name: impl Into<String>, password_file: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), password_file: password_file.into() }
    }
}

/// Where accounts are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserSearch {
    /// The entry below which they are.
    pub base: String,
    /// What the entry of `${account}` looks like. Of several such entries the one counts whose account is called so; if there is
    /// not one alone, nobody is let in.
    pub filter: Filter,
}

impl UserSearch {
    /// A base and a filter.
    pub fn new(base: impl Into<String>, filter: Filter) -> Self {
        Self { base: base.into(), filter }
    }
}

/// What an account is called: not as the client wrote it but as the directory has it, so that `Alice` and `alice` are one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountName {
    /// The attribute that has the name, whatever the client logged in with. Unset: the first attribute in which the filter looks
    /// for the account.
    pub attribute: Option<String>,
    /// Whether it is put in lower case, as repositories are, and as rules are mostly written: a rule that denies `alice` would
    /// not apply to `Alice`. Default: true.
    pub lower_case: bool,
}

impl Default for AccountName {
    fn default() -> Self {
        Self { attribute: None, lower_case: true }
    }
}

/// A label whose values are those of an attribute of the user's entry.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttributeLabel {
    /// The attribute; `dn` is the name of the entry.
    pub attribute: String,
    /// Whether a value that is a distinguished name is replaced by its first common name.
    pub parse_cn: bool,
    /// What becomes of the values.
    pub rule: LabelRule,
}

impl AttributeLabel {
    /// All values of the attribute, as they are.
    pub fn new(label: impl Into<String>, attribute: impl Into<String>) -> Self {
        Self { attribute: attribute.into(), parse_cn: false, rule: LabelRule::new(label) }
    }
}

/// A search for the groups of a user.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GroupSearch {
    /// The entry below which groups are.
    pub base: String,
    /// What a group of the user looks like: `(member=${dn})`, `(memberUid=${user:uid})`, and for Active Directory with its
    /// nested groups `(member:1.2.840.113556.1.4.1941:=${dn})`.
    pub filter: Filter,
    /// The attribute that has the name of a group; `dn` is the name of the entry. Default `cn`.
    pub name_attribute: String,
    /// Groups that these groups are members of count, too, and are looked for with this filter, in which `${dn}` is the
    /// inner group.
    pub nested: Option<Filter>,
    /// Whether the primary group of Active Directory counts, which is no member relation there.
    pub primary_group: bool,
    /// What becomes of the names.
    pub labels: Vec<LabelRule>,
}

impl GroupSearch {
    /// A base and a filter; without labels until one is added.
    pub fn new(base: impl Into<String>, filter: Filter) -> Self {
        Self {
            base: base.into(),
            filter,
            name_attribute: "cn".to_owned(),
            nested: None,
            primary_group: false,
            labels: Vec::new(),
        }
    }

    /// Adds a label that has all names.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.labels.push(LabelRule::new(label));
        self
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LdapTimeouts {
    /// To connect, TLS included. Default 2 s.
    pub connect: Duration,
    /// For a bind. Default 3 s.
    pub bind: Duration,
    /// For a search. Default 3 s.
    pub search: Duration,
    /// For a login as a whole, whatever it takes. Default 4.5 s.
    pub total: Duration,
    /// How long a server that failed is not asked, if another one is there; doubled each time. Default 1 s.
    pub retry: Duration,
    /// What that is doubled up to. Default 30 s.
    pub max_retry: Duration,
}

impl Default for LdapTimeouts {
    fn default() -> Self {
        let [connect, bind, search, retry, max_retry] = [2, 3, 3, 1, 30].map(Duration::from_secs);
        Self { connect, bind, search, total: Duration::from_millis(4500), retry, max_retry }
    }
}

/// How many connections there are, and how long they live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LdapPool {
    /// How many connections search, and as many again check passwords. Default 8.
    pub connections: usize,
    /// How many logins may be under way or wait for a connection; beyond that one fails at once. Default 1024.
    pub queue: usize,
    /// How long an unused connection is kept. Default 60 s.
    pub idle: Duration,
    /// How long any connection is kept. Default 10 minutes.
    pub lifetime: Duration,
}

impl Default for LdapPool {
    fn default() -> Self {
        Self {
            connections: 8,
            queue: 1024,
            idle: Duration::from_secs(60),
            lifetime: Duration::from_secs(10 * 60),
        }
    }
}

/// How much a request may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LdapLimits {
    /// Bytes of a name that a client logs in with; a longer one is nobody's. Default 256.
    pub account_bytes: usize,
    /// Bytes of a password; a longer one is nobody's. Default 1024.
    pub password_bytes: usize,
    /// How many groups an account may be in. More are an error. Default 1000.
    pub groups: usize,
    /// How many levels of nested groups are followed. More are an error. Default 10.
    pub nesting: usize,
    /// Bytes of one message of a server, such as one entry. What is longer is an error, before it is read. Default 1 MiB.
    pub message_bytes: usize,
    /// Bytes of a whole answer, such as all entries that a search finds. More are an error. Default 8 MiB.
    pub answer_bytes: usize,
}

impl Default for LdapLimits {
    fn default() -> Self {
        Self {
            account_bytes: 256,
            password_bytes: 1024,
            groups: 1000,
            nesting: 10,
            message_bytes: 1 << 20,
            answer_bytes: 8 << 20,
        }
    }
}

/// What is remembered of earlier logins: never a password, but an HMAC of it under a random key of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LdapMemory {
    /// How long a login that succeeded is good for the next one with the same name and password, without asking the
    /// directory. Default: zero, not at all.
    pub cache: Duration,
    /// How long it is while the directory is away: no server can be reached, or none answers. Neither the time that a login waits
    /// for its turn nor a refused searching account is such a case; and a password that the directory has refused, or an account
    /// that it has called locked, is no longer remembered. Default: zero, not at all.
    pub grace: Duration,
    /// How long it is remembered whether the directory has an account, for other sources' logins. Default 30 s.
    pub owned: Duration,
    /// How many logins are remembered, and as many answers whether there is an account. Default 10,000.
    pub entries: usize,
}

impl Default for LdapMemory {
    fn default() -> Self {
        Self { cache: Duration::ZERO, grace: Duration::ZERO, owned: Duration::from_secs(30), entries: 10_000 }
    }
}
