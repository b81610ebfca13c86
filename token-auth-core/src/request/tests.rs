use super::*;
use crate::Password;

fn get(query: &str) -> Result<TokenRequest, RequestError> {
    TokenRequest::parse(RequestParts { query, ..RequestParts::default() }, RequestLimits::default())
}

fn post(form: &str) -> Result<TokenRequest, RequestError> {
    let parts = RequestParts { form: Some(form.as_bytes()), ..RequestParts::default() };
    TokenRequest::parse(parts, RequestLimits::default())
}

fn with_header(query: &str, header: &str) -> Result<TokenRequest, RequestError> {
    let parts = RequestParts { query, authorization: Some(header.as_bytes()), form: None };
    TokenRequest::parse(parts, RequestLimits::default())
}

fn scopes(request: &TokenRequest) -> Vec<String> {
    request.scopes.scopes().iter().map(ToString::to_string).collect()
}

#[test]
fn docker_login_is_read() {
    let query = "account=alice&client_id=docker&offline_token=true&service=registry";
    let request = with_header(query, "Basic YWxpY2U6czpjcmV0").unwrap();
    assert_eq!(request.credentials, Credentials::password("alice", "s:cret"));
    assert_eq!((request.service.as_str(), request.client_id.as_deref()), ("registry", Some("docker")));
    assert!(request.offline && request.scopes.scopes().is_empty());
}

#[test]
fn containerd_password_grant_is_read() {
    let request = post(
        "client_id=containerd-client&grant_type=password&password=p%40ss&scope=repository%3Aalice%2Fx%3Apull+repository%3Aalice%2Fx%3Apull%2Cpush&service=registry&username=alice",
    )
    .unwrap();
    assert_eq!(request.grant_type, GrantType::Password);
    assert_eq!(request.credentials, Credentials::password("alice", "p@ss"));
    assert_eq!(scopes(&request), ["repository:alice/x:pull,push"]);
}

#[test]
fn an_account_without_a_password_is_anonymous() {
    let request = get("account=admin&scope=repository:x:pull").unwrap();
    assert_eq!(request.credentials, Credentials::Anonymous);
    assert_eq!(request.claimed_account(), "admin");
}

#[test]
fn one_bad_scope_does_not_spoil_the_others_but_nothing_good_is_an_error() {
    let request = get("scope=oops&scope=repository:x:pull++Repository:y:pull").unwrap();
    assert_eq!(scopes(&request), ["repository:x:pull"]);
    assert_eq!(request.scopes.rejected().len(), 2);
    assert!(matches!(get("scope=oops").unwrap_err(), RequestError::Scope(_)));
    assert!(get("scope=").unwrap().scopes.scopes().is_empty());
}

#[test]
fn what_is_ambiguous_or_malformed_is_refused() {
    let cases = [
        ("account=a&account=b", RequestError::Duplicate("account")),
        ("service=a&service=a", RequestError::Duplicate("service")),
        ("scope=%zz", RequestError::MalformedParameter),
        ("x=%e", RequestError::MalformedParameter),
        ("scope=%ff", RequestError::MalformedParameter),
        ("a;b=c", RequestError::MalformedParameter),
    ];
    for (query, error) in cases {
        assert_eq!(get(query).unwrap_err(), error, "{query}");
    }
    assert_eq!(with_header("account=bob", "Basic YWxpY2U6eA==").unwrap_err(), RequestError::AccountMismatch);
    assert_eq!(with_header("username=bob", "Basic YWxpY2U6eA==").unwrap_err(), RequestError::AccountMismatch);
    let form = "username=alice&password=guess";
    assert_eq!(post(&format!("{form}&account=bob")).unwrap_err(), RequestError::AccountMismatch);
    assert_eq!(
        post(&format!("grant_type=password&{form}&account=Alice")).unwrap_err(),
        RequestError::AccountMismatch
    );
    for same in ["&account=alice", "&account="] {
        assert_eq!(
            post(&format!("{form}{same}")).unwrap().credentials,
            Credentials::password("alice", "guess")
        );
    }
    for blanks in [" ", "  ", "    "] {
        let request = with_header("", &format!("Basic{blanks}YWxpY2U6eA==")).unwrap();
        assert_eq!(request.credentials, Credentials::password("alice", "x"));
    }
    for header in [
        "Basic",
        "Basic ",
        "Basic\tYWxpY2U6eA==",
        "Basic \tYWxpY2U6eA==",
        "Basic \u{a0}YWxpY2U6eA==",
        "Basic YWxp Y2U6eA==",
        "Basic !!",
        "Basic YWxpY2U=",
        "Basic /w==",
        "YWxpY2U6eA==",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer \u{e4}",
    ] {
        assert_eq!(with_header("", header).unwrap_err(), RequestError::MalformedCredentials, "{header}");
    }
    assert_eq!(with_header("", "Digest abc").unwrap_err(), RequestError::UnsupportedScheme);
}

