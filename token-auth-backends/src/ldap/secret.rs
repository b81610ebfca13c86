//! A password in a file.

use std::path::Path;

use token_auth_core::Password;
use zeroize::Zeroizing;

use crate::named_file;

/// The password in a file, without the white space around it.
pub(super) fn read(file: &Path) -> Result<Password, String> {
    let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
    let text = named_file::read_text(file, named_file::SECRET_BYTES).map_err(|error| failed(&error))?;
    let text = Zeroizing::new(text);
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
