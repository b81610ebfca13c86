//! What docker_auth reads a request as, and how ours differs on purpose.
//!
//! [`docker_auth`] says again what docker_auth does, in the few lines that it takes, with a switch for each of its
//! defects that ours mends. With every switch off it must agree with the vectors; with every switch on, ours must agree
//! with it. A line on which the two differ is explained by the switches that change it.

use std::collections::BTreeSet;

use serde::Deserialize;
use token_auth_core::{RequestLimits, RequestParts, TokenRequest};

use super::reader::{Verdict, run};

#[test]
fn scope() {
    run("scope", |line: Line| judge(&line));
}

#[derive(Deserialize)]
struct Line {
    query: String,
    method: String,
    basic_user: Option<String>,
    body: Option<String>,
    result: Outcome,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
enum Outcome {
    Read {
        account: String,
        service: String,
        #[serde(default, deserialize_with = "or_none")]
        scopes: Vec<Scope>,
    },
    Refused {
        error: String,
    },
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Scope {
    #[serde(rename = "type")]
    resource_type: String,
    name: String,
    actions: BTreeSet<String>,
}

/// Go writes a list that was never made as null.
fn or_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Scope>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A defect of docker_auth that ours mends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mended {
    Methods,
    MalformedPairs,
    Duplicates,
    GrantTypes,
    TwoCredentials,
    EmptyScopes,
    WholeType,
    OneBadScope,
    SameScopeTwice,
}

const MENDED: [(Mended, &str); 9] = [
    (Mended::Methods, "methods other than GET and POST are refused"),
    (Mended::MalformedPairs, "a malformed pair is refused, not silently dropped"),
    (Mended::Duplicates, "a parameter given twice is refused, not silently dropped"),
    (Mended::GrantTypes, "a grant is refused that lacks the token it is made with, not taken for anonymous"),
    (Mended::TwoCredentials, "two credentials in one request are refused"),
    (Mended::EmptyScopes, "an empty scope or a double space between scopes asks for nothing"),
    (Mended::WholeType, "a resource type is read whole, not searched for (`Repository` is not `epository`)"),
    (Mended::OneBadScope, "one bad scope does not refuse the good ones"),
    (Mended::SameScopeTwice, "a resource named twice is answered once"),
];

fn judge(line: &Line) -> Verdict {
    let theirs = normal(line.result.clone());
    let ours = normal(ours(line));
    if ours == theirs {
        return Verdict::Agreed;
    }
    let emulated = normal(docker_auth(line, &[]));
    if emulated != theirs {
        return Verdict::Differed(format!("vector {theirs:?}\n  ours {ours:?}\n  emulation {emulated:?}"));
    }
    let all: Vec<Mended> = MENDED.iter().map(|(mended, _)| *mended).collect();
    let mended = normal(docker_auth(line, &all));
    if mended != ours {
        return Verdict::Differed(format!("vector {theirs:?}\n  ours {ours:?}\n  mended {mended:?}"));
    }
    // The first switch that, added to those before it, leads from theirs to something else.
    let mut switches = Vec::new();
    for (switch, reason) in MENDED {
        switches.push(switch);
        if normal(docker_auth(line, &switches)) != theirs {
            return Verdict::OnPurpose(reason);
        }
    }
    Verdict::Differed("no single reason".to_owned())
}

/// All refusals are alike: the texts differ.
fn normal(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Refused { .. } => Outcome::Refused { error: String::new() },
        read => read,
    }
}

fn refused() -> Outcome {
    Outcome::Refused { error: String::new() }
}

fn ours(line: &Line) -> Outcome {
    use base64::Engine as _;
    if line.method != "GET" && line.method != "POST" {
        return refused(); // The endpoint's 405.
    }
    let basic = line.basic_user.as_ref().map(|user| {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:secret")))
    });
    let parts = RequestParts {
        query: &line.query,
        authorization: basic.as_deref().map(str::as_bytes),
        form: (line.method == "POST").then(|| line.body.as_deref().unwrap_or_default().as_bytes()),
    };
    match TokenRequest::parse(parts, RequestLimits::default()) {
        Err(_) => refused(),
        Ok(request) => Outcome::Read {
            account: request.claimed_account().to_owned(),
            service: request.service.clone(),
            scopes: request
                .scopes
                .scopes()
                .iter()
                .map(|scope| Scope {
                    resource_type: scope.resource_type().to_owned(),
                    name: scope.name().to_owned(),
                    actions: scope.actions().iter().map(str::to_owned).collect(),
                })
                .collect(),
        },
    }
}

fn docker_auth(line: &Line, mended: &[Mended]) -> Outcome {
    let mends = |which| mended.contains(&which);
    if mends(Mended::Methods) && !matches!(line.method.as_str(), "GET" | "POST") {
        return refused();
    }
    let with_body = matches!(line.method.as_str(), "POST" | "PUT" | "PATCH");
    let body = line.body.as_deref().filter(|_| with_body).unwrap_or_default();
    let mut pairs = Vec::new();
    for pair in body.split('&').chain(line.query.split('&')).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let read = |bytes: Vec<u8>| match String::from_utf8(bytes) {
            Err(_) if mends(Mended::MalformedPairs) => None,
            Err(error) => Some(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            Ok(text) => Some(text),
        };
        match (unescape(key).and_then(read), unescape(value).and_then(read)) {
            (Some(key), Some(value)) if !pair.contains(';') => pairs.push((key, value)),
            _ if mends(Mended::MalformedPairs) => return refused(),
            _ => {}
        }
    }
    let value = |key: &str| pairs.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value);
    let other = |user: &String| {
        !value("username").is_empty() && (value("username") != user || !value("password").is_empty())
    };
    if mends(Mended::TwoCredentials) && line.basic_user.as_ref().is_some_and(other) {
        return refused();
    }
    const ONCE: [&str; 12] = [
        "account",
        "service",
        "client_id",
        "offline_token",
        "access_type",
        "grant_type",
        "username",
        "password",
        "refresh_token",
        "subject_token",
        "subject_token_type",
        "actor_token",
    ];
    let count = |name: &str| pairs.iter().filter(|(key, _)| key == name).count();
    if mends(Mended::Duplicates) && ONCE.iter().any(|name| count(name) > 1) {
        return refused();
    }
    let first = |name: &str| {
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    // The vectors hold no token.
    const WITH_TOKEN: [&str; 2] = ["refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"];
    if mends(Mended::GrantTypes) && WITH_TOKEN.contains(&first("grant_type").as_str()) {
        return refused();
    }
    let user = match &line.basic_user {
        Some(user) => user.clone(),
        None if line.method == "POST" && !first("username").is_empty() && !first("password").is_empty() => {
            first("username")
        }
        None => String::new(),
    };
    let account = match first("account") {
        account if account.is_empty() => user,
        account if line.basic_user.is_some() && account != user => return refused(),
        account => account,
    };
    match scopes(&pairs, mended) {
        None => refused(),
        Some(scopes) => Outcome::Read { account, service: first("service"), scopes },
    }
}

fn scopes(pairs: &[(String, String)], mended: &[Mended]) -> Option<Vec<Scope>> {
    let mends = |which| mended.contains(&which);
    let values: Vec<&str> =
        pairs.iter().filter(|(key, _)| key == "scope").map(|(_, value)| value.as_str()).collect();
    let mut scopes: Vec<Scope> = Vec::new();
    if values.first().is_none_or(|first| first.is_empty()) && !mends(Mended::EmptyScopes) {
        return Some(scopes);
    }
    let mut bad = false;
    for text in values.iter().flat_map(|value| value.split(' ')) {
        if text.is_empty() && mends(Mended::EmptyScopes) {
            continue;
        }
        match read_scope(text, mends(Mended::WholeType)) {
            None if mends(Mended::OneBadScope) => bad = true,
            None => return None,
            Some(scope) => {
                let same = |have: &&mut Scope| {
                    (&have.resource_type, &have.name) == (&scope.resource_type, &scope.name)
                };
                match scopes.iter_mut().find(same).filter(|_| mends(Mended::SameScopeTwice)) {
                    Some(have) => have.actions.extend(scope.actions),
                    None => scopes.push(scope),
                }
            }
        }
    }
    (!bad || !scopes.is_empty()).then_some(scopes)
}

fn read_scope(text: &str, whole_type: bool) -> Option<Scope> {
    let parts: Vec<&str> = text.split(':').collect();
    let (name, actions) = match parts.as_slice() {
        [_, name, actions] => ((*name).to_owned(), actions),
        [_, host, name, actions] => (format!("{host}:{name}"), actions),
        _ => return None,
    };
    let head = parts.first()?;
    let is_type = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let resource_type: String =
        head.chars().skip_while(|c| !is_type(*c)).take_while(|c| is_type(*c)).collect();
    let rest = head.strip_prefix(&*resource_type);
    let class = |rest: &str| {
        rest.strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
            .is_some_and(|class| !class.is_empty() && class.chars().all(is_type))
    };
    if resource_type.is_empty() || whole_type && !rest.is_some_and(|rest| rest.is_empty() || class(rest)) {
        return None;
    }
    Some(Scope { resource_type, name, actions: actions.split(',').map(str::to_owned).collect() })
}

/// Go's `url.QueryUnescape`.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok().filter(|digits| !digits.starts_with('+'))?;
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(bytes)
}
