use super::*;

#[test]
fn actions_are_sorted_and_never_more_than_was_asked_for() {
    let scope = "repository:a:push,pull".parse().unwrap();
    let entry = AccessEntry::new(&scope, ["push", "pull", "delete", "*"].into_iter().collect());
    assert_eq!(
        serde_json::to_string(&entry).unwrap(),
        r#"{"type":"repository","name":"a","actions":["pull","push"]}"#
    );
}

#[test]
fn claims_are_read_as_they_were_written() {
    let written = serde_json::to_string(&claims()).unwrap();
    assert_eq!(serde_json::from_str::<Claims>(&written).unwrap(), claims());
}

#[test]
fn reads_what_other_servers_write() {
    for (json, services) in [
        (r#"{"iss":"i","aud":"a","exp":1}"#, 1),
        (r#"{"iss":"i","aud":["a","b"],"exp":1,"access":null}"#, 2),
        (r#"{"iss":"i","aud":"a","exp":1,"access":[{"type":"t","name":"n","actions":null,"class":""}]}"#, 1),
    ] {
        let claims: Claims = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert!(claims.audience.contains("a"), "{json}");
        assert_eq!(claims.audience.contains("b"), services == 2, "{json}");
        assert!(claims.access.iter().all(|entry| entry.actions.is_empty()), "{json}");
    }
}

#[test]
fn refuses_claims_that_could_be_read_in_two_ways() {
    for json in [
        r#"{"iss":"i","aud":"a"}"#,
        r#"{"iss":"i","exp":1}"#,
        r#"{"aud":"a","exp":1}"#,
        r#"{"iss":"i","iss":"j","aud":"a","exp":1}"#,
        r#"{"iss":"i","aud":"a","exp":1,"exp":2}"#,
        r#"{"iss":"i","aud":"a","exp":1,"access":[],"access":[]}"#,
        r#"{"iss":"i","aud":"a","exp":1,"access":[{"type":"t","name":"n","name":"m","actions":[]}]}"#,
        r#"{"iss":"i","aud":"a","exp":1,"access":[["t","n",["pull"]]]}"#,
        r#"{"iss":"i","aud":"a","exp":-1}"#,
        r#"{"iss":"i","aud":"a","exp":"1"}"#,
        r#"{"iss":"i","aud":"a","exp":1.5}"#,
        r#"{"iss":"i","aud":"a","exp":1e400}"#,
        r#"{"iss":"i","aud":7,"exp":1}"#,
        r#"{"iss":["i"],"aud":"a","exp":1}"#,
    ] {
        assert!(serde_json::from_str::<Claims>(json).is_err(), "{json}");
    }
}

#[test]
fn claims_begin_a_little_earlier() {
    let claims = Claims::new("issuer", "", "service", at(NOW), Duration::from_secs(60));
    assert_eq!((claims.not_before, claims.issued_at, claims.expires_at), (NOW - 10, NOW - 10, NOW + 60));
    let early = Claims::new("issuer", "", "service", at(5), Duration::MAX);
    assert_eq!((early.not_before, early.expires_at), (0, u64::MAX));
}

#[test]
fn an_audience_is_written_as_a_string() {
    assert_eq!(serde_json::to_value(claims()).unwrap()["aud"], "service");
}
