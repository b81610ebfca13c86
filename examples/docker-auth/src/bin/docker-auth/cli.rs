//! The command line.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use token_auth_backends::core::token;
use token_auth_backends::core::{ResourceScope, ScopePattern, TokenId, TokenKind};
use token_auth_backends::registry::Registry;

/// A token server for container registries, with docker_auth's configuration file.
///
/// Without arguments it makes a key, a certificate and a configuration in the folder --data-dir, prints the
/// administrator's password once together with what to paste into a registry's environment, and listens on loopback.
///
/// With a configuration file it runs that. It reads the file again when it (or a file that it names) changes, and on
/// SIGHUP, once nobody has written to it for --settle-time; a broken file is reported, and the running configuration stays.
/// SIGTERM and SIGINT stop it after the requests
/// under way: for a second answers ask clients to close their idle connections, which are closed then, and after
/// server.timeouts.shutdown whatever is left is cut. A second one of these signals cuts at once.
///
/// The flags of glog, as in docker_auth's `--v=2 -logtostderr`, are taken and have no effect, save for --v=3 and more, which
/// is --log-level debug.
#[derive(Debug, Parser)]
#[command(name = "docker-auth", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// How to run the server.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// docker_auth's configuration file (YAML)
    pub(crate) config: Option<PathBuf>,
    /// Warn about unknown keys in the configuration file instead of refusing it
    #[arg(long)]
    pub(crate) lenient: bool,
    /// For how long nobody must have written to the configuration file, or to one that it names, before it is read
    ///
    /// A file that is written in place, by a writer who pauses for less than this, is never read half-written. Renaming a
    /// finished file is safe whatever this is.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds, overrides_with = "settle_time")]
    pub(crate) settle_time: Duration,
    /// Refuse a configuration that there is something to warn of, its rules and policy tests among it, instead of saying so in the
    /// log
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// Listen here instead of at the configuration's server.addr; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the files of the first start live when no configuration file is given
    #[arg(long, value_name = "DIR", default_value = "docker-auth-data")]
    pub(crate) data_dir: PathBuf,
    /// How log lines look
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// Which log lines are written: error, warn, info, debug or trace. A request's line is an error where it is answered
    /// with 5xx, of the level --log-denials where it is answered with 401, 403 or 429, and else of level info
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: tracing::Level,
    /// The level of the lines of requests that were denied
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_denials: tracing::Level,
}

/// Tell which registries accept the tokens of a configuration, and why others do not
///
/// It signs a token and verifies it by the rules of each registry. The exit code is 0 if all of them accept, given what
/// they must trust in one of the forms that they read, and none is given a certificate with which it does not start.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// docker_auth's configuration file (YAML)
    pub(crate) config: PathBuf,
    /// Warn about unknown keys instead of refusing them
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Ask for this registry only: 2.8, 3.0, 3.1 or zot; may be given several times
    #[arg(long, value_name = "VERSION")]
    pub(crate) registry: Vec<Registry>,
    /// The registry's service; by default the first of token.services, or else `registry`
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// What auth.token.signingalgorithms of the registries (3.x) lists, where it is configured; may be given several times
    #[arg(long, value_name = "ALGORITHM")]
    pub(crate) signing_algorithm: Vec<token::Algorithm>,
    /// Write what the registries need into this folder: registry-auth.yml, rootcertbundle.pem, jwks.json, zot-auth.json
    ///
    /// A certificate with which one of the registries does not start is left out; registries that can load it have files of
    /// their own then.
    #[arg(long, value_name = "DIR")]
    pub(crate) write: Option<PathBuf>,
    /// Replace files that are there already
    #[arg(long, requires = "write")]
    pub(crate) overwrite: bool,
    /// Where clients reach the token endpoint, for the registry's configuration
    #[arg(long, value_name = "URL", requires = "write")]
    pub(crate) realm: Option<String>,
}

