//! Which program is asked, in which form, and what it may cost.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// The form of a question to a program, and of its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgramForm {
    /// docker_auth's.
    #[default]
    DockerAuth,
    /// One JSON document of ours.
    Json,
}

/// What a program may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgramLimits {
    /// After this it is killed, with all that it has started, and at the request's deadline if that comes before. Default 4
    /// seconds, which leaves one of those that a request may take.
    pub timeout: Duration,
    /// How many processes run at once; at least one. Default 16.
    pub concurrency: usize,
    /// How many requests may wait for their turn, at most. Beyond that they fail at once; the network that has most of
    /// them waiting is the first that goes without. Default 1024.
    pub queue: usize,
    /// How long one may have to wait. Default 4 seconds.
    pub patience: Duration,
    /// Bytes of standard output: a program that writes more is killed. Default 64 KiB.
    pub output_bytes: usize,
}

impl Default for ProgramLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(4),
            concurrency: 16,
            queue: 1024,
            patience: Duration::from_secs(4),
            output_bytes: 64 << 10,
        }
    }
}

/// A program that is asked.
///
/// ```
/// use std::time::Duration;
/// use token_auth_backends::external::{ProgramForm, ProgramOptions};
///
/// let options = ProgramOptions::new("/usr/local/bin/check-password")
///     .with_args(["--realm", "registry"])
///     .with_form(ProgramForm::Json)
///     .with_variable("LANG", "C.UTF-8")
///     .with_cache(Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgramOptions {
    /// The file; a name without a slash is looked up in [`PATH`](Self::PATH).
    pub command: PathBuf,
    /// Its arguments, as they are: no shell reads them.
    pub args: Vec<OsString>,
    /// The whole environment of the program, beside `PATH`. Default: nothing.
    pub environment: BTreeMap<OsString, OsString>,
    /// The form of questions and answers. Default: docker_auth's.
    pub form: ProgramForm,
    /// What it may cost.
    pub limits: ProgramLimits,
    /// How long an answer is good for the very same question: a password that is changed or a right that is taken away
    /// counts for so long. Default zero: it is asked each time.
    pub cache: Duration,
    /// How many answers are remembered. Default 10,000.
    pub cache_entries: usize,
}

impl ProgramOptions {
    /// Where a program without a slash in its name is looked up, and its own `PATH` unless another is given.
    pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// This program, without arguments.
    pub fn new(command: impl Into<PathBuf>) -> Self {
        Self {
            command: command.into(),
            args: Vec::new(),
            environment: BTreeMap::new(),
            form: ProgramForm::default(),
            limits: ProgramLimits::default(),
            cache: Duration::ZERO,
            cache_entries: 10_000,
        }
    }

    /// The same with these arguments.
    #[must_use]
    pub fn with_args<A: Into<OsString>>(self, args: impl IntoIterator<Item = A>) -> Self {
        Self { args: args.into_iter().map(Into::into).collect(), ..self }
    }

    /// The same with a further variable in its environment.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// The same, asked in this form.
    #[must_use]
    pub fn with_form(self, form: ProgramForm) -> Self {
        Self { form, ..self }
    }

    /// The same within these limits.
    #[must_use]
    pub fn with_limits(self, limits: ProgramLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same, with answers that are good for so long.
    #[must_use]
    pub fn with_cache(self, cache: Duration) -> Self {
        Self { cache, ..self }
    }
}
