//! What models and policies say, and which of them are refused.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use token_auth_core::{AccessRequest, ActionSet, Authorizer as _, Authz, LabelValue, Labels};

use super::{Casbin, CasbinOptions};

/// Of the shape that docker_auth shows: whoever is `root` may do everything, others what a line for them or their role says.
const MODEL: &str = r#"
# comment
[request_definition]
r = account, type, name, service, ip, action, labels

[policy_definition]
p = account, type, name, service, ip, action, labels

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.account == "root" || (g(r.account, p.account) && r.type == p.type && r.name == p.name && \
    r.service == p.service && ipMatch(r.ip, p.ip) && r.action == p.action && labelMatch(r.labels, p.labels))
"#;

const POLICY: &str = r#"
p, ann, repository, team/app, hub, 192.0.2.4, pull, "{""group"":[""dev""]}"
p, ann, repository, team/app, hub, 192.0.2.4, push, "{""group"":[""dev""]}"
p, readers, repository, team/lib, hub, 198.51.100.0/24, pull, "{""group"":[""dev"",""ops""]}"

g, ben, readers
"#;

struct Place(TempDir);

impl Place {
    fn with(model: &str, policy: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::write(place.at("model.conf"), model).unwrap();
        fs::write(place.at("policy.csv"), policy).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn options(&self) -> CasbinOptions {
        let mut options = CasbinOptions::new(self.at("model.conf"), self.at("policy.csv"));
        options.check_interval = Duration::ZERO;
        options
    }

    fn open(&self) -> Result<Casbin, String> {
        Casbin::open(self.options()).map_err(|error| error.to_string())
    }
}

#[derive(Clone, Copy)]
struct Ask<'a> {
    account: &'a str,
    resource_type: &'a str,
    name: &'a str,
    service: &'a str,
    ip: &'a str,
    labels: &'a [(&'a str, &'a [&'a str])],
}

const ANN: Ask<'_> = Ask {
    account: "ann",
    resource_type: "repository",
    name: "team/app",
    service: "hub",
    ip: "192.0.2.4",
    labels: &[("group", &["dev"])],
};
const BEN: Ask<'_> = Ask {
    account: "ben",
    name: "team/lib",
    ip: "198.51.100.77",
    labels: &[("group", &["dev", "ops"]), ("floor", &["2"])],
    ..ANN
};

