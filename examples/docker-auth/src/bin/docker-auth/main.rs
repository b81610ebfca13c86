//! The complete token server: replaces docker_auth with the same configuration file.
//!
//! ```text
//! cargo run --release -p docker-auth                     # makes all it needs, on loopback
//! cargo run --release -p docker-auth -- auth_config.yml  # docker_auth's file
//!
//! curl -s -u admin:PASSWORD 'http://127.0.0.1:5001/auth?service=registry&scope=repository:app:pull,push'
//! curl -s 'http://127.0.0.1:5001/.well-known/jwks.json'
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod check;
mod cli;
mod doctor;
mod explain;
mod first_run;
mod keys;
mod logging;
mod signals;
mod tokens;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use docker_auth::{Server, Setup};
use token_auth_backends::config::ConfigOptions;
use tracing::info;

use cli::{Algorithm, Cli, Command, Serve};
use signals::Signals;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => serve(&cli.serve),
        Some(Command::Check(options)) => check::check(&options),
        Some(Command::Doctor(options)) => doctor::run(&options),
        Some(Command::Tokens(options)) => tokens::run(&options),
        Some(Command::Explain(asked)) => explain::explain(&asked),
        Some(Command::Reference { tables }) => {
            let blocks = ConfigOptions::default();
            print!("{}", if tables { blocks.reference_tables() } else { blocks.reference() });
            Ok(())
        }
        Some(Command::Schema) => {
            println!("{:#}", ConfigOptions::default().schema());
            Ok(())
        }
        Some(Command::HashPassword { user, cost }) => hash_password(user.as_deref(), cost),
        Some(Command::GenerateKey { key, certificate, algorithm, days, common_name }) => {
            generate_key(&key, &certificate, algorithm, days, &common_name)
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: &Serve) -> Result<()> {
    logging::init(options.log_format, options.log_level);
    let (config, listener) = match &options.config {
        Some(config) => (config.clone(), None),
        None => first_run::prepare(&options.data_dir, options.listen)?,
    };
    // One thread more than there are processors: while signatures keep those busy, it answers everything else.
    let threads = std::thread::available_parallelism().map_or(1, usize::from) + 1;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::new().context("cannot listen for signals")?;
        let mut setup = Setup::new(config);
        setup.lenient = options.lenient;
        setup.deny_warnings = options.deny_warnings;
        setup.listen = options.listen;
        setup.listener = listener;
        let server = Server::start(setup).await?;
        println!("listening on {}", server.url());
        signals.until_stop(|| server.reload()).await;
        server.stop().await;
        info!("stopped");
        Ok(())
    })
}

fn generate_key(
    key: &Path,
    certificate: &Path,
    algorithm: Algorithm,
    days: i64,
    common_name: &str,
) -> Result<()> {
    keys::generate(key, certificate, algorithm, days, common_name)?;
    println!("made {}, which is secret (token.key)", key.display());
    println!("made {}, which the registry trusts (token.certificate)", certificate.display());
    Ok(())
}

fn hash_password(user: Option<&str>, cost: u32) -> Result<()> {
    let password = keys::ask_password()?;
    let hash = keys::hash_password(&password, cost)?;
    match user {
        Some(user) => println!("{user}:{hash}"),
        None => println!("{hash}"),
    }
    Ok(())
}
