//! HTTP/2 frame by frame.

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::DEADLINE;

/// What a client says first, without its settings (RFC 9113, section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
/// A request without content.
pub(crate) const WHOLE: u8 = END_STREAM | END_HEADERS;

/// A frame (RFC 9113, section 4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, content].concat()
}

/// The header fields of a GET for this path (RFC 7541): the path has fewer than 127 bytes.
pub(crate) fn get(path: &str) -> Vec<u8> {
    let mut fields = vec![0x82, 0x86];
    for (name, value) in [(0x01, "tests"), (0x04, path)] {
        fields.extend([name, u8::try_from(value.len()).unwrap()]);
        fields.extend(value.as_bytes());
    }
    fields
}

/// An HTTP/2 connection (without TLS) frame by frame, for what no library would do.
pub struct Http2(BufReader<TcpStream>);

impl Http2 {
    /// Connects to `HOST:PORT`; the server may send so much of an answer before it is asked for more.
    pub fn open(address: &str, window: u32) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut this = Self(BufReader::new(stream));
        this.0.get_mut().write_all(PREFACE).unwrap();
        // SETTINGS_INITIAL_WINDOW_SIZE
        let setting = [&[0, 4][..], &window.to_be_bytes()].concat();
        this.send(SETTINGS, 0, 0, &setting).unwrap();
        this
    }

    /// Asks for this, on this stream (odd, ascending).
    pub fn get(&mut self, stream: u32, path: &str) -> &mut Self {
        self.send(HEADERS, WHOLE, stream, &get(path)).unwrap();
        self
    }

    /// Answers pings as one must, and does nothing else, until the server hangs up; whether it took its leave before.
    ///
    /// # Panics
    ///
    /// When it does not hang up before the [`DEADLINE`].
    #[track_caller]
    pub fn idle(&mut self) -> bool {
        let end = std::time::Instant::now() + DEADLINE;
        let mut goodbye = false;
        loop {
            assert!(std::time::Instant::now() < end, "the connection stays open");
            match self.frame() {
                Ok((GOAWAY, ..)) => goodbye = true,
                Ok((kind @ (SETTINGS | PING), flags, content)) if flags & ACK == 0 => {
                    let content = if kind == PING { &content[..] } else { &[] };
                    // It may have hung up meanwhile.
                    let _ = self.send(kind, ACK, 0, content);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    panic!("the connection stays open")
                }
                Err(_) => return goodbye,
            }
        }
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, content: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(&frame(kind, flags, stream, content))
    }

    fn frame(&mut self) -> io::Result<(u8, u8, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head)?;
        let mut content =
            vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        self.0.read_exact(&mut content)?;
        Ok((head[3], head[4], content))
    }
}
