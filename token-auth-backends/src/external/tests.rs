use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use token_auth_core::{
    AccessRequest, AccountRequest, ActionSet, Authenticator, Authn, AuthnRequest, Authorizer, Authz,
    BackendError, Credentials, Deadline, LabelValue, Labels, Succeed,
};
use tokio::task::JoinSet;

use super::{ExternalAuthenticator, ExternalAuthorizer, ProgramForm, ProgramLimits, ProgramOptions};

/// The script is not a file that was just written: those cannot be run while another test has them open.
fn script(text: &str) -> ProgramOptions {
    ProgramOptions::new("sh").with_args(["-c", text]).with_limits(limits(LONG, 16))
}

fn limits(timeout: Duration, concurrency: usize) -> ProgramLimits {
    ProgramLimits { timeout, concurrency, patience: LONG, ..ProgramLimits::default() }
}

/// For a program that does not end, and for one that does.
const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(60);

async fn login(program: &ExternalAuthenticator, name: &str, password: &str) -> Result<Authn, BackendError> {
    program.authenticate(&AuthnRequest::new(&Credentials::password(name, password))).await
}

/// What comes of alice's login.
async fn told(options: &ProgramOptions) -> String {
    let program = ExternalAuthenticator::new(options).unwrap();
    shown(login(&program, "alice", "wonderland").await)
}

fn shown(answer: Result<Authn, BackendError>) -> String {
    match answer {
        Ok(Authn::Accept(identity)) => {
            format!("{} {}", identity.account, serde_json::to_string(&*identity.labels).unwrap())
        }
        Ok(Authn::Reject(reason)) => format!("rejected: {reason}"),
        Ok(Authn::Abstain) => "abstained".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// An argument by which the processes of one test are told from all others.
fn unique_seconds() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}{:03}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Whether a process with this argument is alive.
fn is_alive(argument: &str) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|process| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
    })
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain: {what}");
        tokio::task::yield_now().await;
    }
}

