//! What a service may do wrong, and what comes of it.

use super::*;

/// What a login and a request for access come to where the service does this each time, and how often it is asked for each.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_an_error_and_is_tried_again_only_where_that_is_safe() {
    let cannot_ask = "webhook: cannot ask 127.0.0.1";
    let late = "webhook: no answer within 500 ms";
    let too_long = "webhook: the answer of 127.0.0.1 is longer than 65536 bytes";
    let type_wrong = "webhook: the answer's Content-Type is not application/json";
    let not_json = "webhook: the answer cannot be read: it is not one JSON document";
    for (reply, error, of_login, of_access) in [
        (Reply::Hang, late, 1, 1),
        (Reply::Drip, late, 1, 1),
        (Reply::Cut, cannot_ask, 1, 2),
        (Reply::Raw(""), cannot_ask, 1, 2),
        (Reply::Raw("SMTP ready\r\n\r\n"), cannot_ask, 1, 2),
        (Reply::Endless, too_long, 1, 1),
        (Reply::With("", r#"{"decision":"accept"}"#.into()), type_wrong, 1, 1),
        (Reply::With("Content-Type: text/html\r\n", "<html>".into()), type_wrong, 1, 1),
        (Reply::With("Content-Type: application/jsonp\r\n", "{}".into()), type_wrong, 1, 1),
        (json(""), not_json, 1, 1),
        (json("\u{1}\u{2}"), not_json, 1, 1),
        (json("{\"decision\":"), not_json, 1, 1),
        (json(&"[".repeat(60_000)), "webhook: the answer cannot be read", 1, 1),
        (Reply::Status(204), "webhook: HTTP status 204", 1, 1),
        (Reply::Status(302), "webhook: HTTP status 302", 1, 1),
        (Reply::Status(401), "webhook: HTTP status 401", 1, 1),
        (Reply::Status(429), "webhook: HTTP status 429", 1, 1),
        (Reply::Status(500), "webhook: HTTP status 500", 1, 1),
        (Reply::Status(503), "webhook: HTTP status 503", 1, 2),
    ] {
        let service = {
            let reply = reply.clone();
            Service::start(move |_, _| reply.clone()).await
        };
        // Only who does not answer in time is given little.
        let timeout = if error == late { Duration::from_millis(500) } else { LONG };
        let limits = WebhookLimits { timeout, ..options(&service).limits };
        let (login, access) = told(&options(&service).with_limits(limits)).await;
        assert!(login.starts_with(error), "{reply:?}: {login}");
        assert!(access.starts_with(error), "{reply:?}: {access}");
        let asked = service.asked();
        let count = |what: &str| asked.iter().filter(|asked| asked.body.contains(what)).count();
        assert_eq!((count("login"), count("access")), (of_login, of_access), "{reply:?}");
        assert!(asked.iter().all(|asked| asked.head.starts_with("post /ask ")), "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_is_not_noticed_where_a_question_may_be_repeated() {
    for fault in [Reply::Cut, Reply::Status(502), Reply::Raw("")] {
        let service = Service::start(move |before, _| match before {
            0 => fault.clone(),
            _ => json(r#"{"decision":"grant","actions":["pull"]}"#),
        })
        .await;
        let webhook = WebhookAuthorizer::new(&options(&service)).unwrap();
        let Authz::Grant(grant) = access(&webhook, &["pull"]).await.unwrap() else { panic!("abstained") };
        assert_eq!(grant.actions.to_string(), "pull");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_away_is_left_alone() {
    let service = Service::start(|_, _| Reply::Status(503)).await;
    let limits = WebhookLimits { retries: 0, ..options(&service).limits };
    let breaker = BreakerOptions { failures: 2, pause: LONG, ..BreakerOptions::default() };
    let breaker = BreakerOptions { longest_pause: LONG, ..breaker };
    let webhook =
        WebhookAuthorizer::new(&options(&service).with_limits(limits).with_breaker(breaker)).unwrap();
    for _ in 0..4 {
        access(&webhook, &["pull"]).await.unwrap_err();
    }
    let error = access(&webhook, &["pull"]).await.unwrap_err().to_string();
    assert!(
        error.starts_with("webhook: it has failed 2 times in a row, and is not asked for another"),
        "{error}"
    );
    assert_eq!(service.asked().len(), 2);
}

/// Whoever can make the service stumble over a question of theirs does not make it away for all others.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_answer_is_no_reason_to_leave_it_alone() {
    for reply in [Reply::Status(500), Reply::Status(400), json("garbage"), Reply::Endless] {
        let service = {
            let reply = reply.clone();
            Service::start(move |_, _| reply.clone()).await
        };
        let webhook = WebhookAuthenticator::new(&options(&service)).unwrap();
        for _ in 0..10 {
            login(&webhook, "wonderland").await.unwrap_err();
        }
        assert_eq!(service.asked().len(), 10, "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_beyond_the_deadline() {
    use std::time::Instant;
    use token_auth_core::Deadline;
    let service = Service::start(|_, _| Reply::Hang).await;
    let webhook = WebhookAuthorizer::new(&options(&service)).unwrap();
    let pull = ["pull"].into_iter().collect();
    let request = AccessRequest::new("alice", "repository", "a", &pull);
    let soon = Deadline::at(Instant::now() + Duration::from_millis(200));
    let error = webhook.authorize(&request.with_deadline(soon)).await.unwrap_err().to_string();
    assert!(error.starts_with("webhook: no answer within"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_an_error() {
    let service = Service::start(|_, _| Reply::Hang).await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let options = WebhookOptions { url: format!("http://127.0.0.1:{free}/"), ..options(&service) };
    assert_eq!(told(&options).await.0, "webhook: cannot ask 127.0.0.1");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    for url in
        ["http://policy.example/", "https://u:p@policy.example/", "https://policy.example/?a=b", "policy", ""]
    {
        let error = WebhookAuthorizer::new(&WebhookOptions::new(url).allowing_loopback_http()).unwrap_err();
        assert!(error.to_string().starts_with("the address must be an https URL"), "{url}: {error}");
    }
    assert!(WebhookAuthorizer::new(&WebhookOptions::new("http://127.0.0.1/")).is_err());
    assert!(
        WebhookAuthorizer::new(&WebhookOptions::new("https://policy.example/").with_certificates(""))
            .is_err()
    );
}
