use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use crate::{Answer, DEADLINE};

/// A connection on which a test says exactly what it means to say.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Connects to `HOST:PORT`.
    pub fn open(address: &str) -> Self {
        Self::try_open(address).unwrap()
    }

    /// The same, where nobody may be listening.
    ///
    /// # Errors
    ///
    /// When nobody is.
    pub fn try_open(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends these bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.try_send(bytes).unwrap();
        self
    }

    /// The same, where the other side may have hung up.
    ///
    /// # Errors
    ///
    /// When it has.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes.as_ref())
    }

    /// Says that nothing more will be sent.
    pub fn finish(&mut self) {
        // Fails where the other side has hung up.
        let _ = self.0.get_mut().shutdown(Shutdown::Write);
    }

    /// Sends a GET without content, and reads its answer.
    #[track_caller]
    pub fn get(&mut self, target: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: tests\r\n\r\n")).answer()
    }

    /// Reads one answer.
    ///
    /// # Panics
    ///
    /// When the connection ends before it does.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        self.try_answer().expect("an answer")
    }

    /// The same, where the other side may have hung up.
    pub fn try_answer(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if self.0.read_until(b'\n', &mut head).ok()? == 0 {
                return None;
            }
        }
        let mut answer = Answer::parse(&String::from_utf8_lossy(&head));
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        answer.body = String::from_utf8(body).unwrap();
        Some(answer)
    }

    /// Waits until the other side hangs up; what it said before is given back.
    ///
    /// # Panics
    ///
    /// When it does not before the [`DEADLINE`].
    #[track_caller]
    pub fn until_closed(&mut self) -> String {
        let mut text = Vec::new();
        match self.0.read_to_end(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            Err(error) => panic!("the connection stays open: {error}"),
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}
