use token_auth_core::acl::{Acl, AclLimits, GoRegex, GoRegexLimits, Match, Rule, glob_matches};
use token_auth_core::{AccessRequest, ActionSet};

/// The first line is a glob and an expression, the rest a text: both engines answer, and a rule with the pattern decides
/// as they do.
pub fn patterns(data: &[u8]) {
    let Ok(input) = std::str::from_utf8(data) else { return };
    let (pattern, text) = input.split_once('\n').unwrap_or((input, ""));
    let limits = GoRegexLimits { size: 1 << 20, ..GoRegexLimits::default() };
    let glob = glob_matches(pattern, text);
    assert_eq!(glob.is_err(), glob_matches(pattern, "").is_err(), "what is malformed depends on the text");
    let regex = GoRegex::with_limits(pattern, limits);
    if let Ok(regex) = &regex {
        assert_eq!(regex.is_match(text), regex.group(text, 0).is_some());
        assert!(regex.group(text, 0).is_none_or(|all| text.contains(all)));
    }
    if pattern.contains("${") {
        return;
    }
    let decides = |name: &str| {
        let limits = AclLimits { regex: limits, ..AclLimits::default() };
        let rule = Rule::new(Match::any().name(name), ["*"]);
        let actions = ActionSet::new();
        let acl = Acl::builder().limits(limits).build([rule]).ok()?;
        Some(acl.decide(&AccessRequest::new("", "", text, &actions)).is_some())
    };
    let enclosed = pattern.len() > 2 && pattern.starts_with('/') && pattern.ends_with('/');
    if !enclosed {
        assert_eq!(decides(pattern), glob.ok());
    }
    if !pattern.is_empty() {
        assert_eq!(decides(&format!("/{pattern}/")), regex.ok().map(|regex| regex.is_match(text)));
    }
}
