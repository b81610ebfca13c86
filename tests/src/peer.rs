//! Peers that a test serves by itself, and what they need to misbehave.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// A server that does with each connection what a test wants. It listens until the test program ends.
pub struct Peer(SocketAddr);

impl Peer {
    /// One that does this with each connection, in a thread of its own. An error, such as that of a client that went away, ends the
    /// connection.
    pub fn start(serve: impl Fn(&mut TcpStream) -> io::Result<()> + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut client in listener.incoming().map_while(Result::ok) {
                let serve = serve.clone();
                thread::spawn(move || serve(&mut client));
            }
        });
        Self(address)
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> String {
        self.0.to_string()
    }
}

/// Bytes that no protocol is made of, the same for the same seed.
pub fn garbage(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(step).take(length).collect()
}

/// The most memory that this process has had resident, in bytes.
pub fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says so");
    let kilobytes: usize = line.trim().trim_end_matches(" kB").trim().parse().unwrap();
    kilobytes * 1024
}
