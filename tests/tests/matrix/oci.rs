use std::fs;

use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{IMAGE_CONFIG_MEDIA_TYPE, IMAGE_LAYER_GZIP_MEDIA_TYPE};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use token_auth_tests::{Image, Outcome, Registry, RegistryClient};
use tokio::runtime::Runtime;

/// The Rust library, in this process.
pub(super) struct OciClient {
    registry: String,
    runtime: Runtime,
    auth: RegistryAuth,
}

impl OciClient {
    pub(super) fn new(registry: &Registry) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { registry: registry.address.clone(), runtime, auth: RegistryAuth::Anonymous }
    }

    /// Without tokens from before: each operation stands for a process of its own.
    fn client() -> Client {
        Client::new(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() })
    }

    fn reference(&self, name: &str) -> Reference {
        format!("{}/{name}", self.registry).parse().unwrap()
    }

    fn finish<T>(
        &self,
        operation: impl Future<Output = Result<T, OciDistributionError>>,
        show: impl FnOnce(T) -> String,
    ) -> Outcome {
        self.runtime.block_on(operation).map(show).into()
    }
}

impl RegistryClient for OciClient {
    fn login(&mut self, user: &str, password: &str) -> Outcome {
        self.auth = RegistryAuth::Basic(user.to_owned(), password.to_owned());
        Outcome::Cannot("credentials go with each call")
    }

    fn push(&self, image: &Image, name: &str) -> Outcome {
        let layer = fs::read(image.folder().join("layer.tar.gz")).unwrap();
        let layers = [ImageLayer::new(layer, IMAGE_LAYER_GZIP_MEDIA_TYPE.to_owned(), None)];
        let config = Config::new(&b"{}"[..], IMAGE_CONFIG_MEDIA_TYPE.to_owned(), None);
        let (client, to) = (Self::client(), self.reference(name));
        self.finish(client.push(&to, &layers, config, &self.auth, None), |pushed| pushed.manifest_url)
    }

    fn pull(&self, name: &str) -> Outcome {
        let types = vec![IMAGE_LAYER_GZIP_MEDIA_TYPE, "application/vnd.docker.image.rootfs.diff.tar.gzip"];
        let (client, from) = (Self::client(), self.reference(name));
        self.finish(client.pull(&from, &self.auth, types), |pulled| pulled.digest.unwrap_or_default())
    }

    fn mount(&self, _: &Image, _: &str, _: &str) -> Outcome {
        Outcome::Cannot("it asks for no scope of the repository that the layer comes from")
    }

    fn delete(&self, _: &str) -> Outcome {
        Outcome::Cannot("the library has no function for it")
    }

    fn tags(&self, repository: &str) -> Outcome {
        let (client, of) = (Self::client(), self.reference(repository));
        self.finish(client.list_tags(&of, &self.auth, None, None), |listed| listed.tags.join("\n"))
    }

    fn catalog(&self) -> Outcome {
        Outcome::Cannot("it asks for the scope of an image, with which a registry lists nothing")
    }
}
