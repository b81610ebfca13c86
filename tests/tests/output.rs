//! What the server and its commands do where nobody takes what they write.

use std::fs::File;
use std::io::{Read as _, pipe};
use std::process::Stdio;

use token_auth_tests::{Connection, Place, Process, Server, ServerSetup, docker_auth, until};

/// A server with the usual configuration whose log goes there.
fn logging_to(place: &Place, log: impl Into<Stdio>) -> Server {
    drop(Server::usual(place));
    ServerSetup::new(place).arg("config.yml").log_to(log).start()
}

/// Requests whose log lines are long.
fn ask(server: &Server, count: usize) {
    let mut connection = Connection::open(server.address());
    let long = "x".repeat(2000);
    for _ in 0..count {
        let target =
            format!("/auth?service={long}&client_id={long}&account={long}&scope=repository:{long}:pull");
        let answer = connection.get(&target);
        assert!(answer.status < 500, "{answer}");
    }
}

fn ends(server: Server) {
    server.ask(Some("admin:badmin"), &["repository:app:pull"]).is(200);
    server.signal("TERM");
    server.finish().ok();
}

#[test]
fn a_log_that_cannot_be_written_costs_no_answer() {
    let place = Place::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let server = logging_to(&place, full);
    ask(&server, 20);
    ends(server);

    let (reader, writer) = pipe().unwrap();
    let server = logging_to(&place, writer);
    drop(reader);
    ask(&server, 20);
    ends(server);
}

#[test]
fn a_log_that_nobody_reads_costs_no_answer_and_no_shutdown() {
    let place = Place::new();
    let (_reader, writer) = pipe().unwrap();
    let server = logging_to(&place, writer);
    // A pipe takes 64 KiB, the queue 1 MiB.
    ask(&server, 2000);
    ends(server);
}

#[test]
fn lines_that_were_lost_are_counted_in_the_log() {
    let place = Place::new();
    let (mut reader, writer) = pipe().unwrap();
    let server = logging_to(&place, writer);
    ask(&server, 2000);
    let mut log = Vec::new();
    let mut buffer = [0; 4096];
    until("the count of lost lines", || {
        let read = reader.read(&mut buffer).unwrap();
        log.extend_from_slice(&buffer[..read]);
        let line = log.rsplit(|byte| *byte == b'\n').nth(1).unwrap_or_default();
        String::from_utf8_lossy(line).contains("log lines were lost").then_some(())
    });
    let log = String::from_utf8(log).unwrap();
    drop(reader);
    let line = log.lines().find(|line| line.contains("log lines were lost")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let lost = line.get("lost").and_then(serde_json::Value::as_u64).unwrap();
    let written = log.lines().filter(|line| line.contains("token_auth::access")).count() as u64;
    assert!(lost > 0 && lost + written >= 2000, "{lost} lost, {written} written");
    ends(server);
}

#[test]
fn a_server_whose_output_nobody_reads_serves() {
    let place = Place::new();
    drop(Server::usual(&place));
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut command = docker_auth();
    command.current_dir(place.path()).args(["--listen", "127.0.0.1:0", "--log-format", "json", "config.yml"]);
    let mut process = Process::spawn_into(&mut command, writer, Stdio::piped());
    let url = process.wait_for_stderr("where it listens", |log| {
        let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.filter_map(|line| Some(line.get("url")?.as_str()?.to_owned())).next()
    });
    Connection::open(url.strip_prefix("http://").unwrap()).get("/auth?service=registry");
    process.terminate();
}

#[test]
fn commands_end_quietly_where_nobody_reads_and_complain_where_nothing_can_be_written() {
    let place = Place::new();
    drop(Server::usual(&place));
    let commands = [
        "check config.yml",
        "doctor config.yml",
        "explain config.yml --scope repository:a:pull",
        "hash-password --cost 4",
        "generate-key --key new.key --certificate new.pem",
        "generate-key --help",
        "--help",
        "--version",
    ];
    for arguments in commands {
        let run = |stdout: Stdio| {
            let mut command = docker_auth();
            command.current_dir(place.path()).args(arguments.split(' '));
            let mut process = Process::spawn_into(&mut command, stdout, Stdio::piped());
            if arguments.starts_with("hash-password") {
                process.write("secret\n");
            }
            let _ = std::fs::remove_file(place.at("new.key"));
            let _ = std::fs::remove_file(place.at("new.pem"));
            process.finish()
        };
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let ended = run(writer.into());
        assert_eq!(ended.stderr, "", "{arguments}");
        assert!(matches!(ended.status.code(), Some(0 | 141)), "{arguments}: {ended}");
        if !arguments.ends_with("--help") && arguments != "--version" {
            let full = File::options().write(true).open("/dev/full").unwrap();
            run(full.into()).fails_with("cannot write to standard output");
        }
    }
}

/// A password that nobody has seen would be of no use.
#[test]
fn a_first_start_that_cannot_show_its_password_makes_nothing() {
    let place = Place::new();
    let mut command = docker_auth();
    command.current_dir(place.path()).args(["--listen", "127.0.0.1:0"]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    Process::spawn_into(&mut command, full, Stdio::piped()).finish().fails();
    assert!(!place.at("docker-auth-data/config.yml").exists());
    let server = ServerSetup::bare(place.path()).arg("--listen").arg("127.0.0.1:0").start();
    assert!(server.stdout().contains("password"));
}
