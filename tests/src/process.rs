use std::fmt;
use std::io::{Read, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take. Far more than it should, for machines under load.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// A program that runs beside the test, and is killed when this is dropped.
pub struct Process {
    name: String,
    child: Child,
    stdout: Transcript,
    stderr: Transcript,
}

impl Process {
    /// Starts it, with nothing to read and its output kept.
    pub fn spawn(command: &mut Command) -> Self {
        Self::spawn_into(command, Stdio::piped(), Stdio::piped())
    }

    /// The same with other places for its output; nothing of what goes there is kept.
    pub fn spawn_into(command: &mut Command, stdout: impl Into<Stdio>, stderr: impl Into<Stdio>) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let stdout = child.stdout.take().map_or_else(Transcript::nothing, Transcript::of);
        let stderr = child.stderr.take().map_or_else(Transcript::nothing, Transcript::of);
        Self { name, child, stdout, stderr }
    }

    /// Writes to its standard input.
    pub fn write(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin
            .write_all(text.as_bytes())
            .unwrap_or_else(|error| panic!("{} does not read: {error}", self.name));
    }

    /// Its standard input; it ends when that is dropped.
    fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it complained of so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until `find` finds what it looks for in the whole lines of standard output.
    pub fn wait_for_stdout<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        self.wait_for(&self.stdout, what, find)
    }

    /// Waits until `find` finds what it looks for in the whole lines of standard error.
    pub fn wait_for_stderr<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        self.wait_for(&self.stderr, what, find)
    }

    /// The same, but that it may end before: then there is nothing.
    pub fn watch_stderr<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.stderr.wait_for(find)
    }

    fn wait_for<T>(&self, transcript: &Transcript, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        transcript.wait_for(find).unwrap_or_else(|| panic!("{} did not print {what}\n{self}", self.name))
    }

    /// Sends a signal, by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success(), "cannot send SIG{name} to {}", self.name);
    }

    /// Asks it to end, and waits until it has.
    pub fn terminate(&mut self) {
        self.signal("TERM");
        until(&format!("{} to end", self.name), || self.child.try_wait().unwrap());
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end, and for the end of what it prints.
    pub fn finish(mut self) -> Finished {
        drop(self.child.stdin.take());
        let status = until(&format!("{} to end", self.name), || self.child.try_wait().unwrap());
        self.stdout.wait_for_end();
        self.stderr.wait_for_end();
        Finished { name: self.name.clone(), status, stdout: self.stdout(), stderr: self.stderr() }
    }
}

#[expect(clippy::print_stderr, reason = "the test runner shows what a failed test printed")]
impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("{self}");
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Output { name: &self.name, stdout: &self.stdout(), stderr: &self.stderr() })
    }
}

/// A program that has ended.
pub struct Finished {
    name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

impl Finished {
    /// Asserts that it succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.status.success(), "{} should have succeeded\n{self}", self.status);
        self
    }

    /// Asserts that it failed by its own decision (not by a signal).
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(
            self.status.code().is_some_and(|code| code != 0),
            "{} should have failed\n{self}",
            self.status
        );
        self
    }

    /// Asserts that it failed, and that it told why in these words.
    #[track_caller]
    pub fn fails_with(self, words: &str) -> Self {
        let this = self.fails();
        let said = format!("{}{}", this.stdout, this.stderr).to_lowercase();
        assert!(said.contains(&words.to_lowercase()), "should have said {words:?}\n{this}");
        this
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Output { name: &self.name, stdout: &self.stdout, stderr: &self.stderr })
    }
}

/// Runs a program to its end.
pub fn run(command: &mut Command, stdin: &str) -> Finished {
    let mut process = Process::spawn(command);
    // A program that ends without reading has decided already.
    let _ = process.stdin().write_all(stdin.as_bytes());
    process.finish()
}

/// Asks again and again until there is an answer.
///
/// # Panics
///
/// When there is none before the [`DEADLINE`].
#[track_caller]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

struct Output<'a> {
    name: &'a str,
    stdout: &'a str,
    stderr: &'a str,
}

impl fmt::Display for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, stdout, stderr } = self;
        write!(f, "--- {name}: standard output\n{}", end_of(stdout))?;
        write!(f, "--- {name}: standard error\n{}---", end_of(stderr))
    }
}

/// The last lines of a text, none too long: enough to see what happened.
fn end_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(20)..].iter();
    last.map(|line| line.chars().take(500).chain(['\n']).collect::<String>()).collect()
}

/// What a program prints, read as it comes.
#[derive(Clone, Default)]
struct Transcript(Arc<(Mutex<Text>, Condvar)>);

#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    ended: bool,
}

impl Transcript {
    fn of(mut source: impl Read + Send + 'static) -> Self {
        let transcript = Self::default();
        let Self(shared) = transcript.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let read = source.read(&mut buffer).unwrap_or(0);
                let mut text = shared.0.lock().unwrap();
                text.bytes.extend_from_slice(&buffer[..read]);
                text.ended = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        transcript
    }

    fn nothing() -> Self {
        let transcript = Self::default();
        transcript.0.0.lock().unwrap().ended = true;
        transcript
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.0.lock().unwrap().bytes).into_owned()
    }

    fn wait_for_end(&self) {
        self.wait(|text| text.ended.then_some(()));
    }

    fn wait_for<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.wait(|text| {
            let lines = text.bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            let found = find(&String::from_utf8_lossy(&text.bytes[..lines]));
            if found.is_some() || text.ended { Some(found) } else { None }
        })?
    }

    /// Until `decide` decides, or the deadline has passed.
    fn wait<T>(&self, decide: impl Fn(&Text) -> Option<T>) -> Option<T> {
        let end = Instant::now() + DEADLINE;
        let (text, changed) = &*self.0;
        let mut text = text.lock().unwrap();
        loop {
            if let Some(decision) = decide(&text) {
                return Some(decision);
            }
            let left = end.checked_duration_since(Instant::now())?;
            text = changed.wait_timeout(text, left).unwrap().0;
        }
    }
}
