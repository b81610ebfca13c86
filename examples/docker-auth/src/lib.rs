//! The complete token server, in-process: everything that a configuration file of docker_auth says, started and stopped by
//! the program that it is part of.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use docker_auth::{Server, Setup};
//!
//! let server = Server::start(Setup::new("auth_config.yml")).await?;
//! println!("listening on {}", server.url());
//! tokio::signal::ctrl_c().await?;
//! server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! It reads its files again when they change, and writes no line by itself: what happens is told to [`tracing`]. The program
//! `docker-auth` beside it adds the command line, the signals and the log.

mod control;
mod crowd;
mod listener;
pub mod log;
mod patience;
mod refusal;
mod reload;
mod routes;
mod running;
mod server;
mod serving;
mod shutdown;
mod socket_file;
mod state;
mod tls;
pub mod tokens;
mod watched;

pub use running::{Server, Setup};
pub use state::{Checked, check};
