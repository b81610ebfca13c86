//! Whether an account may be used at all, as its entry says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::{Date, Month, PrimitiveDateTime, Time};

use super::entry::DirectoryEntry;

/// The attributes that are asked for.
pub(super) const ATTRIBUTES: [&str; 12] = [
    USER_ACCOUNT_CONTROL,
    COMPUTED_CONTROL,
    "accountExpires",
    "lockoutTime",
    "pwdAccountLockedTime",
    "pwdReset",
    "pwdStartTime",
    "pwdEndTime",
    "shadowExpire",
    "nsAccountLock",
    "loginDisabled",
    "krbPrincipalExpiration",
];

/// The attributes that tell when the password was changed last, in directories of all kinds.
pub(super) const PASSWORD_TIMES: [&str; 5] =
    ["pwdLastSet", "pwdChangedTime", "krbLastPwdChange", "sambaPwdLastSet", "shadowLastChange"];

const USER_ACCOUNT_CONTROL: &str = "userAccountControl";
/// Active Directory computes it when it is asked: unlike `lockoutTime` it knows when a lock has passed.
const COMPUTED_CONTROL: &str = "msDS-User-Account-Control-Computed";

const DISABLED: i64 = 0x2;
const LOCKED: i64 = 0x10;
const PASSWORD_EXPIRED: i64 = 0x80_0000;

/// Seconds from 1601, where Active Directory counts from, to 1970.
const FILETIME_EPOCH: u64 = 11_644_473_600;

/// How much is known of the account beside its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// The directory has just taken its password: it has judged locks itself, and lifted one that had passed.
    JustNow,
    /// Nothing: the entry alone tells.
    Earlier,
}

/// Why an account must not be used. An attribute that cannot be understood counts as such a reason.
pub(super) fn refusal(entry: &DirectoryEntry, login: Login, now: SystemTime) -> Option<&'static str> {
    let computed = entry.text(COMPUTED_CONTROL).map(|text| text.parse::<i64>().unwrap_or(-1));
    let has_flag = |value: Option<i64>, flag: i64| value.is_some_and(|value| value & flag != 0);
    let control = entry.text(USER_ACCOUNT_CONTROL).map(|text| text.parse::<i64>().unwrap_or(-1));
    let is_true =
        |attribute: &str| entry.text(attribute).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let passed = |time: Option<SystemTime>| time.is_none_or(|time| time <= now);
    let earlier = login == Login::Earlier;

    let disabled = has_flag(control, DISABLED) || is_true("nsAccountLock") || is_true("loginDisabled");
    let locked = match computed {
        Some(_) => earlier && has_flag(computed, LOCKED),
        None => earlier && entry.text("lockoutTime").is_some_and(|text| text != "0"),
    };
    let ppolicy = entry.text("pwdAccountLockedTime");
    let locked = locked || ppolicy.is_some_and(|time| earlier || time == FOREVER);
    let expired = entry.text("accountExpires").is_some_and(|text| filetime(text).is_some_and(passed))
        || entry.text("shadowExpire").is_some_and(|text| shadow_day(text).is_some_and(passed))
        || ["pwdEndTime", "krbPrincipalExpiration"]
            .iter()
            .any(|attribute| entry.text(attribute).is_some_and(|text| passed(generalized_time(text))));
    let not_yet = entry.text("pwdStartTime").is_some_and(|text| !passed(generalized_time(text)));
    match () {
        () if disabled => Some("the account is disabled"),
        () if locked => Some("the account is locked"),
        () if expired => Some("the account has expired"),
        () if not_yet => Some("the account is not valid yet"),
        () if is_true("pwdReset") => Some("the password must be changed first"),
        () if earlier && has_flag(computed, PASSWORD_EXPIRED) => Some("the password has expired"),
        () => None,
    }
}

/// What changes when the password does, as far as the entry tells.
pub(super) fn security_stamp(entry: &DirectoryEntry) -> Option<String> {
    let told = PASSWORD_TIMES.iter().filter_map(|name| Some(format!("{name}={}", entry.text(name)?)));
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// What OpenLDAP's password policy has for an account that only an administrator can unlock.
const FOREVER: &str = "000001010000Z";

/// Why the directory itself refused a bind, beyond "invalid credentials".
pub(super) fn refusal_told(code: u32, text: &str) -> Option<&'static str> {
    let says = |words: &str| text.to_ascii_lowercase().contains(words);
    match code {
        // Active Directory: `80090308: LdapErr: …, comment: AcceptSecurityContext error, data 533, v4563`.
        49 => {
            let data = text.split_once("data ")?.1;
            match data.split([',', ' ', '\0']).next()? {
                "525" => Some("no such user"),
                "530" => Some("the account may not log in at this time"),
                "531" => Some("the account may not log in from here"),
                "532" => Some("the password has expired"),
                "533" => Some("the account is disabled"),
                "701" => Some("the account has expired"),
                "773" => Some("the password must be changed first"),
                "775" => Some("the account is locked"),
                _ => None,
            }
        }
        // 389 Directory Server, and FreeIPA with it.
        19 if says("retry limit") => Some("the account is locked"),
        53 if says("inactivated") => Some("the account is disabled"),
        48 => Some("the account has no password"),
        _ => None,
    }
}

/// Hundreds of nanoseconds since 1601. `None`: never; `Some(None)`: not a time.
fn filetime(text: &str) -> Option<Option<SystemTime>> {
    match text.parse::<i64>() {
        Ok(0 | i64::MAX) => None,
        Ok(ticks) => {
            let seconds = u64::try_from(ticks).map(|ticks| ticks / 10_000_000).unwrap_or_default();
            Some(UNIX_EPOCH.checked_add(Duration::from_secs(seconds.saturating_sub(FILETIME_EPOCH))))
        }
        Err(_) => Some(None),
    }
}

