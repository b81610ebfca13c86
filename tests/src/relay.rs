use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A way to a server that can be made bad: what a network does, and a server cannot be made to do.
pub struct Relay {
    address: SocketAddr,
    quality: Arc<Mutex<Quality>>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// Everything arrives.
    Good,
    /// Everything arrives, and what the server says so much later.
    Slow(Duration),
    /// Every connection ends as soon as something is said.
    Cut,
}

impl Relay {
    /// A good way to `HOST:PORT`.
    pub fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let quality = Arc::new(Mutex::new(Quality::Good));
        let (server, shared) = (server.to_owned(), Arc::clone(&quality));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&server) else { continue };
                forward(&client, &server, Arc::clone(&shared), false);
                forward(&server, &client, Arc::clone(&shared), true);
            }
        });
        Self { address, quality }
    }

    /// Where it begins: `HOST:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Makes it better or worse, also for the connections that there are.
    pub fn set(&self, quality: Quality) {
        *self.quality.lock().unwrap() = quality;
    }
}

fn forward(from: &TcpStream, to: &TcpStream, quality: Arc<Mutex<Quality>>, is_answer: bool) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let now = *quality.lock().unwrap();
            match now {
                Quality::Cut => break,
                Quality::Slow(time) if is_answer => thread::sleep(time),
                Quality::Good | Quality::Slow(_) => {}
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        // The other direction ends with this one.
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}
