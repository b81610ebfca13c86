//! Object storage: `tokens.store.s3`, `gcs` or `azure`, or docker_auth's `gcs_token_db`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{Certificate, ClientOptions, ObjectStore, RetryConfig};
use token_auth_core::{Password, Store};

use super::{ServedStore, TokenStoreConfig};
use crate::config::field::Field;
use crate::config::section::Section;
use crate::named_file;
use crate::token_store::object::{BoundedConnector, ObjectOptions, ObjectTokenStore};

/// Object storage: `tokens.store.s3`, `gcs` or `azure`, or docker_auth's `gcs_token_db`.
#[derive(Debug)]
struct ObjectStoreConfig {
    place: Place,
    endpoint: Option<String>,
    allow_http: bool,
    ca_certificate: Option<PathBuf>,
    options: ObjectOptions,
}

/// Which storage, and how it knows us; what is not said comes from the environment, as that storage's own tools take it.
#[derive(Debug)]
enum Place {
    S3 { bucket: String, region: Option<String>, keys: Option<(String, Secret)>, path_style: Option<bool> },
    Gcs { bucket: String, service_account_file: Option<PathBuf> },
    Azure { account: String, container: String, access_key: Option<Secret> },
}

#[derive(Debug)]
enum Secret {
    Here(Password),
    File(PathBuf),
}

pub(super) fn s3(field: &Field<'_>) -> Option<TokenStoreConfig> {
    let section = field.section()?;
    let bucket = name(&section, "bucket");
    let (region, path_style) = (text(&section, "region"), flag(&section, "path_style"));
    let keys = match (
        text(&section, "access_key_id"),
        secret(&section, ["secret_access_key", "secret_access_key_file"]),
    ) {
        (Some(id), Some(secret)) => Some((id, secret)),
        (None, None) => None,
        (Some(_), None) => {
            section.missing("secret_access_key_file", "is required beside `access_key_id`");
            None
        }
        (None, Some(_)) => {
            section.missing("access_key_id", "is required beside the secret");
            None
        }
    };
    rest(section, bucket.map(|bucket| Place::S3 { bucket, region, keys, path_style }))
}

pub(super) fn gcs(field: &Field<'_>) -> Option<TokenStoreConfig> {
    let section = field.section()?;
    let bucket = name(&section, "bucket");
    let service_account_file = text(&section, "service_account_file").map(PathBuf::from);
    rest(section, bucket.map(|bucket| Place::Gcs { bucket, service_account_file }))
}

pub(super) fn azure(field: &Field<'_>) -> Option<TokenStoreConfig> {
    let section = field.section()?;
    let (account, container) = (name(&section, "account"), name(&section, "container"));
    let access_key = secret(&section, ["access_key", "access_key_file"]);
    let place = account.zip(container);
    rest(section, place.map(|(account, container)| Place::Azure { account, container, access_key }))
}

/// `gcs_token_db`: the same bucket, in which docker_auth's own objects are left alone.
pub(super) fn gcs_token_db(field: &Field<'_>) -> Option<TokenStoreConfig> {
    let section = field.section()?;
    super::docker_auth::hash_cost(&section);
    let bucket = name(&section, "bucket");
    let service_account_file = text(&section, "client_secret_file").map(PathBuf::from);
    rest(section, bucket.map(|bucket| Place::Gcs { bucket, service_account_file }))
}

fn name(section: &Section<'_>, key: &'static str) -> Option<String> {
    Some(section.require(key)?.filled()?.to_owned())
}

fn text(section: &Section<'_>, key: &'static str) -> Option<String> {
    Some(section.get(key)?.filled()?.to_owned())
}

fn flag(section: &Section<'_>, key: &'static str) -> Option<bool> {
    section.get(key)?.flag()
}

/// A secret that stands there, or in a file.
fn secret(section: &Section<'_>, [here, file]: [&'static str; 2]) -> Option<Secret> {
    let (here, file) = (section.get(here), section.get(file));
    if let (Some(here), Some(_)) = (&here, &file) {
        here.error("stands beside a file for the same: keep one of them");
    }
    let here = here.and_then(|field| Some(Secret::Here(Password::new(field.filled()?))));
    here.or_else(|| Some(Secret::File(file?.filled()?.into())))
}