/// Days since 1970. `None`: never; `Some(None)`: not a time.
fn shadow_day(text: &str) -> Option<Option<SystemTime>> {
    match text.trim().parse::<i64>() {
        Ok(-1) => None,
        Ok(day) => {
            let seconds = u64::try_from(day).unwrap_or_default().saturating_mul(24 * 60 * 60);
            Some(UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
        }
        Err(_) => Some(None),
    }
}

/// `20300102030405Z`, `203001020304Z`, `20300102030405.6Z` (RFC 4517, section 3.3.13); in universal time only.
fn generalized_time(text: &str) -> Option<SystemTime> {
    let digits = text.strip_suffix('Z')?;
    let digits = digits.split_once(['.', ',']).map_or(digits, |(whole, _)| whole);
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u8>().ok();
    let year = digits.get(..4)?.parse::<i32>().ok()?;
    let month = Month::try_from(number(4..6)?).ok()?;
    let date = Date::from_calendar_date(year, month, number(6..8)?).ok()?;
    let optional =
        |range: std::ops::Range<usize>| if digits.len() < range.end { Some(0) } else { number(range) };
    // A leap second is the first second of the next minute here.
    let time = Time::from_hms(number(8..10)?, optional(10..12)?, optional(12..14)?.min(59)).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn reads_entries() {
        use Login::{Earlier, JustNow};
        // 2023-11-14T22:13:20Z
        let now = at(1_700_000_000);
        for (attribute, value, login, expected) in [
            ("cn", "x", Earlier, None),
            ("userAccountControl", "512", Earlier, None),
            ("userAccountControl", "514", JustNow, Some("the account is disabled")),
            ("userAccountControl", "x", JustNow, Some("the account is disabled")),
            ("nsAccountLock", "true", JustNow, Some("the account is disabled")),
            ("loginDisabled", "TRUE", JustNow, Some("the account is disabled")),
            ("loginDisabled", "FALSE", JustNow, None),
            ("msDS-User-Account-Control-Computed", "16", Earlier, Some("the account is locked")),
            ("msDS-User-Account-Control-Computed", "16", JustNow, None),
            ("msDS-User-Account-Control-Computed", "8388608", Earlier, Some("the password has expired")),
            ("lockoutTime", "133444444440000000", Earlier, Some("the account is locked")),
            ("lockoutTime", "133444444440000000", JustNow, None),
            ("lockoutTime", "0", Earlier, None),
            ("pwdAccountLockedTime", "20231114221300Z", Earlier, Some("the account is locked")),
            ("pwdAccountLockedTime", "20231114221300Z", JustNow, None),
            ("pwdAccountLockedTime", "000001010000Z", JustNow, Some("the account is locked")),
            ("pwdReset", "TRUE", JustNow, Some("the password must be changed first")),
            ("accountExpires", "0", JustNow, None),
            ("accountExpires", "9223372036854775807", JustNow, None),
            ("accountExpires", "133444736000000000", JustNow, Some("the account has expired")),
            ("accountExpires", "133444736010000000", JustNow, None),
            ("accountExpires", "soon", JustNow, Some("the account has expired")),
            ("shadowExpire", "-1", JustNow, None),
            ("shadowExpire", "19675", JustNow, Some("the account has expired")),
            ("shadowExpire", "19676", JustNow, None),
            ("shadowExpire", "0", JustNow, Some("the account has expired")),
            ("shadowExpire", "", JustNow, Some("the account has expired")),
            ("krbPrincipalExpiration", "20231114221320Z", JustNow, Some("the account has expired")),
            ("krbPrincipalExpiration", "20231114221321Z", JustNow, None),
            ("pwdEndTime", "20380119031407.5Z", JustNow, None),
            ("pwdEndTime", "2038", JustNow, Some("the account has expired")),
            ("pwdStartTime", "20240101000000Z", JustNow, Some("the account is not valid yet")),
            ("pwdStartTime", "2023010100Z", JustNow, None),
        ] {
            let entry = DirectoryEntry::of("uid=a", &[(attribute, &[value])]);
            assert_eq!(refusal(&entry, login, now), expected, "{attribute}: {value}, {login:?}");
        }
        let unlocked = [("lockoutTime", &["1"][..]), ("msDS-User-Account-Control-Computed", &["0"])];
        assert_eq!(
            refusal(&DirectoryEntry::of("cn=a", &unlocked), Earlier, now),
            None,
            "the lock has passed"
        );
    }

    #[test]
    fn tells_when_the_password_changed() {
        let entry = DirectoryEntry::of(
            "uid=a",
            &[("shadowLastChange", &["19000"]), ("PWDLASTSET", &["1"]), ("cn", &["x"])],
        );
        assert_eq!(security_stamp(&entry).as_deref(), Some("pwdLastSet=1 shadowLastChange=19000"));
        assert_eq!(security_stamp(&DirectoryEntry::named("uid=a")), None);
    }

    #[test]
    fn reads_what_servers_say() {
        let error = |data: &str| {
            format!(
                "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {data}, v4563\0"
            )
        };
        for (code, text, expected) in [
            (49, error("52e"), None),
            (49, error("533"), Some("the account is disabled")),
            (49, error("775"), Some("the account is locked")),
            (49, error("773"), Some("the password must be changed first")),
            (49, error("701"), Some("the account has expired")),
            (49, String::new(), None),
            (
                53,
                "Account inactivated. Contact system administrator.".to_owned(),
                Some("the account is disabled"),
            ),
            (19, "Exceed password retry limit. Please try later.".to_owned(), Some("the account is locked")),
            (53, "shutting down".to_owned(), None),
        ] {
            assert_eq!(refusal_told(code, &text), expected, "{code} {text}");
        }
    }
}
