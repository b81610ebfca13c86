use super::*;

#[test]
fn refuses_headers_that_could_be_read_in_two_ways() {
    for (header, expected) in [
        (r#"{"alg":"none","alg":"ES256"}"#, VerifyError::Malformed),
        (r#"{"alg":"ES256","kid":"a","kid":"b"}"#, VerifyError::Malformed),
        (r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, VerifyError::Critical),
        (r#"{"alg":"ES256","crit":["b64"],"b64":false}"#, VerifyError::Critical),
        (r#"{"alg":"ES256","crit":[]}"#, VerifyError::Critical),
        (r#"{"alg":"ES256","crit":null}"#, VerifyError::Critical),
        (r#"{"alg":"ES256","typ":"at+jwt"}"#, VerifyError::Type),
        (r#"{"alg":"ES256","typ":""}"#, VerifyError::Type),
        (r#"{"alg":"ES256","typ":"application/jwt"}"#, VerifyError::Type),
        (r#"{"alg":"ES256","kid":7}"#, VerifyError::Malformed),
        (r#"{"alg":["ES256"]}"#, VerifyError::Malformed),
        (r#"{"kid":"a"}"#, VerifyError::Malformed),
        (r#"["ES256","JWT",null,false]"#, VerifyError::Malformed),
        (r#"{"alg":"ES256"}{}"#, VerifyError::Malformed),
        (r#"{"alg":"ES256""#, VerifyError::Malformed),
        ("", VerifyError::Malformed),
        ("\"\"", VerifyError::Malformed),
    ] {
        assert_eq!(verify(&with_header(header)), Err(expected), "{header}");
    }
    for header in [r#"{"alg":"ES256","typ":"jwt"}"#, r#"{"typ":"JWT","alg":"ES256","b64":true}"#] {
        assert!(verify(&with_header(header)).is_ok(), "{header}");
    }
    for payload in ["", "[]", "null", r#"["issuer","alice","service",9999999999]"#, "\u{feff}{}"] {
        assert_eq!(
            verify(&forge(P256, r#"{"alg":"ES256"}"#, payload)),
            Err(VerifyError::Malformed),
            "{payload}"
        );
    }
}

#[test]
fn refuses_every_other_spelling_of_a_token() {
    // An RSA signature of 256 bytes, and an ECDSA one of 64, leave unused bits in their last digit.
    for pem in [RSA, P256] {
        let token = signer(pem).sign_now(&claims()).unwrap();
        let parts: Vec<_> = token.split('.').collect();
        let [header, payload, signature] = parts[..] else { panic!() };
        let (most, last) = token.split_at(token.len() - 1);
        let stray = format!("{most}{}", char::from(last.as_bytes()[0] + 1));
        for other in [
            stray,
            format!("{token}="),
            format!("{token}=="),
            format!("{token}\n"),
            format!(" {token}"),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{signature}"),
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!("{header}..{signature}"),
            format!(".{payload}.{signature}"),
            format!("{header}.{payload}.{signature}").replace(signature, &signature.replace(['-', '_'], "+")),
            "..".into(),
            ".".into(),
            String::new(),
            "é.é.é".into(),
        ] {
            if other != token {
                assert!(verifier(pem).verify(&other, at(NOW)).is_err(), "{other}");
            }
        }
        for end in 0..token.len() {
            assert!(verifier(pem).verify(&token[..end], at(NOW)).is_err(), "cut at {end}");
        }
    }
}

#[test]
fn refuses_long_tokens_unread() {
    let long = with_claim("jti", json!("a".repeat(64 * 1024)));
    assert_eq!(verify(&long), Err(VerifyError::TooLong { limit: 64 * 1024 }));
    let token = signer(P256).sign_now(&claims()).unwrap();
    let limited = |limit| {
        let verifier = builder().longest(limit).key(key(P256).public_key().clone()).build().unwrap();
        verifier.verify(&token, at(NOW)).map(drop)
    };
    assert_eq!(limited(token.len()), Ok(()));
    let limit = token.len() - 1;
    assert_eq!(limited(limit), Err(VerifyError::TooLong { limit }));
    // Depth in what is ignored needs no stack.
    let deep = format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    assert!(verify(&with_header(&deep)).is_ok());
}

/// Every change of one byte, to a few values each: any of them in the alphabet, and others.
#[test]
fn refuses_every_change_of_one_byte() {
    for pem in [P256, ED25519] {
        let verifier = verifier(pem);
        let token = signer(pem).sign_now(&claims()).unwrap();
        for at_byte in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            let original = changed[at_byte];
            for flip in (0..7).map(|bit| original ^ 1 << bit).chain([b'A', b'.', b'=', b'_', 0]) {
                changed[at_byte] = flip;
                let changed = std::str::from_utf8(&changed).unwrap();
                if changed != token {
                    assert!(verifier.verify(changed, at(NOW)).is_err(), "byte {at_byte} to {flip}");
                }
            }
        }
    }
}
