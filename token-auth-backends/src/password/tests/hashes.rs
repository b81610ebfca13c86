use crate::password::{HashError, HashLimits, PasswordHash};

/// Made by libxcrypt, OpenSSL and the reference implementation of Argon2.
const VECTORS: &[(&str, &str, &str)] = &[
    ("docker_auth's example", "badmin", "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"),
    ("2a", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("2a empty", "", "$2a$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"),
    ("2a one", "x", "$2a$04$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e"),
    ("2a non-ASCII", "\u{a3}\u{20ac}\u{ff}", "$2a$04$abcdefghijklmnopqrstuuVnY1qGZ4h9uI9r7oLGmM8s0wX64KMbC"),
    ("2b empty", "", "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"),
    ("2b one", "x", "$2b$04$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e"),
    ("2b non-ASCII", "\u{a3}\u{20ac}\u{ff}", "$2b$04$abcdefghijklmnopqrstuuVnY1qGZ4h9uI9r7oLGmM8s0wX64KMbC"),
    ("2y empty", "", "$2y$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"),
    ("2y one", "x", "$2y$04$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e"),
    ("2y non-ASCII", "\u{a3}\u{20ac}\u{ff}", "$2y$04$abcdefghijklmnopqrstuuVnY1qGZ4h9uI9r7oLGmM8s0wX64KMbC"),
    #[cfg(feature = "sha-crypt")]
    (
        "$6$",
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
    #[cfg(feature = "sha-crypt")]
    ("$5$", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
    #[cfg(feature = "sha-crypt")]
    (
        "$6$ rounds",
        "secret",
        "$6$rounds=1000$abc$MqEcPZUYRGGcOeq7PhMpfjfu/F0HrVEI0OlZBijWvO8mSG77iNUDP5MqFceKpJTBc8iITVtNyLiNTRNCxv6oh0",
    ),
    #[cfg(feature = "argon2")]
    (
        "argon2id",
        "password",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ),
];

#[test]
fn verifies_what_others_made() {
    for (name, password, text) in VECTORS {
        let hash: PasswordHash = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(hash.verify(password), "{name}");
        for wrong in [format!("x{password}"), format!("{}\u{1}", password.get(..70).unwrap_or(password))] {
            assert!(!hash.verify(&wrong), "{name}: {wrong:?}");
        }
        assert!(!format!("{hash:?}").contains(&text[10..]), "{name}");
    }
}

#[test]
fn bcrypt_sees_72_bytes() {
    let hash: PasswordHash = "$2y$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe".parse().unwrap();
    assert!(hash.verify(&"a".repeat(72)));
    assert!(hash.verify(&"a".repeat(100_000)));
    assert!(!hash.verify(&"a".repeat(71)));
}

#[test]
fn refuses_with_a_reason_that_does_not_show_the_hash() {
    let malformed = |scheme, problem| HashError::Malformed { scheme, problem };
    let length =
        malformed("bcrypt", "it must be 60 characters long; was it cut off, or does a space follow it?");
    let cost = malformed("bcrypt", "its cost must be two digits from 04 to 31");
    let form = malformed("bcrypt", "it must have the form $2y$COST$SALT-AND-DIGEST");
    let base64 = malformed("bcrypt", "salt or digest is not base64 in bcrypt's alphabet");
    let expensive = |parameter, value, maximum| HashError::TooExpensive { parameter, value, maximum };
    let cases = [
        ("empty", "", HashError::Empty),
        ("plain", "hunter2", HashError::Unknown),
        ("one dollar", "$", HashError::Unknown),
        ("dollars", "$$$$", HashError::Unknown),
        ("no minor", "$2$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC", HashError::Unknown),
        ("2x", "$2x$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC", HashError::BrokenBcrypt),
        ("cut off", "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5j", length.clone()),
        ("line break", "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC\n", length),
        ("cost 3", "$2y$03$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC", cost.clone()),
        ("cost 32", "$2y$32$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC", cost.clone()),
        ("cost +5", "$2y$+5$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC", cost),
        (
            "cost 17",
            "$2y$17$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC",
            expensive("bcrypt cost", 17, 16),
        ),
        ("dollar inside", "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ$kN5jC", form),
        ("not base64", "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ+kN5jC", base64.clone()),
        ("not ASCII", "$2y$05$LO.vzwpWC5LZGqThvEfzn\u{e4}8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5j", base64.clone()),
        ("spare bits", "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jD", base64),
        ("apr1", "$apr1$x$y", HashError::Weak("MD5")),
        ("md5", "$1$x$y", HashError::Weak("MD5")),
        ("sha", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", HashError::Weak("SHA-1")),
        ("des", "rqXexS6ZhobKA", HashError::Unknown),
        #[cfg(not(feature = "argon2"))]
        ("argon2", "$argon2id$v=19$", HashError::Disabled("argon2")),
        #[cfg(feature = "argon2")]
        (
            "argon2 memory",
            "$argon2id$v=19$m=1048577,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            expensive("Argon2 memory", 1_048_577, 1_048_576),
        ),
        #[cfg(feature = "argon2")]
        (
            "argon2 passes",
            "$argon2id$v=19$m=256,t=65,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            expensive("Argon2 passes", 65, 64),
        ),
        #[cfg(feature = "argon2")]
        (
            "argon2 without digest",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ",
            malformed("Argon2", "it has no salt or no digest"),
        ),
        #[cfg(feature = "argon2")]
        ("argon2 nonsense", "$argon2id$$$", malformed("Argon2", "it is not in the PHC string format")),
        #[cfg(not(feature = "sha-crypt"))]
        ("sha-crypt", "$6$a$b", HashError::Disabled("sha-crypt")),
        #[cfg(feature = "sha-crypt")]
        ("sha-crypt rounds", "$6$rounds=5000001$abc$", expensive("SHA-crypt rounds", 5_000_001, 5_000_000)),
        #[cfg(feature = "sha-crypt")]
        ("sha-crypt few", "$6$rounds=999$abc$", malformed("SHA-crypt", "its rounds must be at least 1000")),
        #[cfg(feature = "sha-crypt")]
        (
            "sha-crypt cut off",
            "$6$abc$abc",
            malformed("SHA-crypt", "its digest is not 43 ($5$) or 86 ($6$) characters of the crypt alphabet"),
        ),
    ];
    for (name, text, error) in cases {
        let refused = text.parse::<PasswordHash>().unwrap_err();
        assert_eq!(refused, error, "{name}");
        let shown = format!("{refused} {refused:?}");
        assert!(text.len() < 5 || !shown.contains(text), "{name}: {shown}");
    }
}

#[test]
fn a_limit_can_be_moved() {
    let text = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
    let limits = HashLimits { max_bcrypt_cost: 4, ..HashLimits::default() };
    assert!(matches!(PasswordHash::parse(text, &limits), Err(HashError::TooExpensive { value: 5, .. })));
}

#[test]
fn arbitrary_text_never_panics() {
    let pieces = ["$", "2y", "05", "argon2id", "6", "rounds=", "\u{e4}", "\0", "=", ",", "v=19", "m=", "."];
    let mut state = 7u32;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..(state % 12) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text += pieces[(state >> 16) as usize % pieces.len()];
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if let Ok(hash) = text.parse::<PasswordHash>() {
            hash.verify("x");
        }
    }
}
