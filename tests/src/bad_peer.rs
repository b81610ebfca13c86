use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// What a server does on each connection, whatever it is asked.
#[derive(Clone, Debug)]
pub struct BadPeer {
    waits: bool,
    begin: Vec<u8>,
    end: End,
}

#[derive(Clone, Debug)]
enum End {
    Close,
    Silence,
    Forever(Vec<u8>),
    Slowly(Vec<u8>),
}

impl BadPeer {
    /// Says this as soon as it is asked for the first time, and closes.
    pub fn saying(begin: impl Into<Vec<u8>>) -> Self {
        Self { waits: true, begin: begin.into(), end: End::Close }
    }

    /// Does not wait for a question.
    #[must_use]
    pub fn first(self) -> Self {
        Self { waits: false, ..self }
    }

    /// Then keeps the connection open, and says nothing.
    #[must_use]
    pub fn then_nothing(self) -> Self {
        Self { end: End::Silence, ..self }
    }

    /// Then repeats this without an end.
    #[must_use]
    pub fn then_forever(self, again: &[u8]) -> Self {
        Self { end: End::Forever(again.repeat(1 + 65536 / again.len())), ..self }
    }

    /// Then says this, a byte at a time, twenty a second.
    #[must_use]
    pub fn then_slowly(self, rest: impl Into<Vec<u8>>) -> Self {
        Self { end: End::Slowly(rest.into()), ..self }
    }

    /// Listens until the test ends, at this `HOST:PORT`.
    pub fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let this = Arc::new(self);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let this = Arc::clone(&this);
                // Whoever hangs up has heard enough.
                thread::spawn(move || this.serve(stream));
            }
        });
        address
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        if self.waits {
            let _ = stream.read(&mut [0; 65536])?;
        }
        self.answer(&mut stream)
    }

    /// The same on a connection that a test serves itself, where it is at fault only later on; see [`Peer`](crate::Peer).
    ///
    /// # Errors
    ///
    /// When the client is gone.
    pub fn answer(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.write_all(&self.begin)?;
        match &self.end {
            End::Close => Ok(()),
            End::Silence => io::copy(stream, &mut io::sink()).map(drop),
            End::Forever(again) => loop {
                stream.write_all(again)?;
            },
            End::Slowly(rest) => rest.chunks(1).try_for_each(|byte| {
                thread::sleep(Duration::from_millis(50));
                stream.write_all(byte)
            }),
        }
    }
}
