//! The pages' texts, escaped where they are filled in.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const STYLE: &str = include_str!("../../../templates/sign-in/style.css");

/// What the pages may load and do: their own style sheet, known by its digest, an icon that is part of the page, and forms
/// that are sent back here.
pub(super) static CONTENT_POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// What every page has around it.
pub(super) struct Frame<'a> {
    pub(super) registry: &'a str,
    pub(super) base: &'a str,
    pub(super) user: Option<User<'a>>,
}

/// Who is signed in.
#[derive(Clone, Copy)]
pub(super) struct User<'a> {
    pub(super) account: &'a str,
    pub(super) csrf: &'a str,
}

impl Frame<'_> {
    /// With the line break at its end left out, as the digest is of what stands between the tags.
    fn style(&self) -> &'static str {
        STYLE
    }
}

#[derive(Template)]
#[template(path = "sign-in/sign_in.html")]
pub(super) struct SignInPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) signed_out: bool,
    pub(super) choices: Vec<Choice<'a>>,
}

/// A provider to sign in at.
pub(super) struct Choice<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) ready: bool,
}

#[derive(Template)]
#[template(path = "sign-in/account.html")]
pub(super) struct AccountPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) csrf: &'a str,
    pub(super) notice: Option<&'a str>,
    pub(super) problem: Option<&'a str>,
    pub(super) lifetimes: Vec<Lifetime>,
    pub(super) tokens: Vec<TokenLine>,
    /// Where the next page begins, sealed.
    pub(super) next: Option<String>,
}

/// How long a token may live.
pub(super) struct Lifetime {
    /// 0 for a token without an end.
    pub(super) days: u64,
    pub(super) text: String,
    pub(super) chosen: bool,
}

/// A token in the list.
pub(super) struct TokenLine {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) made: String,
    pub(super) expires: String,
    pub(super) last_use: String,
}

#[derive(Template)]
#[template(path = "sign-in/created.html")]
pub(super) struct CreatedPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) name: &'a str,
    pub(super) account: &'a str,
    pub(super) secret: &'a str,
    pub(super) expires: String,
    pub(super) commands: Vec<Command>,
    pub(super) scripts: Vec<Command>,
}

/// A command to copy.
pub(super) struct Command {
    pub(super) tool: &'static str,
    pub(super) id: String,
    pub(super) text: String,
}

#[derive(Template)]
#[template(path = "sign-in/problem.html")]
pub(super) struct ProblemPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    pub(super) request_id: &'a str,
}
