//! A program that says who somebody is: docker_auth's `ext_auth`.

use std::fmt;
use std::time::Duration;

use arc_swap::ArcSwap;
use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, ClientNetwork, Credentials, Identity,
    LabelValue, Memory, Password, Succeed, async_trait,
};
use zeroize::Zeroizing;

use super::program::{Asker, Finished, Program};
use super::{ProgramError, ProgramForm, ProgramOptions, complaint, docker_auth};
use crate::outside::{KnownAccounts, Outcomes, Question, ToldIdentity, is_plain};

/// Asks a program about each login.
///
/// | it ends with | which means |
/// |---|---|
/// | 0 | the password is right; labels may be on its standard output |
/// | 1 | it is wrong: nobody else is asked |
/// | 2 | it does not know the user: the next source is asked |
/// | anything else | it could not tell |
///
/// Neither an empty password nor a request without credentials starts a program. Labels may act as patterns, as docker_auth's
/// do, unless [told otherwise](Self::with_literal_labels).
///
/// A program that knows passwords only cannot be asked about accounts later: there are no refresh tokens and no personal access
/// tokens for its accounts, and which ones are its own is known only of those that it has accepted since the start, 10,000 of
/// them. [`answering_about_accounts`](Self::answering_about_accounts) is for one that can.
///
/// One that [succeeds](Succeed) another that was made in the same way goes on as that one, with its processes and all that it
/// remembers.
///
/// ```
/// use token_auth_backends::core::{Authenticator, Authn, AuthnRequest, Credentials};
/// use token_auth_backends::external::{ExternalAuthenticator, ProgramOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let script = r#"read user password; [ "$user $password" = "alice wonderland" ] || exit 1"#;
/// let program = ExternalAuthenticator::new(&ProgramOptions::new("sh").with_args(["-c", script]))?;
/// let alice = Credentials::password("alice", "wonderland");
/// assert!(matches!(program.authenticate(&AuthnRequest::new(&alice)).await?, Authn::Accept(_)));
/// let eve = Credentials::password("alice", "guess");
/// assert!(matches!(program.authenticate(&AuthnRequest::new(&eve)).await?, Authn::Reject(_)));
/// # Ok(())
/// # }
/// ```
pub struct ExternalAuthenticator {
    options: ProgramOptions,
    literal_labels: bool,
    anonymous: bool,
    accounts: bool,
    held: ArcSwap<Held>,
}

struct Held {
    program: Program,
    accepted: Outcomes<Identity>,
    known: KnownAccounts,
}

impl ExternalAuthenticator {
    /// Looks the program up, and does not run it. Blocks while it does.
    ///
    /// # Errors
    ///
    /// When there is no such program.
    pub fn new(options: &ProgramOptions) -> Result<Self, ProgramError> {
        let no_randomness = |_| ProgramError::NoRandomness;
        let held = Held {
            program: Program::new(options)?,
            accepted: Outcomes::new(options.cache_entries).map_err(no_randomness)?,
            known: KnownAccounts::new().map_err(no_randomness)?,
        };
        Ok(Self {
            options: options.clone(),
            literal_labels: false,
            anonymous: false,
            accounts: false,
            held: ArcSwap::from_pointee(held),
        })
    }

    /// The same, whose labels stand for themselves in every rule: for a program that passes on what users may edit.
    #[must_use]
    pub fn with_literal_labels(self) -> Self {
        Self { literal_labels: true, ..self }
    }

    /// The same, which is asked about requests without credentials as well, with an empty name and an empty password: each of
    /// them starts a process.
    #[must_use]
    pub fn asked_about_anonymous(self) -> Self {
        Self { anonymous: true, ..self }
    }

    /// The same, which is asked about accounts without their passwords, too, in the form [`ProgramForm::Json`] (in the other
    /// one there is no such question). Then there are refresh tokens and personal access tokens.
    #[must_use]
    pub fn answering_about_accounts(self) -> Self {
        Self { accounts: true, ..self }
    }

    async fn login(
        &self,
        request: &AuthnRequest<'_>,
        username: &str,
        password: &Password,
    ) -> Result<Authn, ProgramError> {
        let input = match self.options.form {
            ProgramForm::DockerAuth => match docker_auth::login(username, password.expose()) {
                Ok(input) => input,
                Err(reason) => return Ok(Authn::Reject(reason.into())),
            },
            ProgramForm::Json => Question::login(request, username, password).to_json(),
        };
        let held = self.held.load_full();
        let tag = held.accepted.tag(&input);
        if let Some(identity) = held.accepted.get(&tag) {
            return Ok(Authn::Accept(identity));
        }
        let asker = Asker { network: request.address.map(ClientNetwork::of), deadline: request.deadline };
        let outcome = self.ask(&held, asker, input, username, password.expose()).await?;
        if let Authn::Accept(identity) = &outcome {
            held.accepted.insert(tag, identity.clone(), self.options.cache);
            match self.accounts {
                true => held.known.told(&identity.account, true, KNOWN_FOR),
                false => held.known.accepted(&identity.account),
            }
        }
        Ok(outcome)
    }