async fn granted(rules: &Casbin, ask: Ask<'_>, actions: &[&str]) -> String {
    let actions: ActionSet = actions.iter().copied().collect();
    let mut labels = Labels::new();
    for (label, values) in ask.labels {
        for value in *values {
            labels.insert(*label, LabelValue::literal(*value));
        }
    }
    let request = AccessRequest::new(ask.account, ask.resource_type, ask.name, &actions)
        .with_service(ask.service)
        .with_address(ask.ip.parse::<IpAddr>().ok())
        .with_labels(&labels);
    match rules.authorize(&request).await {
        Ok(Authz::Grant(grant)) => grant.actions.to_string(),
        Ok(Authz::Abstain) => "abstains".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn decides_as_docker_auth_does() {
    let rules = Place::with(MODEL, POLICY).open().unwrap();
    let root = Ask { account: "root", name: "x", resource_type: "y", service: "", ip: "", labels: &[] };
    for (ask, expected) in [
        (ANN, "pull,push"),
        (Ask { ip: "192.0.2.3", ..ANN }, ""),
        (Ask { ip: "::ffff:192.0.2.4", ..ANN }, "pull,push"),
        (Ask { ip: "", ..ANN }, ""),
        (Ask { name: "team/lib", ..ANN }, ""),
        (Ask { resource_type: "registry", ..ANN }, ""),
        (Ask { service: "other", ..ANN }, ""),
        (Ask { labels: &[("group", &["ops"])], ..ANN }, ""),
        (Ask { labels: &[], ..ANN }, ""),
        (Ask { labels: &[("group", &["ops", "dev"])], ..ANN }, "pull,push"),
        (Ask { account: "\" || \"\" == \"", ..ANN }, ""),
        (Ask { account: "p_account", ..ANN }, ""),
        (Ask { account: "Ann", ..ANN }, ""),
        (Ask { account: "", ..ANN }, ""),
        (BEN, "pull"),
        (Ask { labels: &[("group", &["dev"])], ..BEN }, ""),
        (Ask { ip: "198.51.101.77", ..BEN }, ""),
        (Ask { account: "readers", ..BEN }, "pull"),
        (root, "delete,pull,push"),
    ] {
        assert_eq!(
            granted(&rules, ask, &["push", "pull", "delete"]).await,
            expected,
            "{} {}",
            ask.account,
            ask.ip
        );
    }
}

/// A model whose policy is (account, name, eft), with this matcher and this effect.
fn model(effect: &str, matcher: &str) -> String {
    format!(
        "[request_definition]\nr = sub, kind, obj, svc, from, act, tags\n[policy_definition]\np = sub, obj, eft\n\
         [role_definition]\ng = _, _\n[policy_effect]\ne = {effect}\n[matchers]\nm = {matcher}\n"
    )
}

#[tokio::test]
async fn functions_match_as_those_of_go() {
    for (function, pattern, name, expected) in [
        ("keyMatch", "team/*", "team/app", true),
        ("keyMatch", "team/*", "team/", true),
        ("keyMatch", "team/*x", "team/app", true),
        ("keyMatch", "team", "team/app", false),
        ("keyMatch", "t\u{e9}*", "t\u{e9}am", true),
        ("keyMatch", "t\u{e9}*", "t", false),
        ("keyMatch2", "team/*", "team/a/b", true),
        ("keyMatch2", "/team/:x/y", "/team/a/y", true),
        ("keyMatch2", "/team/:x/y", "/team/a/b/y", false),
        ("keyMatch2", "/team/:", "/team/:", true),
        ("keyMatch2", "a.c", "abc", true),
        ("keyMatch3", "/team/{x}/y", "/team/a/y", true),
        ("keyMatch3", "/team/{x}_{y}", "/team/a", true),
        ("keyMatch5", "/team/{x}", "/team/a?b=/c", true),
        ("regexMatch", "^team/[a-z]+$", "team/app", true),
        ("regexMatch", "eam", "team", true),
        ("regexMatch", r"\Qa.b\E", "axb", false),
        ("globMatch", "team/*", "team/app", true),
        ("globMatch", "team/*", "team/app/x", false),
    ] {
        let matcher = format!("r.sub == p.sub && {function}(r.obj, p.obj)");
        let policy = format!("p, ann, {pattern}, allow");
        let rules = Place::with(&model("some(where (p.eft == allow))", &matcher), &policy).open().unwrap();
        let expected = if expected { "pull" } else { "" };
        assert_eq!(
            granted(&rules, Ask { name, ..ANN }, &["pull"]).await,
            expected,
            "{function} {pattern} {name}"
        );
    }
}

#[tokio::test]
async fn effects_and_operators_are_those_of_go() {
    let policy = "p, ann, a, allow\np, ann, b, deny\np, ann, b, allow\np, ann, c, allow\np, ann, c, deny\np, all, d, deny\ng, ann, all\n";
    let plain = "g(r.sub, p.sub) && r.obj == p.obj";
    for (effect, matcher, on) in [
        ("some(where (p.eft == allow))", plain, "a b c"),
        ("some(where(p.eft == allow)) && !some(where (p.eft == deny))", plain, "a"),
        ("!some(where (p.eft == deny))", plain, "a e"),
        ("priority(p.eft) || deny", plain, "a c"),
        ("some(where (p.eft == allow))", "r.obj in ('a', \"c\") && r.obj == p.obj", "a c"),
        ("some(where (p.eft == allow))", "r.obj == p.obj && !(r.obj == 'a')", "b c"),
        ("some(where (p.eft == allow))", "r.obj == p.obj && r.obj != 'a' || r.obj == 'e'", "b c e"),
        ("some(where (p.eft == allow))", "!keyMatch(r.obj, 'a*') && r.obj == p.obj", "b c"),
    ] {
        let rules = Place::with(&model(effect, matcher), policy).open().unwrap();
        let mut found = Vec::new();
        for name in ["a", "b", "c", "d", "e"] {
            if granted(&rules, Ask { name, ..ANN }, &["pull"]).await == "pull" {
                found.push(name);
            }
        }
        assert_eq!(found.join(" "), on, "{effect} {matcher}");
    }
}

#[tokio::test]
async fn roles_count_ten_levels_deep_and_in_their_domain() {
    let chain: String = (0..12).map(|level| format!("g, r{level}, r{}\n", level + 1)).collect();
    let model = model("some(where (p.eft == allow))", "g(r.sub, p.sub) && r.obj == p.obj");
    for (level, expected) in [(1, "pull"), (10, "pull"), (11, ""), (12, "")] {
        let policy = format!("{chain}p, r{level}, team/app, allow\n");
        let rules = Place::with(&model, &policy).open().unwrap();
        assert_eq!(granted(&rules, Ask { account: "r0", ..ANN }, &["pull"]).await, expected, "{level}");
    }
    // A circle is no role of everyone's.
    let rules = Place::with(&model, "g, a, b\ng, b, a\np, c, team/app, allow\n").open().unwrap();
    assert_eq!(granted(&rules, Ask { account: "a", ..ANN }, &["pull"]).await, "");

    let model = model.replace("g = _, _", "g = _, _, _").replace("g(r.sub, p.sub)", "g(r.sub, p.sub, r.svc)");
    let rules = Place::with(&model, "g, ann, admins, hub\np, admins, team/app, allow\n").open().unwrap();
    assert_eq!(granted(&rules, ANN, &["pull"]).await, "pull");
    assert_eq!(granted(&rules, Ask { service: "other", ..ANN }, &["pull"]).await, "");
}

#[test]
fn what_does_not_mean_the_same_everywhere_is_refused() {
    let allow = "some(where (p.eft == allow))";
    let line = "p, ann, team/app, allow\n";
    for (matcher, said) in [
        ("r.sub == p.sub && eval(p.obj)", r#""eval" is not supported"#),
        ("keyGet(r.obj, p.obj) == 'x'", r#""keyGet" is not supported"#),
        ("keyMatch4(r.obj, p.obj)", r#""keyMatch4" is not supported"#),
        ("r.sub.name == p.sub", r#"stands alone"#),
        ("r.sub > p.sub", "'>' is not supported"),
        ("r.sub =~ p.sub", "'=' is not supported"),
        ("r.sub == p.sub ? 1 : 0", "'?' is not supported"),
        ("r.sub + p.sub == 'x'", "'+' is not supported"),
        ("1 == 1", "'1' is not supported"),
        ("true", r#""true" is not supported"#),
        ("r.sub", "stands alone"),
        ("!r.sub == p.sub", "`!` is for brackets"),
        ("r.sub == p.sub == r.obj", "does not belong here"),
        ("r.sub == 'a\\n'", "backslash"),
        ("r.sub == \"it's\"", "quotation mark"),
        ("r.sub == 'unclosed", "no closing quotation mark"),
        ("r.sub == 'see r.x'", "read as a part"),
        ("r.sub == p.nothing", "`p.nothing` is not defined"),
        ("r.sub in ('a')", "two texts at least"),
        ("r.sub in (p.sub, 'a')", "texts alone"),
        ("r.tags == 'x'", "only be asked for with labelMatch"),
        ("labelMatch(r.sub, p.obj)", "labelMatch takes"),
        ("labelMatch(p.obj, r.tags)", "is no pattern"),
        ("keyMatch(p.obj, r.obj)", "a request is no pattern"),
        ("ipMatch(r.sub, p.obj)", "ipMatch takes"),
        ("keyMatch(r.obj)", "takes a text and a pattern"),
        ("g(r.sub)", "g takes 2 texts"),
        ("g2(r.sub, p.sub)", r#""g2" is not supported"#),
        ("(r.sub == p.sub", r#"")" is missing"#),
        ("r.sub == p.sub &&", "ends too early"),
        ("regexMatch(r.obj, '(')", "in the matcher: regexMatch"),
        (&format!("{}r.sub == p.sub{}", "(".repeat(40), ")".repeat(40)), "deep within each other"),
        ("regexMatch(r.obj, p.obj) && ipMatch(r.from, p.sub)", "policy.csv:1: ipMatch"),
        ("labelMatch(r.tags, p.obj)", "policy.csv:1: labelMatch"),
    ] {
        let error = Place::with(&model(allow, matcher), line).open().unwrap_err();
        assert!(error.contains(said), "{matcher}: {error}");
    }
    let good = model(allow, "g(r.sub, p.sub) && r.obj == p.obj");
    for (from, to, said) in [
        ("some(where (p.eft == allow))", "subjectPriority(p.eft) || deny", "model.conf:8: not an effect"),
        (
            "r = sub, kind, obj, svc, from, act, tags",
            "r = sub, obj, act",
            "model.conf:2: a request consists of",
        ),
        ("p = sub, obj, eft", "p = sub, obj, eft, priority", "model.conf:4: a column `priority`"),
        ("p = sub, obj, eft", "p = sub, obj, obj", "each of them once"),
        ("p = sub, obj, eft", "p2 = sub, obj, eft", "only one definition counts"),
        ("g = _, _", "g = _", "write `_, _`"),
        ("[matchers]", "[matcher]", r#"the section "matcher" is not known"#),
        ("m = ", "", "only one definition counts"),
        ("g = _, _", "g _, _", "model.conf:6: is not of the form"),
    ] {
        let error = Place::with(&good.replacen(from, to, 1), line).open().unwrap_err();
        assert!(error.contains(said), "{to}: {error}");
    }
    for (policy, said) in [
        ("", "no line begins with `p`"),
        ("# nothing\n", "no line begins with `p`"),
        ("p, ann, team/app\n", "policy.csv:1: has 2 values behind `p` and not 3"),
        ("\np, ann, team/app, allow, x\n", "policy.csv:2: has 4 values"),
        ("p, ann, team/app, Allow\n", r#"the effect "Allow" is neither"#),
        ("p, ann, team/app, allow\ng, ann\n", "policy.csv:2: has 1 values behind `g`"),
        ("p2, ann, team/app, allow\n", "begins with neither"),
        ("p, ann, \"team, allow\n", "no closing quotation mark"),
    ] {
        let error = Place::with(&good, policy).open().unwrap_err();
        assert!(error.contains(said), "{policy}: {error}");
    }
    let place = Place::with(&good, line);
    let mut options = place.options();
    options.lines = 1;
    fs::write(place.at("policy.csv"), format!("{line}p, ben, team/app, allow\n")).unwrap();
    assert!(Casbin::open(options).unwrap_err().to_string().contains("more than 1 lines"));
    fs::remove_file(place.at("policy.csv")).unwrap();
    assert!(place.open().unwrap_err().contains("policy.csv: No such file"));
}

#[tokio::test]
async fn files_are_read_again_when_they_have_settled() {
    let place = Place::with(MODEL, POLICY);
    let rules = place.open().unwrap();
    assert_eq!(granted(&rules, ANN, &["pull"]).await, "pull");
    let becomes = async |policy: &str, expected: &str| {
        let new = place.at("new.csv");
        fs::write(&new, policy).unwrap();
        fs::rename(new, place.at("policy.csv")).unwrap();
        while granted(&rules, ANN, &["pull"]).await != expected {
            tokio::task::yield_now().await;
        }
    };
    becomes(&POLICY.replace("p, ann", "p, zoe"), "").await;
    becomes(POLICY, "pull").await;
    // What cannot be used, or is away, changes nothing; what comes after it does.
    fs::write(place.at("policy.csv"), "p, ann\n").unwrap();
    assert_eq!(granted(&rules, ANN, &["pull"]).await, "pull");
    becomes(&POLICY.replace("p, ann", "p, zoe"), "").await;
    fs::remove_file(place.at("policy.csv")).unwrap();
    assert_eq!(granted(&rules, BEN, &["pull"]).await, "pull");
    becomes(POLICY, "pull").await;
}

/// As many lines as there may be are held against as many actions as a request names, or it is an error in time.
#[tokio::test]
async fn an_answer_takes_no_longer_than_it_may() {
    let lines: String = (0..10_000).map(|line| format!("p, user{line}, team/{line}, allow\n")).collect();
    let model = model("some(where (p.eft == allow))", "r.sub == p.sub && r.obj == p.obj");
    let place = Place::with(&model, &lines);
    let mut options = place.options();
    options.timeout = Duration::from_millis(1);
    let actions: Vec<_> = (0..1_000).map(|action| format!("a{action}")).collect();
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    let answer = granted(&Casbin::open(options).unwrap(), ANN, &actions).await;
    assert!(answer.contains("no answer within 1ms"), "{answer}");
    let last = Ask { account: "user9999", name: "team/9999", ..ANN };
    assert_eq!(granted(&place.open().unwrap(), last, &["pull"]).await, "pull");
}
