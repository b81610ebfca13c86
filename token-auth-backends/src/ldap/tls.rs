//! The settings of TLS, kept up to date with their files.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use rustls::ClientConfig;

use super::LdapTls;
use crate::FileStamps;
use crate::named_file;
use crate::peer_tls::{Material, TlsError, Verify};

/// The settings of TLS, made again when one of their files has changed.
pub(super) struct TlsSource {
    options: LdapTls,
    made: Mutex<Made>,
}

struct Made {
    stamps: FileStamps,
    config: Arc<ClientConfig>,
    /// A digest of what is trusted and shown.
    content: Vec<u8>,
}

impl TlsSource {
    /// Reads the files.
    pub(super) fn new(options: LdapTls) -> Result<Self, String> {
        let made = Mutex::new(Made::new(&options, stamps(&options))?);
        Ok(Self { options, made })
    }

    /// Whether the same is trusted and shown, be it by files or by the system.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let content = |source: &Self| source.lock().content.clone();
        content(self) == content(other)
    }

    /// The present settings. Blocks while it looks at the files.
    pub(super) fn present(&self) -> Result<Arc<ClientConfig>, String> {
        let stamps = stamps(&self.options);
        let mut made = self.lock();
        if made.stamps != stamps {
            *made = Made::new(&self.options, stamps)?;
        }
        Ok(Arc::clone(&made.config))
    }

    fn lock(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Made {
    fn new(options: &LdapTls, stamps: FileStamps) -> Result<Self, String> {
        let mut content = Context::new(&SHA256);
        let config = Arc::new(config(options, &mut content)?);
        Ok(Self { stamps, config, content: content.finish().as_ref().to_owned() })
    }
}

/// Taken before the files are read, so that a change meanwhile is found the next time.
fn stamps(options: &LdapTls) -> FileStamps {
    let client = options.client.iter().flat_map(|(certificate, key)| [certificate, key]);
    FileStamps::of(options.ca_file.iter().chain(client))
}

/// Hands what is trusted and shown to `content`.
fn config(options: &LdapTls, content: &mut Context) -> Result<ClientConfig, String> {
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
    let material = Material { verify, authorities, client };
    material.config_telling(&mut |part| content.update(part)).map_err(|error| {
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