#[cfg(feature = "testkit")]
#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_in_both_forms() {
    use crate::testkit::{KnownAccount, check_authenticator};
    let alice = KnownAccount::new("alice", "wonderland");
    // All of the input, to the last byte.
    let plain = script(r#"[ "$(cat; echo .)" = "alice wonderland." ] || exit 2"#);
    check_authenticator(Arc::new(ExternalAuthenticator::new(&plain).unwrap()), &alice).await;
    let json = script(
        r#"case "$(cat)" in
            '{"question":"login","username":"alice","password":"wonderland","service":"","address":null,"client_id":null}');;
            '{"question":"account","account":"alice"}');;
            *) exit 2;;
        esac
        echo '{"labels": {"team": ["dev"]}}'"#,
    );
    let json = ExternalAuthenticator::new(&json.with_form(ProgramForm::Json)).unwrap();
    check_authenticator(Arc::new(json.answering_about_accounts()), &alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_program_is_its_answer() {
    let unreadable = "external: the program's output cannot be read";
    for (text, outcome) in [
        ("exit 0", "alice {}".to_owned()),
        ("exit 1", "rejected: the program denies".to_owned()),
        ("exit 2", "abstained".to_owned()),
        ("exit 3", "external: the program ended with status 3, which means nothing here".to_owned()),
        ("exit 255", "external: the program ended with status 255, which means nothing here".to_owned()),
        ("kill -9 $$", "external: the program was ended by signal 9".to_owned()),
        (r#"[ "$(cat)" = "alice wonderland" ]"#, "alice {}".to_owned()),
        (r#"echo '{"labels": {"a": ["1", "x/*"]}}'"#, r#"alice {"a":["1","x/*"]}"#.to_owned()),
        ("echo '{\"labels\": {}}'; echo wonderland >&2", "alice {}".to_owned()),
        ("echo ok", format!("{unreadable}: it is not one JSON document (line 1, column 1)")),
        (
            "echo '{\"labels\": 7}'",
            format!("{unreadable}: it is not of the form that is documented (line 1, column 12)"),
        ),
        ("head -c 1000 /dev/urandom", unreadable.to_owned()),
        // Only what it says of somebody whom it accepts is read.
        ("echo ok; exit 1", "rejected: the program denies".to_owned()),
        ("exec <&-; exit 0", "alice {}".to_owned()),
        ("exec <&- >&- 2>&-; exit 1", "rejected: the program denies".to_owned()),
    ] {
        let told = told(&script(text)).await;
        assert!(told.starts_with(&outcome), "{text}: {told}");
        assert!(!told.contains("wonderland"), "{text}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_read_is_none_the_wiser() {
    let long = "x".repeat(1 << 20);
    for (text, accepted) in [("exit 0", true), ("exec <&-; exit 0", true), ("exit 1", false)] {
        let program = ExternalAuthenticator::new(&script(text)).unwrap();
        let answer = login(&program, "alice", &long).await.unwrap();
        assert_eq!(matches!(answer, Authn::Accept(_)), accepted, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_it_does_nothing_is_left_running() {
    let late = "external: the program has not ended within 500 ms, and was killed";
    for (name, text, outcome) in [
        ("hangs", "exec sleep SECONDS", late),
        ("waits for its child", "sleep SECONDS; exit 0", late),
        ("ignores signals", "trap '' TERM INT HUP; sleep SECONDS; sleep SECONDS", late),
        (
            "floods",
            "sleep SECONDS & exec yes",
            "external: the program writes more than 65536 bytes, and was killed",
        ),
        (
            "complains",
            "sleep SECONDS & exec yes >&2",
            "external: the program writes more than 1048576 bytes, and was killed",
        ),
        ("leaves a child", "sleep SECONDS & exit 0", "alice {}"),
        (
            "leaves a child without pipes",
            "sleep SECONDS </dev/null >/dev/null 2>&1 & exit 1",
            "rejected: the program denies",
        ),
        ("leaves a session that holds its pipes", "setsid sleep SECONDS & exit 0", "alice {}"),
        ("leaves a daemon", "setsid sleep SECONDS </dev/null >/dev/null 2>&1 & exit 0", "alice {}"),
        ("hides in a session", "setsid sleep SECONDS </dev/null >/dev/null 2>&1 & sleep SECONDS", late),
        (
            "forks and forks",
            "for i in 1 2 3 4 5 6 7 8; do (setsid sleep SECONDS & sleep SECONDS) & done; wait",
            late,
        ),
        ("closes its pipes and hangs", "exec <&- >&- 2>&-; exec sleep SECONDS", late),
        ("stops itself", ": SECONDS; kill -STOP $$", late),
    ] {
        let seconds = unique_seconds();
        let text = text.replace("SECONDS", &seconds);
        // Who ends is given time for it, however busy the machine is.
        let limit = if outcome == late { SHORT } else { LONG };
        let told = told(&script(&text).with_limits(limits(limit, 1))).await;
        assert_eq!(told, outcome, "{name}");
        until(name, || !is_alive(&seconds) && !is_alive(&text)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_gone_is_an_error_and_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program");
    fs::copy("/bin/true", &file).unwrap();
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o600);
    let error = ExternalAuthenticator::new(&ProgramOptions::new(&file)).unwrap_err();
    assert!(error.to_string().ends_with("is not a file that this user may run"), "{error}");
    mode(0o700);
    let program = ExternalAuthenticator::new(&ProgramOptions::new(&file)).unwrap();
    let cannot_run = format!("external: cannot run {file:?}");
    mode(0o600);
    assert_eq!(shown(login(&program, "alice", "wonderland").await), cannot_run);
    fs::remove_file(&file).unwrap();
    assert_eq!(shown(login(&program, "alice", "wonderland").await), cannot_run);
    let error = ExternalAuthenticator::new(&ProgramOptions::new(&file)).unwrap_err();
    assert_eq!(error.to_string(), format!("there is no program {file:?}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_logins_at_once_are_few_processes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let text = "mkdir now/$$; ls now | wc -l >> counts; rmdir now/$$";
    let text = format!("cd {} || exit 3; {text}", folder.path().display());
    fs::create_dir(folder.path().join("now")).unwrap();
    let options = script(&text).with_limits(limits(LONG, 4));
    let program = Arc::new(ExternalAuthenticator::new(&options).unwrap());
    let mut logins = JoinSet::new();
    for number in 0..64 {
        let program = Arc::clone(&program);
        logins.spawn(async move { shown(login(&program, &format!("user-{number}"), "x").await) });
    }
    let mut told = logins.join_all().await;
    told.sort();
    let mut expected: Vec<_> = (0..64).map(|number| format!("user-{number} {{}}")).collect();
    expected.sort();
    assert_eq!(told, expected);
    let counts = fs::read_to_string(folder.path().join("counts")).unwrap();
    let counts: Vec<u32> = counts.lines().map(|line| line.trim().parse().unwrap()).collect();
    assert!(counts.len() == 64 && counts.iter().all(|count| *count <= 4), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_takes_the_program_along() {
    let seconds = unique_seconds();
    let text = format!("read user password; [ $user = quick ] || sleep {seconds}");
    let options = script(&text).with_limits(limits(Duration::from_secs(600), 1));
    let program = Arc::new(ExternalAuthenticator::new(&options).unwrap());
    let slow = tokio::spawn({
        let program = Arc::clone(&program);
        async move { login(&program, "slow", "x").await }
    });
    until("it runs", || is_alive(&seconds)).await;
    slow.abort();
    until("it is gone", || !is_alive(&seconds)).await;
    assert_eq!(shown(login(&program, "quick", "x").await), "quick {}", "its place is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_beyond_the_queue_or_the_deadline() {
    let seconds = unique_seconds();
    let limits = ProgramLimits { queue: 0, ..limits(Duration::from_secs(600), 1) };
    let options = script(&format!("exec sleep {seconds}")).with_limits(limits);
    let program = Arc::new(ExternalAuthenticator::new(&options).unwrap());
    let deadline = Deadline::at(Instant::now() + Duration::from_secs(2));
    let first = tokio::spawn({
        let program = Arc::clone(&program);
        async move {
            let credentials = Credentials::password("alice", "wonderland");
            shown(program.authenticate(&AuthnRequest::new(&credentials).with_deadline(deadline)).await)
        }
    });
    until("it runs", || is_alive(&seconds)).await;
    let busy = shown(login(&program, "alice", "wonderland").await);
    assert_eq!(busy, "external: too many are waiting for the program");
    let late = first.await.unwrap();
    assert!(late.starts_with("external: the program has not ended within"), "{late}");
    until("it is gone", || !is_alive(&seconds)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_is_what_was_named() {
    let options = script(r#"printf '{"labels":{"e":["%s"]}}' "$(tr '\0' ' ' </proc/$$/environ)""#);
    let told = told(&options.with_variable("LANG", "C.UTF-8")).await;
    let path = ProgramOptions::PATH;
    let begin = format!(r#"alice {{"e":["LANG=C.UTF-8 PATH={path} TOKEN_AUTH_PROGRAM="#);
    assert!(told.starts_with(&begin), "{told}");
    assert_eq!(told.matches('=').count(), 3, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_it_can_be_told_is_told() {
    let program = ExternalAuthenticator::new(&script("exit 0")).unwrap();
    let refused = "rejected: no account has such a name, or an empty password";
    for (name, password, outcome) in [
        ("alice", "two words", "alice {}"),
        ("two words", "x", "rejected: a user name with a blank in it cannot be told to the program"),
        (
            "alice",
            "x\ny",
            "rejected: a password with a control character in it cannot be told to the program",
        ),
        ("alice\n", "x", refused),
        ("alice", "", refused),
        ("", "x", "abstained"),
    ] {
        assert_eq!(shown(login(&program, name, password).await), outcome, "{name:?} {password:?}");
    }
    let anonymous = AuthnRequest::new(&Credentials::Anonymous);
    assert_eq!(program.authenticate(&anonymous).await.unwrap(), Authn::Abstain);
    let program = program.asked_about_anonymous();
    assert_eq!(shown(program.authenticate(&anonymous).await), " {}");
    let becomes = script(r#"echo '{"account": "root"}'"#).with_form(ProgramForm::Json);
    let becomes = ExternalAuthenticator::new(&becomes).unwrap().asked_about_anonymous();
    assert_eq!(
        shown(becomes.authenticate(&anonymous).await),
        "rejected: the program gives an account to a request without credentials"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_act_as_patterns_unless_told_otherwise() {
    let options = script(r#"echo '{"labels": {"team": ["*"]}}'"#);
    let of = |answer| match answer {
        Authn::Accept(identity) => identity.labels,
        other => panic!("{other:?}"),
    };
    let program = ExternalAuthenticator::new(&options).unwrap();
    let labels = of(login(&program, "alice", "x").await.unwrap());
    assert_eq!(*labels, Labels::new().with("team", LabelValue::dangerous_pattern("*")));
    let labels = of(login(&program.with_literal_labels(), "alice", "x").await.unwrap());
    assert_eq!(*labels, Labels::new().with("team", LabelValue::literal("*")));
}

fn lines(file: &Path) -> usize {
    fs::read_to_string(file).unwrap_or_default().lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_right_password_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let text = format!("echo run >> {}; read user password; [ $password = right ]", runs.display());
    let cached = script(&text).with_cache(Duration::from_secs(3600));
    for (options, expected) in [(cached, 4), (script(&text), 6)] {
        let _ = fs::remove_file(&runs);
        let program = ExternalAuthenticator::new(&options).unwrap();
        for _ in 0..3 {
            assert_eq!(shown(login(&program, "alice", "right").await), "alice {}");
            assert_eq!(shown(login(&program, "alice", "wrong").await), "rejected: the program denies");
        }
        assert_eq!(lines(&runs), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_accounts_are_those_that_it_tells_of_or_has_accepted() {
    let owns = async |program: &ExternalAuthenticator, account: &str| {
        program.owns(&AccountRequest::new(account)).await.unwrap()
    };
    let program = ExternalAuthenticator::new(&script("exit 0")).unwrap();
    assert!(!owns(&program, "alice").await);
    login(&program, "alice", "x").await.unwrap();
    assert!(owns(&program, "alice").await && !owns(&program, "bob").await);

    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let text = format!("echo run >> {}; grep -q alice || exit 2", runs.display());
    let options = script(&text).with_form(ProgramForm::Json);
    let program = ExternalAuthenticator::new(&options).unwrap().answering_about_accounts();
    for _ in 0..3 {
        assert!(owns(&program, "alice").await && !owns(&program, "bob").await);
    }
    assert_eq!(lines(&runs), 2, "it is remembered");
}

async fn access(options: &ProgramOptions, asked: &[&str]) -> String {
    let program = ExternalAuthorizer::new(options).unwrap();
    let asked: ActionSet = asked.iter().copied().collect();
    match program.authorize(&AccessRequest::new("alice", "repository", "team/app", &asked)).await {
        Ok(Authz::Abstain) => "abstained".to_owned(),
        Ok(Authz::Grant(grant)) => format!("granted {}", grant.actions),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_grants_what_was_asked_for_or_nothing() {
    let request = r#"{"Account":"alice","Type":"repository","Name":"team/app","Service":"","IP":"","Actions":["pull","push"],"Labels":null}"#;
    let exactly = format!("[ \"$(cat; echo .)\" = '{request}.' ]");
    for (text, plain, json) in [
        (&*exactly, "granted pull,push", "granted "),
        ("exit 0", "granted pull,push", "granted pull,push"),
        ("exit 1", "granted ", "granted "),
        (
            "exit 2",
            "external program: the program ended with status 2, which means nothing here",
            "abstained",
        ),
        (
            "exit 3",
            "external program: the program ended with status 3, which means nothing here",
            "external program: the program ended with status 3, which means nothing here",
        ),
        (r#"echo '{"actions": ["pull", "delete"]}'"#, "granted pull,push", "granted delete,pull"),
        (
            r#"echo '{"action": ["pull"]}'"#,
            "granted pull,push",
            "external program: the program's output cannot be read: it is not of the form that is documented (line 1, column 9)",
        ),
    ] {
        let asked = ["push", "pull"];
        assert_eq!(access(&script(text), &asked).await, plain, "{text}");
        assert_eq!(access(&script(text).with_form(ProgramForm::Json), &asked).await, json, "{text}");
    }
    let seconds = unique_seconds();
    let hangs = script(&format!("sleep {seconds}")).with_limits(limits(SHORT, 1));
    let late = "external program: the program has not ended within 500 ms, and was killed";
    assert_eq!(access(&hangs, &["pull"]).await, late);
    until("it is gone", || !is_alive(&seconds)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_remembered_for_the_very_same_request() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let text = format!("echo run >> {}", runs.display());
    let program = ExternalAuthorizer::new(&script(&text).with_cache(Duration::from_secs(3600))).unwrap();
    let (pull, push) = (["pull"].into_iter().collect(), ["push"].into_iter().collect());
    for actions in [&pull, &push, &pull, &push] {
        program.authorize(&AccessRequest::new("alice", "repository", "a", actions)).await.unwrap();
    }
    assert_eq!(lines(&runs), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_program_goes_on_where_it_was_and_another_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let options = script(&format!("echo run >> {}", runs.display())).with_cache(LONG * 60);
    let before = ExternalAuthenticator::new(&options).unwrap();
    login(&before, "alice", "x").await.unwrap();
    let made = || ExternalAuthenticator::new(&options).unwrap();
    let other = ExternalAuthenticator::new(&options.clone().with_variable("LANG", "C")).unwrap();
    for (next, expected) in [(made(), 1), (made().with_literal_labels(), 2), (other, 3)] {
        next.succeed(&before);
        login(&next, "alice", "x").await.unwrap();
        assert_eq!(lines(&runs), expected);
    }
}
