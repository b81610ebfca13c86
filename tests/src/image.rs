use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::{Place, run};

/// A tiny image, as an OCI image layout: one layer with one file.
pub struct Image {
    folder: PathBuf,
    /// The digest of its manifest.
    pub manifest: String,
    /// The digest of its layer.
    pub layer: String,
}

impl Image {
    /// An image whose file holds this text.
    pub fn new(place: &Place, text: &str) -> Self {
        Self::with_content(place, text.as_bytes())
    }

    /// An image whose layer is a little larger than this, because nothing in it can be compressed.
    pub fn random(place: &Place, bytes: usize) -> Self {
        let mut content = vec![0; bytes];
        aws_lc_rs::rand::fill(&mut content).unwrap();
        Self::with_content(place, &content)
    }

    fn with_content(place: &Place, content: &[u8]) -> Self {
        let folder = place.own_folder("image-");
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        fs::write(folder.join("hello"), content).unwrap();
        let shell = |script: &str| {
            run(Command::new("sh").arg("-ec").arg(script).current_dir(&folder), "").ok();
        };
        shell("tar -cf layer.tar --owner=0 --group=0 hello; gzip -nk layer.tar");
        let diff_id = sha256(&fs::read(folder.join("layer.tar")).unwrap());
        let layer = blob(&folder, &fs::read(folder.join("layer.tar.gz")).unwrap());
        let config = json!({
            "architecture": match std::env::consts::ARCH { "x86_64" => "amd64", "aarch64" => "arm64", other => other },
            "os": "linux",
            "config": {"Cmd": ["/hello"]},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        });
        let config = blob(&folder, config.to_string().as_bytes());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config.descriptor("application/vnd.oci.image.config.v1+json"),
            "layers": [layer.descriptor("application/vnd.oci.image.layer.v1.tar+gzip")],
        });
        let manifest = blob(&folder, manifest.to_string().as_bytes());
        let mut entry = manifest.descriptor("application/vnd.oci.image.manifest.v1+json");
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": "latest"});
        let index = json!({"schemaVersion": 2, "manifests": [entry]});
        fs::write(folder.join("index.json"), index.to_string()).unwrap();
        Self { folder, manifest: manifest.digest, layer: layer.digest }
    }

    /// Where the image layout is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

struct Blob {
    digest: String,
    size: usize,
}

impl Blob {
    fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.size})
    }
}

fn blob(folder: &Path, content: &[u8]) -> Blob {
    let digest = sha256(content);
    fs::write(folder.join("blobs").join(digest.replace(':', "/")), content).unwrap();
    Blob { digest, size: content.len() }
}

fn sha256(content: &[u8]) -> String {
    let hex: String = digest(&SHA256, content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