/// What is there in each kind.
fn rest(section: Section<'_>, place: Option<Place>) -> Option<TokenStoreConfig> {
    let mut options = ObjectOptions::default();
    if let Some(prefix) = section.get("prefix").and_then(|field| field.text()) {
        prefix.clone_into(&mut options.prefix);
    }
    if let Some(timeout) = section.get("timeout").and_then(|field| field.duration()) {
        options.timeout = timeout;
    }
    if let Some(most) = super::answer_bytes(&section) {
        options.answer_bytes = most;
    }
    let allow_http = flag(&section, "allow_http").unwrap_or(false);
    let endpoint = section.get("endpoint");
    if let Some(field) = &endpoint
        && field.text().is_some_and(|endpoint| endpoint.starts_with("http://"))
    {
        match allow_http {
            false => field.error("must begin with https://, unless `allow_http` is set"),
            true => field.warn("is not encrypted: whoever can change what it answers can make tokens"),
        }
    }
    let endpoint = endpoint.and_then(|field| field.filled()).map(str::to_owned);
    let ca_certificate = text(&section, "ca_certificate").map(PathBuf::from);
    section.finish();
    let config = ObjectStoreConfig { place: place?, endpoint, allow_http, ca_certificate, options };
    Some(TokenStoreConfig::served(config))
}

impl ObjectStoreConfig {
    /// The storage, which is not asked for anything yet.
    fn storage(&self) -> Result<Arc<dyn ObjectStore>, String> {
        let Self { place, endpoint, allow_http, ca_certificate, options } = self;
        let mut client = ClientOptions::new()
            .with_allow_http(*allow_http)
            .with_timeout(options.timeout)
            .with_connect_timeout(options.timeout.min(Duration::from_secs(2)));
        if let Some(file) = ca_certificate {
            let pem = named_file::read(file, named_file::PEM_BYTES)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            let certificates = Certificate::from_pem_bundle(&pem);
            for certificate in certificates.map_err(|error| format!("{}: {error}", file.display()))? {
                client = client.with_root_certificate(certificate);
            }
        }
        let connector = BoundedConnector::new(options.answer_bytes);
        let retry = RetryConfig { max_retries: 3, retry_timeout: options.timeout, ..RetryConfig::default() };
        let failed = |error: object_store::Error| error.to_string();
        Ok(match place {
            Place::S3 { bucket, region, keys, path_style } => {
                let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
                if let Some(region) = region {
                    builder = builder.with_region(region);
                }
                if let Some(endpoint) = endpoint {
                    builder = builder.with_endpoint(endpoint);
                }
                if let Some((id, secret)) = keys {
                    builder = builder.with_access_key_id(id).with_secret_access_key(secret.read()?.expose());
                }
                if let Some(path_style) = path_style {
                    builder = builder.with_virtual_hosted_style_request(!path_style);
                }
                Arc::new(
                    builder
                        .with_http_connector(connector)
                        .with_client_options(client)
                        .with_retry(retry)
                        .build()
                        .map_err(failed)?,
                )
            }
            Place::Gcs { bucket, service_account_file } => {
                let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
                if let Some(endpoint) = endpoint {
                    builder = builder.with_base_url(endpoint);
                }
                if let Some(file) = service_account_file {
                    let key = named_file::read_text(file, named_file::SECRET_BYTES);
                    let key = key.map_err(|error| format!("{}: {error}", file.display()))?;
                    builder = builder.with_service_account_key(key);
                }
                Arc::new(
                    builder
                        .with_http_connector(connector)
                        .with_client_options(client)
                        .with_retry(retry)
                        .build()
                        .map_err(failed)?,
                )
            }
            Place::Azure { account, container, access_key } => {
                let mut builder =
                    MicrosoftAzureBuilder::from_env().with_account(account).with_container_name(container);
                if let Some(endpoint) = endpoint {
                    builder = builder.with_endpoint(endpoint.clone());
                }
                if let Some(key) = access_key {
                    builder = builder.with_access_key(key.read()?.expose());
                }
                Arc::new(
                    builder
                        .with_http_connector(connector)
                        .with_client_options(client)
                        .with_retry(retry)
                        .build()
                        .map_err(failed)?,
                )
            }
        })
    }
}

impl ServedStore for ObjectStoreConfig {
    fn open(&self) -> Result<Arc<dyn Store>, String> {
        let store = ObjectTokenStore::new(self.storage()?, &self.options);
        Ok(Arc::new(store.map_err(|error| error.to_string())?))
    }

    fn examine(&self) -> Result<(), String> {
        self.storage().map(drop)
    }
}

impl Secret {
    fn read(&self) -> Result<Password, String> {
        match self {
            Self::Here(secret) => Ok(secret.clone()),
            Self::File(path) => super::secret(path),
        }
    }
}
