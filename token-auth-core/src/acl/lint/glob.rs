//! Globs that mean something else than they seem to.

use super::{LintCode, Said, placeholder};
use crate::acl::{GoRegex, GoRegexLimits};
use crate::pattern::{check_glob, negates_like_a_shell};

/// What there is to say of a glob; `name` says whether it is for the name of a repository.
pub(super) fn examine(glob: &str, name: bool) -> Option<Said> {
    if let Err(error) = check_glob(glob)
        && !placeholder::any(glob)
    {
        let why = "the glob is malformed, and matches nothing".to_owned();
        return Some(Said::never(LintCode::MalformedGlob, why, error.to_string()));
    }
    let examined =
        half_an_expression(glob).or_else(|| expression_without_slashes(glob)).or_else(|| shell(glob));
    examined.or_else(|| double_star(glob)).or_else(|| prefix(glob).filter(|_| name))
}

/// `/.+` and `/^team/i`: a regular expression begins with a slash, and does not end with one.
fn half_an_expression(glob: &str) -> Option<Said> {
    let (code, why) = (LintCode::MissingSlash, "a glob, which never matches");
    if let Some(rest) = glob.strip_prefix('/') {
        if let Some((expression, flags)) = rest.rsplit_once('/')
            && !flags.is_empty()
            && flags.bytes().all(|flag| b"imsU".contains(&flag))
            && looks_like_one(expression)
        {
            let instead = format!("write {:?}", format!("/(?{flags}){expression}/"));
            return Some(Said::never(code, format!("flags stand behind the slash: this is {why}"), instead));
        }
        return looks_like_one(rest).then(|| {
            let instead = format!("write {:?}", format!("/{rest}/"));
            Said::never(code, format!("the closing slash is missing: this is {why}"), instead)
        });
    }
    let rest = glob.strip_suffix('/').filter(|rest| !rest.ends_with('\\') && looks_like_one(rest))?;
    let instead = format!("write {:?}", format!("/{rest}/"));
    Some(Said::never(code, format!("the opening slash is missing: this is {why}"), instead))
}

/// `^team/.*$`, `(team|ops)/.*`, `{a,b}/*`, `!x`.
fn expression_without_slashes(glob: &str) -> Option<Said> {
    let code = LintCode::NotAGlob;
    if let Some(rest) = glob.strip_prefix('!') {
        let why = "`!` at the beginning negates nothing: it is a character".to_owned();
        let instead = format!("put a rule for {rest:?} before this one, which leaves out the condition");
        return Some(Said::never(code, why, instead));
    }
    let plain = placeholder::replaced(glob, "x");
    if let Some((_, rest)) = plain.split_once('{')
        && rest.split_once('}').is_some_and(|(inside, _)| inside.contains(','))
    {
        let why = "braces list nothing in a glob: they are characters".to_owned();
        return Some(Said::never(code, why, "write a rule for each, or a regular expression".to_owned()));
    }
    looks_like_one(&plain).then(|| {
        let why =
            "this looks like a regular expression and is a glob, since it does not stand between slashes";
        let expression = slashes_escaped(glob);
        let instead = match GoRegex::read(&placeholder::replaced(&expression, "x"), GoRegexLimits::default())
        {
            Ok(_) => {
                let inner = expression.strip_prefix('^').unwrap_or(&expression);
                let inner = inner.strip_suffix('$').unwrap_or(inner);
                format!("write {:?}", format!("/^(?:{inner})$/"))
            }
            Err(_) => "put a regular expression between slashes".to_owned(),
        };
        Said::never(code, why.to_owned(), instead)
    })
}

/// Whether a text has what regular expressions have, and names do not.
fn looks_like_one(text: &str) -> bool {
    let text = placeholder::replaced(text, "x");
    text.starts_with('^')
        || text.ends_with('$')
        || [".*", ".+"].iter().any(|wild| text.starts_with(wild))
        || ["/.*", "/.+", "\\/", "\\.", "[^/]", "\\w", "\\d", "(", "|", ")"]
            .iter()
            .any(|part| text.contains(part))
}

