//! A program that says what an account may do: docker_auth's `ext_authz`.

use std::borrow::Cow;
use std::fmt;

use arc_swap::ArcSwap;
use serde::Deserialize;
use token_auth_core::{
    AccessRequest, ActionSet, Authorizer, Authz, BackendError, ClientNetwork, Grant, Memory, Succeed,
    async_trait,
};
use zeroize::Zeroizing;

use super::authenticator::unreadable;
use super::program::{Asker, Program};
use super::{ProgramError, ProgramForm, ProgramOptions, complaint, docker_auth};
use crate::outside::{Outcomes, Question};

/// Asks a program about each scope.
///
/// | it ends with | which means |
/// |---|---|
/// | 0 | everything that was asked for is granted; in the form [`ProgramForm::Json`] its standard output may name less: `{"actions": ["pull"]}` |
/// | 1 | nothing is granted |
/// | 2 | in the form [`ProgramForm::Json`]: the next authorizer decides; in docker_auth's it is an error, as there |
/// | anything else | it could not tell |
///
/// One that [succeeds](Succeed) another with the same options goes on as that one, with its processes and all that it
/// remembers.
///
/// ```
/// use token_auth_backends::core::{AccessRequest, Authorizer, Authz};
/// use token_auth_backends::external::{ExternalAuthorizer, ProgramOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let script = r#"grep -q '"Name":"public/'"#;
/// let program = ExternalAuthorizer::new(&ProgramOptions::new("sh").with_args(["-c", script]))?;
/// let pull = ["pull"].into_iter().collect();
/// let answer = program.authorize(&AccessRequest::new("alice", "repository", "public/app", &pull)).await?;
/// assert!(matches!(answer, Authz::Grant(grant) if grant.actions == pull));
/// # Ok(())
/// # }
/// ```
pub struct ExternalAuthorizer {
    options: ProgramOptions,
    held: ArcSwap<Held>,
}

struct Held {
    program: Program,
    decided: Outcomes<Authz>,
}

impl ExternalAuthorizer {
    /// Looks the program up, and does not run it. Blocks while it does.
    ///
    /// # Errors
    ///
    /// When there is no such program.
    pub fn new(options: &ProgramOptions) -> Result<Self, ProgramError> {
        let held = Held {
            program: Program::new(options)?,
            decided: Outcomes::new(options.cache_entries).map_err(|_| ProgramError::NoRandomness)?,
        };
        Ok(Self { options: options.clone(), held: ArcSwap::from_pointee(held) })
    }

    async fn decide(&self, request: &AccessRequest<'_>) -> Result<Authz, ProgramError> {
        let input = match self.options.form {
            ProgramForm::DockerAuth => docker_auth::access(request),
            ProgramForm::Json => Question::access(request).to_json(),
        };
        let held = self.held.load_full();
        let tag = held.decided.tag(&input);
        if let Some(decided) = held.decided.get(&tag) {
            return Ok(decided);
        }
        let decided = self.ask(&held, request, input).await?;
        held.decided.insert(tag, decided.clone(), self.options.cache);
        Ok(decided)
    }

    async fn ask(
        &self,
        held: &Held,
        request: &AccessRequest<'_>,
        input: Zeroizing<Vec<u8>>,
    ) -> Result<Authz, ProgramError> {
        let asker = Asker { network: request.address.map(ClientNetwork::of), deadline: request.deadline };
        let finished = held.program.run(asker, input).await?;
        complaint::log(&finished.complaint, "");
        let granted = match (finished.code()?, self.options.form) {
            (0, ProgramForm::Json) => told(&finished.output)?.unwrap_or_else(|| request.actions.clone()),
            (0, ProgramForm::DockerAuth) => request.actions.clone(),
            (1, _) => ActionSet::new(),
            (2, ProgramForm::Json) => return Ok(Authz::Abstain),
            (status, _) => return Err(ProgramError::Status(status)),
        };
        Ok(Authz::Grant(Grant::new(granted)))
    }
}

/// The actions that are granted, if the program names them.
fn told(output: &[u8]) -> Result<Option<ActionSet>, ProgramError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Told {
        actions: ActionSet,
    }
    match output {
        [] => Ok(None),
        text => Ok(Some(serde_json::from_slice::<Told>(text).map_err(|error| unreadable(&error))?.actions)),
    }
}

#[async_trait]
impl Authorizer for ExternalAuthorizer {
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        self.decide(request).await.map_err(|error| BackendError::new(self.name(), error))
    }

    fn name(&self) -> Cow<'static, str> {
        "external program".into()
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

impl Succeed for ExternalAuthorizer {
    fn succeed(&self, previous: &Self) {
        if self.options == previous.options {
            self.held.store(previous.held.load_full());
        }
    }
}

impl fmt::Debug for ExternalAuthorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalAuthorizer")
            .field("program", &self.held.load().program)
            .finish_non_exhaustive()
    }
}