/// List, revoke and make refresh tokens and personal access tokens
///
/// A server that runs with this configuration is asked over the socket beside its store of tokens; without one the store
/// is opened. Either way it takes the user that the server runs as, or root.
#[derive(Debug, Args)]
pub(crate) struct Tokens {
    #[command(subcommand)]
    pub(crate) action: TokensAction,
    /// Warn about unknown keys in the configuration file instead of refusing it
    #[arg(long, global = true)]
    pub(crate) lenient: bool,
    /// Print JSON; times are seconds since the Unix epoch
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum TokensAction {
    /// List tokens: whose, how old, when, by what and from where they were last used, when they end
    List {
        /// docker_auth's configuration file (YAML)
        config: PathBuf,
        /// Of this account only
        #[arg(long)]
        account: Option<String>,
        /// Of this kind only: refresh or personal
        #[arg(long)]
        kind: Option<TokenKind>,
    },
    /// Revoke a token, or all of an account; it counts at once
    ///
    /// Access tokens that were made of it live until they expire, some minutes.
    Revoke {
        /// docker_auth's configuration file (YAML)
        config: PathBuf,
        /// The token's id
        #[arg(required_unless_present = "account", conflicts_with = "account")]
        id: Option<TokenId>,
        /// All of this account
        #[arg(long)]
        account: Option<String>,
        /// Of these, only those of this kind: refresh or personal
        #[arg(long, requires = "account")]
        kind: Option<TokenKind>,
    },
    /// Make a personal access token, which is used as the password of its account, and print it once
    Create {
        /// docker_auth's configuration file (YAML)
        config: PathBuf,
        /// Whose it is
        #[arg(long)]
        account: String,
        /// What it is for
        #[arg(long)]
        name: String,
        /// Days until it expires
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: u32,
        /// It does not expire
        #[arg(long, conflicts_with = "days")]
        unlimited: bool,
        /// What it is good for, as `repository:team/**:pull`; may be given several times. By default all that the account
        /// may do
        #[arg(long)]
        scope: Vec<ScopePattern>,
        /// The address or network that it is good from; may be given several times. By default anywhere
        #[arg(long, value_parser = network)]
        network: Vec<IpNet>,
        /// The only service that it is good for. By default any
        #[arg(long)]
        service: Option<String>,
    },
}

impl TokensAction {
    /// The configuration file.
    pub(crate) fn config(&self) -> &Path {
        match self {
            Self::List { config, .. } | Self::Revoke { config, .. } | Self::Create { config, .. } => config,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "expected a number of seconds, as in 2 or 0.5".to_owned())
}

fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| "expected an address or a network, as in 10.0.0.0/8".to_owned())
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a configuration file with everything that it names, report what is wrong, run its policy tests, and exit: 0 if
    /// it would run and the tests pass, 1 if not
    Check(Check),
    Doctor(Doctor),
    Tokens(Tokens),
    /// Say which rule of the configuration's `acl` decides a request, and what each rule before it lacked
    Explain(Explain),
    /// Print a commented configuration with every key
    ///
    /// It can be used as it is, once its files are there.
    Reference {
        /// Print Markdown tables instead
        #[arg(long)]
        tables: bool,
    },
    /// Print a JSON Schema of the configuration, by which editors complete and check it
    ///
    /// The line `# yaml-language-server: $schema=FILE` at the top of a configuration says where it is.
    Schema,
    /// Make the bcrypt hash of a password, for `users:` or a htpasswd file
    ///
    /// The password is asked for twice on a terminal; otherwise it is the first line of standard input.
    HashPassword {
        /// Print `USER:HASH`, the form of a htpasswd file, instead of the hash alone
        user: Option<String>,
        /// Work factor, as a power of two
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(4..=16))]
        cost: u32,
    },
    /// Make a key that signs tokens and its self-signed certificate, for `token.key` and `token.certificate`
    ///
    /// Files that exist are not overwritten.
    GenerateKey {
        /// Where the private key goes (mode 0600)
        #[arg(long, value_name = "FILE", default_value = "token.key")]
        key: PathBuf,
        /// Where the certificate goes
        #[arg(long, value_name = "FILE", default_value = "token.pem")]
        certificate: PathBuf,
        /// What kind of key: p256 is the fastest that every registry understands
        #[arg(long, value_enum, default_value_t = Algorithm::P256)]
        algorithm: Algorithm,
        /// Days until the certificate expires
        #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(i64).range(1..=36500))]
        days: i64,
        /// The certificate's common name
        #[arg(long, default_value = "token-auth")]
        common_name: String,
    },
}

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// docker_auth's configuration file (YAML)
    pub(crate) config: PathBuf,
    /// Warn about unknown keys instead of refusing them
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Exit with 1 if there is any warning
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

/// A request to be explained.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// docker_auth's configuration file (YAML)
    pub(crate) config: PathBuf,
    /// Who asks; without it, the anonymous user
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) account: String,
    /// What is asked for, as clients write it: `repository:team/app:pull,push`. May be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    pub(crate) scopes: Vec<ResourceScope>,
    /// A label of the account, as a directory supplies it: in a rule's `${labels:…}` it is text. May be repeated.
    /// Without any label, those under `users` count
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub(crate) labels: Vec<(String, String)>,
    /// A label of the account, as an administrator writes it under `users`: in a rule's `${labels:…}` it is a piece of
    /// pattern. May be repeated
    #[arg(long = "pattern-label", value_name = "NAME=PATTERN", value_parser = label)]
    pub(crate) pattern_labels: Vec<(String, String)>,
    /// The client's address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ip: Option<IpAddr>,
    /// The registry that the token is for
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) service: String,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Ignore unknown keys in the configuration file instead of refusing it
    #[arg(long)]
    pub(crate) lenient: bool,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The kinds of key that sign tokens.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Algorithm {
    /// ECDSA on P-256 (ES256)
    P256,
    /// ECDSA on P-384 (ES384)
    P384,
    /// Ed25519 (EdDSA); registry 3.1 and later
    Ed25519,
    /// RSA with 2048 bits (RS256)
    Rsa2048,
    /// RSA with 3072 bits (RS256)
    Rsa3072,
    /// RSA with 4096 bits (RS256)
    Rsa4096,
}
