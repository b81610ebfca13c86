//! The block `ldap_auth`.

use std::collections::BTreeSet;

use crate::config::block::{Block, with_feature};
use crate::config::field::Field;
use crate::config::kind::{Key, Kind};
use crate::config::{SourceName, labels};

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY)
    .labels(supplied)
    .distinguished_labels(distinguished)
    .built("ldap", with_feature!("ldap", crate::config::ldap::HANDLING));

const KEY: Key = Key::new(
    "ldap_auth",
    Kind::OneOrMore(&Kind::Keys(&[SourceName::KEYS, SERVERS, BINDS, ACCOUNTS, BOUNDS])),
    "Accounts of an LDAP directory or Active Directory; or a list of several, which are asked in their order.",
);

const SERVERS: &[Key] = &[
    Key::new("addr", Kind::Text, "The server: `HOST:PORT`; 636 is the port of LDAPS.").usual().example("ldap.example.com:636"),
    Key::new(
        "servers",
        Kind::TEXTS,
        "Servers as `ldap://` and `ldaps://` URLs, asked in their order.",
    ).ours()
    .instead_of(&["addr"])
    .example("[\"ldaps://dc1.example.com\", \"ldaps://dc2.example.com\"]"),
    Key::new(
        "tls",
        Kind::Choice(&["none", "always", "starttls", ""]),
        "Whether and how the connection is encrypted: `always` from its beginning on, as on port 636 without this key.",
    )
    .example("always"),
    Key::new("insecure_tls_skip_verify", Kind::Flag, "Whether any certificate of the server will do: no protection at all.")
        .default("false"),
    Key::new("ca_certificate", Kind::TendedFile, "The authorities (PEM) that are trusted in place of the system's.")
        .example("/etc/docker-auth/ca.pem"),
    Key::new("client_certificate", Kind::TendedFile, "What this client shows to the servers (PEM).").ours()
        .beside(&["client_key"])
        .example("/etc/docker-auth/client.pem"),
    Key::new("client_key", Kind::TendedFile, "The key of that (PEM).").secret().beside(&["client_certificate"]).example("/etc/docker-auth/client.key"),
];

const BINDS: &[Key] = &[
    Key::new("bind_dn", Kind::Text, "Who searches; without it nobody in particular.").beside(&["bind_password_file"]).example("cn=registry,dc=example,dc=com"),
    Key::new("bind_password_file", Kind::TendedFile, "The file that holds the password of that.").secret().example("/run/secrets/ldap"),
    Key::new(
        "initial_bind_as_user",
        Kind::Flag,
        "Whether whoever logs in is bound first, by the name that `bind_dn` makes with `${account}`, and then searches.",
    )
    .default("false"),
    Key::new(
        "search_bind_dn",
        Kind::Text,
        "With `initial_bind_as_user`: who looks accounts up when their password is not at hand.",
    ).ours()
    .example("cn=registry,dc=example,dc=com"),
    Key::new("search_bind_password_file", Kind::TendedFile, "The file that holds the password of that.").secret().example("/run/secrets/ldap"),
];

const BASE: Key = Key::new("base", Kind::Text, "Where is searched.");
const FILTER: Key = Key::new("filter", Kind::Text, "What is searched for, with `${account}` in it.")
    .example("(uid=${account})");

const ACCOUNTS: &[Key] = &[
    BASE.required().example("ou=people,dc=example,dc=com"),
    FILTER.required(),
    Key::new(
        "users",
        Kind::List(&Kind::Keys(&[&[
            BASE.required().example("ou=robots,dc=example,dc=com"),
            FILTER.required(),
        ]])),
        "Further searches, for accounts that the first does not find.",
    )
    .ours(),
    Key::new(
        "account",
        Kind::Keys(&[&[
            Key::new(
                "attribute",
                Kind::Text,
                "The attribute of its name; by default the first that the filter searches by.",
            )
            .example("uid"),
            Key::new(
                "lower_case",
                Kind::Flag,
                "Whether its name is in lower case, whatever the directory has.",
            )
            .default("true"),
        ]]),
        "What an account is called, whatever its user logs in with.",
    )
    .ours(),
    Key::new(
        "labels",
        Kind::Each(
            "title",
            &Kind::Keys(&[
                &[
                    Key::new("attribute", Kind::Text, "The attribute of its values.")
                        .required()
                        .example("title"),
                    Key::new(
                        "parse_cn",
                        Kind::Flag,
                        "Whether the first CN of a distinguished name is taken out.",
                    )
                    .default("false"),
                ],
                VALUES_IN_LOWER_CASE,
                PATTERN,
            ]),
        ),
        "For each label the attribute that its values come from.",
    ),
    Key::new(
        "groups",
        Kind::List(&Kind::Keys(&[GROUPS, VALUES_IN_LOWER_CASE, PATTERN])),
        "Searches for the groups of an account.",
    )
    .ours(),
    Key::new(
        "check_account_status",
        Kind::Flag,
        "Whether accounts that are disabled, locked or expired are refused.",
    )
    .default("true"),
    Key::new(
        "hide_unknown_accounts",
        Kind::Flag,
        "Whether an unknown name costs a bind, as a known one does.",
    )
    .default("true"),
];

const PATTERN: &[Key] = &[
    Key::new("pattern", Kind::Text, "A regular expression: only values that match count.")
        .example("\"^registry-(.+)$\""),
    Key::new("value", Kind::Text, "What the label has instead, with `${1}` for what was captured.")
        .beside(&["pattern"])
        .example("${1}"),
];

const VALUES_IN_LOWER_CASE: &[Key] =
    &[Key::new("lower_case", Kind::Flag, "Whether the values are in lower case.").default("false")];

