//! The settings of TLS, kept up to date with their files.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;

use super::LdapTls;
use crate::named_file;
use crate::peer_tls::{Material, TlsError, Verify};
use crate::stamp::FileStamp;

/// The settings of TLS, made again when one of their files has changed.
pub(super) struct TlsSource {
    options: LdapTls,
    made: Mutex<(Vec<Option<FileStamp>>, Arc<ClientConfig>)>,
}

impl TlsSource {
    /// Reads the files.
    pub(super) fn new(options: LdapTls) -> Result<Self, String> {
        let made = Mutex::new((stamps(&options), Arc::new(config(&options)?)));
        Ok(Self { options, made })
    }

    /// The present settings. Blocks while it looks at the files.
    pub(super) fn present(&self) -> Result<Arc<ClientConfig>, String> {
        let stamps = stamps(&self.options);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.0 != stamps {
            *made = (stamps, Arc::new(config(&self.options)?));
        }
        Ok(Arc::clone(&made.1))
    }
}

/// Taken before the files are read, so that a change meanwhile is found the next time.
fn stamps(options: &LdapTls) -> Vec<Option<FileStamp>> {
    let client = options.client.iter().flat_map(|(certificate, key)| [certificate, key]);
    options.ca_file.iter().chain(client).map(FileStamp::of).collect()
}

fn config(options: &LdapTls) -> Result<ClientConfig, String> {
    let verify = if options.dangerous_skip_verify { Verify::DangerousNothing } else { Verify::Full };
    let authorities = match &options.ca_file {
        // What is not looked at is not read either.
        Some(file) if verify == Verify::Full => Some(read(file)?),
        _ => None,
    };
    let client = match &options.client {
        Some((certificate, key)) => Some((read(certificate)?, read(key)?)),
        None => None,
    };
    Material { verify, authorities, client }.config().map_err(|error| {
        let certificate = options.client.as_ref().map(|(certificate, _)| certificate);
        let key = options.client.as_ref().map(|(_, key)| key);
        let file = match error {
            TlsError::Authorities(_) => options.ca_file.as_ref(),
            TlsError::ClientCertificate(_) => certificate,
            TlsError::ClientKey => key,
            TlsError::Library(_) => None,
        };
        file.map_or_else(|| error.to_string(), |file| failed(file, &error))
    })
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    named_file::read(file, named_file::PEM_BYTES).map_err(|error| failed(file, error))
}

fn failed(file: &Path, why: impl std::fmt::Display) -> String {
    format!("{}: {why}", file.display())
}
