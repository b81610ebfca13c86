use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::{Finished, Program, Token, run};

/// Runs curl with these arguments, the address among them, and reads the answer.
///
/// # Panics
///
/// When there is no answer.
#[track_caller]
pub fn curl(arguments: &[&str]) -> Answer {
    let finished = try_curl(arguments).ok();
    Answer::parse(&finished.stdout)
}

fn try_curl(arguments: &[&str]) -> Finished {
    let mut command = Program::CURL.command();
    // `Expect: 100-continue` would put a second head before the answer.
    command.args(["--silent", "--show-error", "--include", "--max-time", "60", "--noproxy", "*"]);
    run(command.args(["--header", "Expect:"]).args(arguments), "")
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    head: String,
    /// Its content.
    pub body: String,
}

impl Answer {
    /// Reads it from its text.
    ///
    /// # Panics
    ///
    /// When it is not an HTTP answer.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not an answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.get(..3)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {head:?}"));
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A header, by its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The content as JSON.
    ///
    /// # Panics
    ///
    /// When it is something else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// The token in it.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn token(&self) -> Token {
        Token::parse(self.json()["token"].as_str().expect("a token"))
    }

    /// Asserts the status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Asserts that this is an error of this status, told in the form that registry clients read.
    #[track_caller]
    pub fn is_error(self, status: u16) -> Self {
        let this = self.is(status);
        assert_eq!(this.header("content-type"), Some("application/json"), "{this}");
        let body = this.json();
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no errors: {this}"));
        assert!(!errors.is_empty(), "{this}");
        for error in errors {
            let text = |key: &str| error[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(text("code") && text("message"), "{this}");
        }
        this
    }

    /// Asserts that this is a registry's refusal of a token that lacks this scope. Its actions come in any order.
    #[track_caller]
    pub fn asks_for(self, scope: &str) -> Self {
        let this = self.is(401);
        let challenge = this.header("www-authenticate").unwrap_or_default();
        assert!(challenge.contains("insufficient_scope"), "{challenge}");
        let asked = challenge.split("scope=\"").nth(1).and_then(|rest| rest.split('"').next());
        let asked: Vec<_> = asked.unwrap_or_default().split(' ').map(parts_of_scope).collect();
        assert!(asked.contains(&parts_of_scope(scope)), "{challenge}");
        this
    }
}

fn parts_of_scope(scope: &str) -> (&str, BTreeSet<&str>) {
    let (resource, actions) = scope.rsplit_once(':').unwrap_or((scope, ""));
    (resource, actions.split(',').collect())
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.head, self.body)
    }
}
