//! Who asks.

use std::io;

use tokio::net::UnixStream;

/// The process at the other end of a socket when it connected, as the kernel knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) uid: u32,
    /// Not every system tells.
    pub(super) pid: Option<i32>,
}

impl Caller {
    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        Ok(Self { uid: credentials.uid(), pid: credentials.pid() })
    }
}
