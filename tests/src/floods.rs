//! HTTP/2 frames without an end, as no client sends them: each flood is ended by the server, or costs it nothing that lasts, and keeps
//! nobody else out.

use std::fmt;
use std::io::{self, Write as _};
use std::net::TcpStream;
use std::thread;

use crate::http2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, PRIORITY, RST_STREAM, SETTINGS,
    WHOLE, WINDOW_UPDATE, frame, get,
};
use crate::{Connection, DEADLINE, Server};

/// How long each flood is.
#[derive(Clone, Copy, Debug)]
pub struct Floods {
    /// Frames, or pairs of frames.
    pub frames: u32,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct FloodsReport {
    /// By what was sent: how many frames the server took, and whether it hung up.
    pub floods: Vec<(&'static str, u32, bool)>,
    /// Which should have been ended, or shut others out, or left something in memory.
    pub wrong: Vec<String>,
}

/// What is sent.
struct Flood {
    name: &'static str,
    /// What comes first.
    first: Vec<u8>,
    /// The frame of this number, from 0.
    frame: fn(u32) -> Vec<u8>,
    /// Whether the server has to hang up.
    ends: bool,
}

const TARGET: &str = "/auth?service=registry&scope=repository:a/b:pull";
/// Far above what a connection takes, and far below what keeping it all would.
const ROOM: u64 = 64 << 20;

fn stream(number: u32) -> u32 {
    2 * number + 1
}

fn floods() -> Vec<Flood> {
    let after = |first: Vec<u8>, name, ends, frame| Flood { name, first, frame, ends };
    let flood = |name, ends, frame| after(Vec::new(), name, ends, frame);
    let begun = || frame(HEADERS, END_STREAM, 1, &get(TARGET));
    let post = || frame(HEADERS, END_HEADERS, 1, &[&[0x83][..], &get(TARGET)[1..]].concat());
    vec![
        flood("requests that are given up", true, |number| {
            let given_up = frame(RST_STREAM, 0, stream(number), &8_u32.to_be_bytes());
            [frame(HEADERS, WHOLE, stream(number), &get(TARGET)), given_up].concat()
        }),
        flood("requests that the server has to give up", true, |number| {
            let fault = frame(WINDOW_UPDATE, 0, stream(number), &[0; 4]);
            [frame(HEADERS, WHOLE, stream(number), &get(TARGET)), fault].concat()
        }),
        after(begun(), "headers that go on", true, |_| frame(CONTINUATION, 0, 1, b"\x00\x01a\x0abbbbbbbbbb")),
        after(begun(), "headers that go on with nothing", true, |_| frame(CONTINUATION, 0, 1, b"")),
        after(large(), "headers that stand for large ones", false, |number| {
            let fields = [&get(TARGET), &[0xbe; 8000][..]].concat();
            frame(HEADERS, WHOLE, stream(number + 1), &fields)
        }),
        after(post(), "content of nothing", false, |_| frame(DATA, 0, 1, b"")),
        after(post(), "content of padding", false, |_| frame(DATA, 8, 1, &[200; 201])),
        flood("pings", false, |_| frame(PING, 0, 0, b"12345678")),
        flood("settings", false, |_| frame(SETTINGS, 0, 0, b"")),
        flood("settings of the table of headers", false, |number| {
            let size = if number.is_multiple_of(2) { [0; 4] } else { 65_536_u32.to_be_bytes() };
            frame(SETTINGS, 0, 0, &[&[0, 1][..], &size].concat())
        }),
        flood("priorities", false, |number| frame(PRIORITY, 0, stream(number), &[0, 0, 0, 0, 16])),
        flood("windows that grow", false, |_| frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes())),
        flood("windows that grow by nothing", true, |_| frame(WINDOW_UPDATE, 0, 0, &[0; 4])),
        flood("frames that nobody knows", false, |_| frame(0xfa, 0xff, 0, &[0; 100])),
    ]
}

/// A request whose last header field, of nearly 4 KiB, is kept for the next ones (RFC 7541, section 6.2.1).
fn large() -> Vec<u8> {
    let length: u16 = 3900;
    let rest = length - 127;
    let length_rest = [0x80 | rest.to_le_bytes()[0] & 0x7f, u8::try_from(rest >> 7).unwrap()];
    let value = vec![b'a'; usize::from(length)];
    let field = [&[0x40, 1, b'x', 0x7f][..], &length_rest, &value].concat();
    frame(HEADERS, WHOLE, 1, &[get(TARGET), field].concat())
}

impl Floods {
    /// Floods this server, with one kind after the other.
    pub fn run(self, server: &Server) -> FloodsReport {
        let mut report = FloodsReport::default();
        for flood in floods() {
            let before = server.memory();
            let sent = self.send(&flood, server.address());
            let hung_up = sent < self.frames;
            report.floods.push((flood.name, sent, hung_up));
            if flood.ends && !hung_up {
                report.wrong.push(format!("{}: it goes on", flood.name));
            }
            let after = server.memory();
            if after > before + ROOM {
                report.wrong.push(format!("{}: {before} bytes became {after}", flood.name));
            }
        }
        report
    }

    /// How many frames the server took.
    fn send(self, flood: &Flood, address: &str) -> u32 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        let mut answers = stream.try_clone().unwrap();
        let reader = thread::spawn(move || io::copy(&mut answers, &mut io::sink()));
        let mut send = |bytes: &[u8]| match stream.write_all(bytes) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                panic!("{}: the server neither reads nor hangs up", flood.name)
            }
            Err(_) => false,
        };
        let mut sent = 0;
        let first = [PREFACE, &frame(SETTINGS, 0, 0, b""), &flood.first].concat();
        let mut goes_on = send(&first);
        while goes_on && sent < self.frames {
            let next = sent.saturating_add(100).min(self.frames);
            let frames: Vec<u8> = (sent..next).flat_map(flood.frame).collect();
            goes_on = send(&frames);
            sent = if goes_on { next } else { sent };
            if sent == self.frames / 2 || !goes_on {
                // Meanwhile others are served.
                Connection::open(address).get("/auth?service=registry").is(200);
            }
        }
        // Of a server that has hung up nothing more comes.
        let ended = !goes_on || reader.is_finished();
        let _ = stream.shutdown(std::net::Shutdown::Both);
        let _ = reader.join().unwrap();
        if ended { sent.min(self.frames - 1) } else { sent }
    }
}

impl fmt::Display for FloodsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, sent, hung_up) in &self.floods {
            writeln!(f, "{sent:>10} × {name}{}", if *hung_up { ", then it hung up" } else { "" })?;
        }
        self.wrong.iter().try_for_each(|wrong| writeln!(f, "WRONG: {wrong}"))
    }
}