#[test]
fn limits_are_exact() {
    let limits =
        RequestLimits { query_bytes: 5, body_bytes: 5, authorization_bytes: 14, ..RequestLimits::default() };
    let parse = |query, form, authorization| {
        TokenRequest::parse(RequestParts { query, form, authorization }, limits).map(|_| ())
    };
    assert!(parse("a=bcd", Some(b"e=fgh"), Some(b"Basic YTpi\r\n  ")).is_ok());
    assert!(matches!(parse("a=bcde", None, None), Err(RequestError::TooLong { what: "query", limit: 5 })));
    assert!(matches!(parse("", Some(b"a=bcde"), None), Err(RequestError::TooLong { what: "body", .. })));
    assert!(matches!(parse("", None, Some(b"Basic YWxpY2U6eA==")), Err(RequestError::TooLong { .. })));
}

#[test]
fn a_form_and_the_query_are_one_set_of_parameters() {
    let parts = RequestParts {
        query: "scope=repository:a:pull&service=registry",
        form: Some(b"scope=repository:b:pull&username=alice&password="),
        authorization: None,
    };
    let request = TokenRequest::parse(parts, RequestLimits::default()).unwrap();
    assert_eq!(scopes(&request), ["repository:b:pull", "repository:a:pull"]);
    assert_eq!((request.service.as_str(), &request.credentials), ("registry", &Credentials::Anonymous));
}

#[test]
fn a_refresh_grant_presents_its_token_alone() {
    let request =
        post("grant_type=refresh_token&refresh_token=tar_x&service=registry&scope=repository:a:pull")
            .unwrap();
    assert_eq!(request.grant_type, GrantType::RefreshToken);
    assert_eq!(request.credentials, Credentials::RefreshToken(Password::new("tar_x")));
    assert_eq!(request.claimed_account(), "");
    // A user name beside it names nobody.
    let request = post("grant_type=refresh_token&refresh_token=tar_x&username=admin").unwrap();
    assert_eq!(request.credentials, Credentials::RefreshToken(Password::new("tar_x")));
}

#[test]
fn a_token_of_another_issuer_comes_in_two_forms() {
    let bearer = Credentials::Bearer(Password::new("a.b-c_~+/="));
    let request = with_header("account=alice&service=s", "bearer a.b-c_~+/=").unwrap();
    assert_eq!((request.credentials, request.grant_type), (bearer, GrantType::Implicit));
    let exchange = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=a.b.c";
    let kinds = "&subject_token_type=urn:ietf:params:oauth:token-type";
    let request = post(&format!("{exchange}{kinds}:jwt")).unwrap();
    assert_eq!(request.grant_type, GrantType::TokenExchange);
    assert_eq!(request.credentials, Credentials::Bearer(Password::new("a.b.c")));
    for (rest, error) in [
        (String::new(), RequestError::Missing("subject_token_type")),
        (format!("{kinds}:saml2"), RequestError::UnsupportedExchange),
        (format!("{kinds}:jwt&actor_token=x"), RequestError::UnsupportedExchange),
    ] {
        assert_eq!(post(&format!("{exchange}{rest}")).unwrap_err(), error, "{rest}");
    }
}

#[test]
fn a_grant_that_lacks_its_credential_is_refused() {
    for (form, error) in [
        ("grant_type=refresh_token", RequestError::Missing("refresh_token")),
        ("grant_type=refresh_token&refresh_token=", RequestError::Missing("refresh_token")),
        (
            "grant_type=refresh_token&refresh_token=a&refresh_token=b",
            RequestError::Duplicate("refresh_token"),
        ),
    ] {
        assert_eq!(post(form).unwrap_err(), error, "{form}");
    }
}

#[test]
fn one_request_presents_one_credential_and_never_in_its_address() {
    let parse = |query, form, authorization| {
        TokenRequest::parse(RequestParts { query, form, authorization }, RequestLimits::default())
    };
    let exchange = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
                    &subject_token_type=urn:ietf:params:oauth:token-type:jwt&subject_token=x";
    let both = format!("{exchange}&refresh_token=x");
    let basic = Some(&b"Basic YWxpY2U6eA=="[..]);
    let bearer = Some(&b"Bearer x"[..]);
    for (form, header, second) in [
        ("grant_type=refresh_token&refresh_token=x", basic, "refresh_token"),
        ("grant_type=refresh_token&refresh_token=x", bearer, "refresh_token"),
        ("refresh_token=x", basic, "refresh_token"),
        ("username=bob&password=x", basic, "password"),
        ("username=alice&password=x", basic, "password"),
        ("grant_type=password&username=alice&password=x", bearer, "password"),
        ("grant_type=refresh_token&refresh_token=x&username=admin&password=x", None, "refresh_token"),
        ("grant_type=password&refresh_token=x&username=admin&password=x", None, "refresh_token"),
        ("username=admin&password=x&subject_token=x", None, "subject_token"),
        (&*both, None, "subject_token"),
        (exchange, basic, "subject_token"),
    ] {
        let refused = parse("", Some(form.as_bytes()), header).unwrap_err();
        assert_eq!(refused, RequestError::TwoCredentials(second), "{form}");
    }
    for (query, name) in [
        ("grant_type=refresh_token&refresh_token=x", "refresh_token"),
        ("username=alice&password=x", "password"),
        ("password=tap_x", "password"),
        ("subject_token=x", "subject_token"),
        ("actor_token=x", "actor_token"),
    ] {
        assert_eq!(get(query).unwrap_err(), RequestError::SecretInQuery(name), "{query}");
        assert_eq!(parse(query, Some(b""), None).unwrap_err(), RequestError::SecretInQuery(name), "{query}");
    }
}
