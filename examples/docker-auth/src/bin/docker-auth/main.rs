//! The complete token server: replaces docker_auth with the same configuration file.
//!
//! ```text
//! cargo run --release -p docker-auth                     # makes all it needs, on loopback
//! cargo run --release -p docker-auth -- auth_config.yml  # docker_auth's file
//!
//! curl -s -u admin:PASSWORD 'http://127.0.0.1:5001/auth?service=registry&scope=repository:app:pull,push'
//! curl -s 'http://127.0.0.1:5001/.well-known/jwks.json'
//! ```

#[macro_use]
mod out;

mod check;
mod cli;
mod doctor;
mod explain;
mod first_run;
mod glog;
mod keys;
mod logging;
mod signals;
mod tokens;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use docker_auth::{Server, Setup};
use token_auth_backends::config::ConfigOptions;
use tracing::{info, warn};

use cli::{Algorithm, Cli, Command, Serve};
use signals::Signals;

/// How long the end of the process waits for its last log lines to be taken.
const LAST_LINES: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = Cli::parse_from(glog::translated(std::env::args_os()));
    let outcome = match cli.command {
        None => return serve(&cli.serve),
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
    out::finish(outcome)
}

/// Where nobody reads standard output the server is of use all the same.
fn serve(options: &Serve) -> ExitCode {
    let outcome =
        logging::init(options.log_format, options.log_level).map_err(Into::into).and_then(|lines| {
            let outcome = run(options);
            // What was said last is read, if anybody reads at all.
            lines.flush(LAST_LINES);
            outcome
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => out::finish(Err(error)),
    }
}

fn run(options: &Serve) -> Result<()> {
    let (config, listener) = match &options.config {
        Some(config) => (config.clone(), None),
        None => first_run::prepare(&options.data_dir, options.listen)?,
    };
    // One thread more than there are processors: while signatures keep those busy, it answers everything else.
    let threads = std::thread::available_parallelism().map_or(1, usize::from) + 1;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let outcome = runtime.block_on(run_until_stopped(setup_of(options, config, listener)));
    // What still computes or waits in a thread of its own keeps nobody from going.
    runtime.shutdown_background();
    outcome
}

fn setup_of(options: &Serve, config: PathBuf, listener: Option<TcpListener>) -> Setup {
    let mut setup = Setup::new(config);
    setup.lenient = options.lenient;
    setup.settle_time = options.settle_time;
    setup.deny_warnings = options.deny_warnings;
    setup.listen = options.listen;
    setup.listener = listener;
    setup.log_denials = options.log_denials;
    setup
}

async fn run_until_stopped(setup: Setup) -> Result<()> {
    let mut signals = Signals::new().context("cannot listen for signals")?;
    let server = Server::start(setup).await?;
    info!(url = server.url(), "listening");
    println!("listening on {}", server.url());
    signals.until_stop(|| server.reload()).await;
    tokio::select! {
        () = server.stop() => info!("stopped"),
        () = signals.until_stop(|| {}) => warn!("told to stop twice: the requests under way are cut"),
    }
    Ok(())
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
