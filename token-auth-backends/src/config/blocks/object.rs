//! How object storage is reached.

use crate::config::kind::{Key, Kind};

/// What is there in each kind.
pub(super) const COMMON: &[Key] = &[
    super::token_db::ANSWER_BYTES,
    Key::new("prefix", Kind::Text, "What the names of all objects begin with.").default("token-auth"),
    Key::new("timeout", Kind::TIME, "How long a request may take, with its repetitions.").default("5s"),
    Key::new("endpoint", Kind::Text, "Where the storage is, if it is not the provider's own.")
        .example("https://storage.example.com"),
    Key::new(
        "allow_http",
        Kind::Flag,
        "Whether the endpoint may be without TLS: whoever is on the way can make tokens.",
    )
    .default("false"),
    Key::new("ca_certificate", Kind::File, "Certificates (PEM) that are trusted beside those of the system.")
        .example("/etc/docker-auth/storage-ca.pem"),
];

pub(super) const S3: Kind = Kind::Keys(&[
    &[
        Key::new("bucket", Kind::Text, "The bucket.").required().example("acme-tokens"),
        Key::new("region", Kind::Text, "Its region; by default `AWS_REGION` of the environment.")
            .example("eu-central-1"),
        Key::new("access_key_id", Kind::Text, "The id of the key; without it what the environment says.")
            .beside(&["secret_access_key_file"])
            .example("AKIA0123456789ABCDEF"),
        Key::new("secret_access_key", Kind::Text, "The key.")
            .secret()
            .beside(&["access_key_id"])
            .example("secret")
            .instead_of(&["secret_access_key_file"]),
        Key::new("secret_access_key_file", Kind::File, "The file that holds the key.")
            .secret()
            .beside(&["access_key_id"])
            .example("/run/secrets/s3"),
        Key::new("path_style", Kind::Flag, "Whether the bucket stands in the path, and not in the host.")
            .example("true"),
    ],
    COMMON,
]);

pub(super) const GCS: Kind = Kind::Keys(&[
    &[
        Key::new("bucket", Kind::Text, "The bucket.").required().example("acme-tokens"),
        Key::new(
            "service_account_file",
            Kind::File,
            "The service account's key (JSON); without it what the environment says.",
        )
        .secret()
        .example("/run/secrets/gcs.json"),
    ],
    COMMON,
]);

pub(super) const AZURE: Kind = Kind::Keys(&[
    &[
        Key::new("account", Kind::Text, "The storage account.").required().example("acme"),
        Key::new("container", Kind::Text, "The container.").required().example("tokens"),
        Key::new("access_key", Kind::Text, "The account's key; without it what the environment says.")
            .secret()
            .example("c2VjcmV0")
            .instead_of(&["access_key_file"]),
        Key::new("access_key_file", Kind::File, "The file that holds it.")
            .secret()
            .example("/run/secrets/azure"),
    ],
    COMMON,
]);
