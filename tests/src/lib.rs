//! What the end-to-end tests share: real programs, started in folders of their own and stopped when a test ends.
//!
//! ```no_run
//! use token_auth_tests::{Image, Place, Registry, Server, Skopeo};
//!
//! let place = Place::new();
//! let server = Server::usual(&place);
//! let registry = Registry::trusting(&place, &server).start();
//! let image = Image::new(&place, "hello");
//! let admin = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
//! admin.push(&image, "team/app:1").ok();
//! ```
//!
//! A program that is not there fails the test and names the command that installs it. Nothing sleeps to wait:
//! the harness reads what a program prints, or waits for its end, with a deadline.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code fails by panicking"
)]

mod bad_peer;
mod browser;
mod clients;
mod daemon;
mod databases;
mod doorway;
mod floods;
mod forge;
pub mod fuzz;
mod guide;
mod http;
mod http2;
mod identity_provider;
mod image;
mod issuer;
mod keys;
mod kubelet;
mod malformed;
mod node;
mod object_storage;
mod peer;
mod place;
mod process;
mod program;
mod proxy;
mod random;
mod raw;
mod redis;
mod registry;
mod relay;
mod samba;
mod server;
mod sign_in;
mod slapd;
mod soak;
pub mod specification;
mod token;
mod unprivileged;
mod verdict;
mod verifier;

pub use bad_peer::BadPeer;
pub use browser::Browser;
pub use clients::{Ctr, Docker, DockerEngine, Oras, Outcome, Podman, RegistryClient, Skopeo};
pub use daemon::Daemon;
pub use databases::{MariaDb, Postgres};
pub use doorway::Doorway;
pub use floods::{Floods, FloodsReport};
pub use forge::Forge;
pub use guide::{guide_to_directories, guide_to_proxies, guide_to_webhooks, guide_to_workloads};
pub use http::{Answer, curl};
pub use http2::Http2;
pub use identity_provider::IdentityProvider;
pub use image::Image;
pub use issuer::Issuer;
pub use keys::{KeyPair, openssl};
pub use kubelet::Kubelet;
pub use malformed::{Malformed, MalformedReport};
pub use object_storage::ObjectStorage;
pub use peer::{Peer, garbage, peak_memory};
pub use place::Place;
pub use process::{DEADLINE, Finished, Process, run, until};
pub use program::{Program, python};
pub use proxy::Proxy;
pub use random::Random;
pub use raw::Connection;
pub use redis::{Redis, RedisCluster};
pub use registry::{Registry, RegistrySetup};
pub use relay::{Quality, Relay};
pub use samba::Samba;
pub use server::{Server, ServerSetup, docker_auth};
pub use sign_in::SignIn;
pub use slapd::{Slapd, SlapdSetup};
pub use soak::{Soak, SoakReport};
pub use token::Token;
pub use verdict::{login, show_verdict};
pub use verifier::{Rules, Verifier};