const GROUPS: &[Key] = &[
    BASE.required().example("ou=groups,dc=example,dc=com"),
    Key::new(
        "filter",
        Kind::Text,
        "What is searched for, with `${dn}`, `${account}` or `${user:ATTRIBUTE}` in it.",
    )
    .required()
    .example("(&(objectClass=groupOfNames)(member=${dn}))"),
    Key::new("name", Kind::Text, "The attribute of a group's name.").default("cn"),
    Key::new("nested", Kind::Flag, "Whether the groups that these groups are in count, too.")
        .default("false")
        .example("true"),
    Key::new("nested_filter", Kind::Text, "How those are found, if not by `filter`; with `${dn}` in it.")
        .beside(&["nested"])
        .example("(member=${dn})"),
    Key::new("primary_group", Kind::Flag, "Whether Active Directory's primary group counts, too.")
        .default("false"),
    Key::new("label", Kind::Text, "The label that has the names of all groups.").usual().example("groups"),
    Key::new(
        "labels",
        Kind::Each("team", &Kind::Keys(&[VALUES_IN_LOWER_CASE, PATTERN])),
        "Labels that have some of the names, or parts of them.",
    )
    .example("{team: {pattern: \"^registry-(.+)$\"}}"),
];

const BYTES: Kind = Kind::Integer { smallest: 1024, largest: u32::MAX as i64 };

const BOUNDS: &[Key] = &[
    Key::new(
        "timeouts",
        Kind::Keys(&[&[
            Key::new("connect", Kind::TIME, "To connect, TLS included.").default("2s"),
            Key::new("bind", Kind::TIME, "For a bind.").default("3s"),
            Key::new("search", Kind::TIME, "For a search.").default("3s"),
            Key::new("total", Kind::TIME, "For a login as a whole.").default("4.5s"),
            Key::new("retry", Kind::TIME, "How long a server that failed is not asked, doubled each time.")
                .default("1s"),
            Key::new("max_retry", Kind::TIME, "What that is doubled up to.").default("30s"),
        ]]),
        "How long things may take.",
    )
    .ours(),
    Key::new(
        "pool",
        Kind::Keys(&[&[
            Key::new(
                "connections",
                Kind::COUNT,
                "How many connections search, and as many again check passwords.",
            )
            .default("8"),
            Key::new("queue", Kind::COUNT, "How many logins may be under way or wait.").default("1024"),
            Key::new("idle", Kind::TIME, "How long an unused connection is kept.").default("1m"),
            Key::new("lifetime", Kind::TIME, "How long any connection is kept.").default("10m"),
        ]]),
        "The connections.",
    )
    .ours(),
    Key::new(
        "limits",
        Kind::Keys(&[&[
            Key::new("account_bytes", Kind::COUNT, "Bytes of a name; a longer one is nobody's.")
                .default("256"),
            Key::new("password_bytes", Kind::COUNT, "Bytes of a password; a longer one is nobody's.")
                .default("1024"),
            Key::new("groups", Kind::COUNT, "How many groups an account may be in.").default("1000"),
            Key::new("nesting", Kind::COUNT, "How many levels of groups in groups are followed.")
                .default("10"),
            Key::new("message_bytes", BYTES, "Bytes of one message of a server, such as one entry.")
                .default("1048576"),
            Key::new("answer_bytes", BYTES, "Bytes of a whole answer, such as all entries of a search.")
                .default("8388608"),
        ]]),
        "How much a login may cost.",
    )
    .ours(),
    Key::new(
        "cache_ttl",
        Kind::TIME_OR_ZERO,
        "How long a login is good for the next one, without asking the directory.",
    )
    .default("0"),
    Key::new("grace", Kind::TIME_OR_ZERO, "How long it is good while the directory is away.").default("0"),
    Key::new(
        "owned_ttl",
        Kind::TIME_OR_ZERO,
        "How long it is remembered whether the directory has an account, for the logins of other sources.",
    )
    .ours()
    .default("30s"),
    Key::new("remembered_logins", Kind::COUNT_OR_ZERO, "How many logins are remembered for either.")
        .default("10000"),
];

fn supplied(field: &Field<'_>) -> labels::Supplied {
    let mut supplied = BTreeSet::new();
    for directory in field.elements() {
        let groups = directory.child("groups").map(|groups| groups.elements()).unwrap_or_default();
        for place in groups.iter().chain([&directory]) {
            let labels = place.child("labels");
            supplied.extend(labels.iter().flat_map(Field::children).map(|(label, _)| label.to_owned()));
            let label = place.child("label");
            supplied.extend(label.and_then(|label| label.scalar_text()).map(str::to_owned));
        }
    }
    Some(supplied)
}

/// Those of `memberOf` and its like, unless something makes names of their values.
fn distinguished(field: &Field<'_>) -> BTreeSet<String> {
    const ATTRIBUTES: [&str; 5] = ["memberof", "member", "uniquemember", "manager", "distinguishedname"];
    let labels = field.elements().into_iter().filter_map(|directory| directory.child("labels"));
    let labels = labels.flat_map(|labels| labels.children());
    let is_distinguished = |label: &Field<'_>| {
        let text = |key| label.child(key)?.scalar_text().map(str::to_ascii_lowercase);
        let is_name = text("attribute").is_some_and(|attribute| ATTRIBUTES.contains(&&*attribute));
        let is_made = label.child("pattern").is_some()
            || text("parse_cn").is_some_and(|flag| ["true", "yes", "on", "y"].contains(&&*flag));
        is_name && !is_made
    };
    labels.filter(|(_, label)| is_distinguished(label)).map(|(name, _)| name.to_owned()).collect()
}
