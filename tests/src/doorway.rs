use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;

/// A port that leads to a Unix socket, for programs that know no such sockets.
pub struct Doorway(SocketAddr);

impl Doorway {
    /// One to this socket.
    pub fn to(socket: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let socket = socket.to_owned();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let socket: PathBuf = socket.clone();
                thread::spawn(move || pass(&client, &UnixStream::connect(socket)?));
            }
        });
        Self(address)
    }

    /// `http://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.0)
    }
}

/// Both ways, until the server has said everything.
fn pass(client: &TcpStream, server: &UnixStream) -> io::Result<()> {
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        // Ends with the client, or the server.
        let _ = io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Write)
    });
    io::copy(&mut &*server, &mut &*client)?;
    client.shutdown(Shutdown::Both)
}