    async fn ask(
        &self,
        held: &Held,
        asker: Asker,
        input: Zeroizing<Vec<u8>>,
        name: &str,
        secret: &str,
    ) -> Result<Authn, ProgramError> {
        let finished = held.program.run(asker, input).await?;
        complaint::log(&finished.complaint, secret);
        match finished.code()? {
            0 => self.accept(&finished, name),
            1 => Ok(Authn::Reject("the program denies".into())),
            2 => Ok(Authn::Abstain),
            status => Err(ProgramError::Status(status)),
        }
    }

    fn accept(&self, finished: &Finished, name: &str) -> Result<Authn, ProgramError> {
        let told = match self.options.form {
            ProgramForm::DockerAuth => docker_auth::told(&finished.output),
            ProgramForm::Json if finished.output.is_empty() => Ok(ToldIdentity::default()),
            ProgramForm::Json => serde_json::from_slice(&finished.output),
        };
        let told = told.map_err(|error| unreadable(&error))?;
        let identity = match self.literal_labels {
            true => told.into_identity(name, LabelValue::literal),
            false => told.into_identity(name, LabelValue::dangerous_pattern),
        };
        identity.map(Authn::Accept).map_err(|problem| ProgramError::Output(problem.to_owned()))
    }

    async fn account(&self, request: &AccountRequest<'_>) -> Result<Authn, ProgramError> {
        let input = Question::Account { account: request.account }.to_json();
        let asker = Asker { network: None, deadline: request.deadline };
        let held = self.held.load_full();
        let outcome = self.ask(&held, asker, input, request.account, "").await?;
        if let Authn::Accept(identity) = &outcome
            && *identity.account != *request.account
        {
            return Err(ProgramError::Output(
                "it tells of another account than it was asked about".to_owned(),
            ));
        }
        held.known.told(request.account, outcome != Authn::Abstain, KNOWN_FOR);
        Ok(outcome)
    }

    fn can_be_asked_about(&self, account: &str) -> bool {
        self.accounts && self.options.form == ProgramForm::Json && is_plain(account)
    }
}

/// How long it is remembered whether an account is the program's.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// Where the output is wrong, and nothing of what it says.
pub(super) fn unreadable(error: &serde_json::Error) -> ProgramError {
    let (line, column) = (error.line(), error.column());
    let problem = match error.classify() {
        serde_json::error::Category::Data => "it is not of the form that is documented",
        _ => "it is not one JSON document",
    };
    ProgramError::Output(format!("{problem} (line {line}, column {column})"))
}

fn failed(error: ProgramError) -> BackendError {
    BackendError::new("external", error)
}

#[async_trait]
impl Authenticator for ExternalAuthenticator {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let nothing = Password::new("");
        let (username, password) = match request.credentials {
            Credentials::Password { username, password } if !username.is_empty() => {
                (username.as_str(), password)
            }
            Credentials::Anonymous if self.anonymous => ("", &nothing),
            _ => return Ok(Authn::Abstain),
        };
        if !username.is_empty() && (!is_plain(username) || password.expose().is_empty()) {
            return Ok(Authn::Reject("no account has such a name, or an empty password".into()));
        }
        let outcome = self.login(request, username, password).await.map_err(failed)?;
        Ok(match outcome {
            // Nobody becomes somebody without credentials.
            Authn::Accept(identity) if username.is_empty() && !identity.account.is_empty() => {
                Authn::Reject("the program gives an account to a request without credentials".into())
            }
            outcome => outcome,
        })
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        match self.can_be_asked_about(request.account) {
            true => self.account(request).await.map_err(failed),
            false => Ok(Authn::Abstain),
        }
    }

    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        match self.held.load().known.owned(request.account) {
            Some(owned) => Ok(owned),
            None => Ok(self.revalidate(request).await? != Authn::Abstain),
        }
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

impl Succeed for ExternalAuthenticator {
    fn succeed(&self, previous: &Self) {
        let made = |of: &Self| (of.literal_labels, of.anonymous, of.accounts);
        if made(self) == made(previous) && self.options == previous.options {
            self.held.store(previous.held.load_full());
        }
    }
}

impl fmt::Debug for ExternalAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalAuthenticator")
            .field("program", &self.held.load().program)
            .finish_non_exhaustive()
    }
}
