//! The complete token server: replaces docker_auth with the same configuration file.
//!
//! ```text
//! cargo run --release --example docker-auth                     # makes all it needs, on loopback
//! cargo run --release --example docker-auth -- auth_config.yml  # docker_auth's file
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
mod listener;
mod logging;
mod refusal;
mod reload;
mod routes;
mod server;
mod state;
mod tls;
mod tokens;
mod watched;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use arc_swap::ArcSwap;
use clap::Parser as _;
use tracing::info;

use cli::{Algorithm, Cli, Command, Serve};
use listener::Listener;
use reload::Signals;
use tokens::Desk;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => serve(&cli.serve),
        Some(Command::Check(options)) => check::check(&options),
        Some(Command::Doctor(options)) => doctor::run(&options),
        Some(Command::Tokens(options)) => tokens::run(&options),
        Some(Command::Explain(asked)) => explain::explain(&asked),
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
        let (hangup, stop) = Signals::new().context("cannot listen for signals")?.split();
        let (state, files) = state::load(&config, options.lenient, None)?;
        let listener = match listener {
            Some(listener) => Listener::try_from(listener)?,
            None => state.listen(options.listen).await?,
        };
        let scheme = if state.tls.is_some() { "https" } else { "http" };
        let state = Arc::new(ArcSwap::from_pointee(state));
        let mut desk = Desk::new();
        desk.follow(&state);
        match &listener {
            Listener::Tcp(_) => println!("listening on {scheme}://{listener}"),
            Listener::Unix(..) => println!("listening on unix:{listener}"),
        }
        tokio::spawn(purge(Arc::clone(&state)));
        tokio::spawn(reload::watch(hangup, config, options.lenient, files, Arc::clone(&state), desk));
        server::run(listener, state, stop).await;
        info!("stopped");
        Ok(())
    })
}

/// Removes tokens that have ended, now and every ten minutes.
async fn purge(state: Arc<ArcSwap<state::State>>) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_secs(600));
    loop {
        ticks.tick().await;
        tokens::purge(state.load_full().endpoint.service()).await;
    }
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
