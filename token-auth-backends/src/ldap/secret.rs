//! A password in a file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use token_auth_core::Password;
use zeroize::Zeroizing;

const MAX_BYTES: u64 = 64 * 1024;

/// The password in a file, without the white space around it.
pub(super) fn read(file: &Path) -> Result<Password, String> {
    let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
    let mut text = Zeroizing::new(String::new());
    let opened = File::open(file).map_err(|error| failed(&error))?;
    opened.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| failed(&error))?;
    match text.trim() {
        // A bind without a password is anonymous, and succeeds (RFC 4513, section 5.1.2).
        "" => Err(failed(&"holds no password")),
        password => Ok(Password::new(password)),
    }
}

/// The same off the reactor.
pub(super) async fn read_again(file: &Path) -> Result<Password, String> {
    let file = file.to_owned();
    tokio::task::spawn_blocking(move || read(&file)).await.map_err(|error| error.to_string())?
}
