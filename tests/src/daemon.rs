use std::net::TcpListener;
use std::process::Command;

use crate::{Process, until};

/// A program that serves on a port of 127.0.0.1, and that can be killed and started again there. It is killed when this
/// is dropped.
pub struct Daemon {
    process: Option<Process>,
    command: Box<dyn Fn(u16) -> Command + Send + Sync>,
    ready: &'static str,
    /// Where it listens.
    pub port: u16,
}

impl Daemon {
    /// Starts a program on a free port, and waits until it prints that it is ready, in these words.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn start(ready: &'static str, command: impl Fn(u16) -> Command + Send + Sync + 'static) -> Self {
        // A port that was free may be taken in between.
        let (process, port) = (0..10)
            .find_map(|_| {
                let port = free_port();
                Some((spawn(command(port), ready)?, port))
            })
            .expect("the program does not start");
        Self { process: Some(process), command: Box::new(command), ready, port }
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends a signal, by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        self.process.as_ref().expect("it runs").signal(name);
    }

    /// Kills it, so that it has no time to put anything in order.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Kills it if it runs, and starts it again on the same port.
    pub fn restart(&mut self) {
        self.kill();
        // What a killed program leaves behind may hold the new one back for a moment.
        let process = until("the program to start again", || spawn((self.command)(self.port), self.ready));
        self.process = Some(process);
    }
}

/// `None` when it ends before it is ready.
fn spawn(mut command: Command, ready: &str) -> Option<Process> {
    let mut process = Process::spawn(&mut command);
    let is_ready = until("a program to be ready", || {
        let says = process.stdout().contains(ready) || process.stderr().contains(ready);
        if says { Some(true) } else { process.has_ended().then_some(false) }
    });
    is_ready.then_some(process)
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
