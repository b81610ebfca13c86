use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A slow line to a registry: what clients send takes its time, what they receive does not.
///
/// The answer is the address of its near end; it lasts as long as the test.
pub(super) fn line(to: &str, bytes_per_second: u32) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let to = to.to_owned();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(registry) = TcpStream::connect(&to) else { continue };
            let (from, back) = (client.try_clone().unwrap(), registry.try_clone().unwrap());
            thread::spawn(move || copy(from, registry, Some(bytes_per_second)));
            thread::spawn(move || copy(back, client, None));
        }
    });
    address
}

/// Until one side hangs up; then the other is told.
fn copy(mut from: TcpStream, mut to: TcpStream, bytes_per_second: Option<u32>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if let Some(rate) = bytes_per_second {
            thread::sleep(Duration::from_secs_f64(length as f64 / f64::from(rate)));
        }
        if buffer.get(..length).is_none_or(|read| to.write_all(read).is_err()) {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