fn slashes_escaped(glob: &str) -> String {
    glob.replace("\\/", "/").replace('/', "\\/")
}

fn shell(glob: &str) -> Option<Said> {
    negates_like_a_shell(glob).then(|| {
        let why = "`[!…]` is not what it is in a shell: `!` is one of the characters".to_owned();
        let instead = format!("write {:?} for every other character", glob.replace("[!", "[^"));
        Said::new(LintCode::ShellNegation, why, instead)
    })
}

fn double_star(glob: &str) -> Option<Said> {
    let before = before_double_star(glob)?;
    let single = single_stars(glob);
    let instead = match simple(before) {
        Some(before) => format!("write {single:?} for one level, {:?} for all below", below(&before)),
        None => format!("write {single:?} for one level, a regular expression for all below"),
    };
    Some(Said::new(
        LintCode::DoubleStar,
        "`**` is the same as `*` and does not match `/`".to_owned(),
        instead,
    ))
}

/// The glob with one star where there are several in a row.
fn single_stars(glob: &str) -> String {
    let (mut escaped, mut class) = (false, false);
    let mut single = String::with_capacity(glob.len());
    let mut star = false;
    for char in glob.chars() {
        let is_star = char == '*' && !escaped && !class;
        if !(is_star && star) {
            single.push(char);
        }
        star = is_star;
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            _ => {}
        }
    }
    single
}

/// What stands before `**`.
fn before_double_star(glob: &str) -> Option<&str> {
    let (mut escaped, mut class) = (false, false);
    for (at, char) in glob.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '*' if !class && glob.get(at..).is_some_and(|rest| rest.starts_with("**")) => {
                return glob.get(..at);
            }
            _ => {}
        }
    }
    None
}

/// A glob of a name that was probably meant as a prefix.
fn prefix(glob: &str) -> Option<Said> {
    let code = LintCode::PrefixEndsAtSlash;
    if glob == "*" {
        let instead = "remove the condition for every name, or write \"/^[^\\/]+$/\" for those without a `/`";
        let why = "`*` does not match `/`: no name with a `/` is meant".to_owned();
        return Some(Said::new(code, why, instead.to_owned()));
    }
    if let Some(rest) = glob.strip_prefix('/') {
        let why = "the `/` at the beginning keeps it from matching: no name begins so".to_owned();
        return Some(Said::never(code, why, format!("write {rest:?}")));
    }
    if let Some(before) = glob.strip_suffix('/') {
        let before = simple(before)?;
        let all = below(&format!("{before}/"));
        let instead = format!("write \"{before}/*\" for one level, {all:?} for all below");
        let why = "the `/` at the end keeps it from matching: no name ends so".to_owned();
        return Some(Said::never(code, why, instead));
    }
    let before = simple(glob.strip_suffix('*')?)?;
    let name = |char: char| char.is_alphanumeric() || char == '}';
    before.ends_with(name).then(|| {
        let instead = format!(
            "write \"{before}/*\" for what is below it, \"{before}-*\" for what is called so; \
             {:?} for every name that begins so",
            format!("/^{}/", escape(&before))
        );
        Said::new(code, "`*` ends at a `/`: nothing below it is matched".to_owned(), instead)
    })
}

/// The text, if it is free of wildcards.
fn simple(glob: &str) -> Option<String> {
    (!glob.contains(['*', '?', '[', '\\'])).then(|| glob.to_owned())
}

/// The expression for everything below a prefix.
fn below(prefix: &str) -> String {
    format!("/^{}.+$/", escape(prefix))
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        // A placeholder stays one.
        if rest.starts_with("${")
            && let Some((placeholder, after)) = rest.split_once('}')
        {
            escaped.push_str(placeholder);
            escaped.push('}');
            rest = after;
            continue;
        }
        if matches!(char, '.' | '+' | '(' | ')' | '|' | '{' | '}' | '^' | '$' | '/') {
            escaped.push('\\');
        }
        escaped.push(char);
        rest = rest.split_at(char.len_utf8()).1;
    }
    escaped
}
