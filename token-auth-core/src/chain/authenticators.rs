//! Several sources of identities asked in order, each with an id, and each account with one owner.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Deadline, Identity,
    Memory, Precedence, SourceError, SourceId, Succeed, hand_over,
};

/// Authenticators asked in order. The first that does not abstain decides; an `Err` stops the chain, since a source that
/// is away might have rejected what the next one accepts.
///
/// Each has an [id](SourceId), which is that of the identities that it accepts and what
/// [`revalidate`](Authenticator::revalidate) finds it by, through chains within chains, too.
///
/// **An account has one owner.** Whatever a source accepts is put, under its canonical name, to the others: a name that stands in
/// a table of users is that table's, one that begins with the prefix of a source is that source's, and any other one the first
/// source's in the chain that [owns](Authenticator::owns) it ([`Precedence`]). Another source's identity of that name is
/// rejected, at a login and at each later use of a token; an owner who cannot be asked means `Err`. Names are compared as rules
/// compare them, letter by letter: that `Admin` and `admin` are one is for a source to say that takes them for one. The anonymous
/// account, `""`, is nobody's.
///
/// Sources that are to share accounts are one source: an authenticator that asks both.
///
/// ```
/// use token_auth_core::{authenticator_fn, Authn, AuthenticatorChain, Credentials};
///
/// let mut chain = AuthenticatorChain::new();
/// chain.push("nobody", authenticator_fn(|_: Credentials| async { Ok(Authn::Abstain) }))?;
/// # let _: &dyn token_auth_core::Authenticator = &chain;
/// # Ok::<(), token_auth_core::SourceError>(())
/// ```
#[derive(Clone, Default)]
pub struct AuthenticatorChain(Vec<Member>);

#[derive(Clone)]
struct Member {
    id: SourceId,
    /// The ids of the sources that this one is made of.
    within: Vec<SourceId>,
    source: Arc<dyn Authenticator>,
}

impl AuthenticatorChain {
    /// A chain that abstains from everything, until something is pushed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one that is asked when all before it have abstained.
    ///
    /// Tokens that were made before sources had ids remember the type of one that had no name: give that as its id
    /// (`my_crate::MyUsers`), and they stay good.
    ///
    /// # Errors
    ///
    /// When the id is malformed; when it, or that of a source within this one, is in the chain already.
    pub fn push(
        &mut self,
        id: impl TryInto<SourceId, Error: Into<SourceError>>,
        authenticator: impl Authenticator + 'static,
    ) -> Result<(), SourceError> {
        let id = id.try_into().map_err(Into::into)?;
        let within = authenticator.sources();
        let mut known = self.sources();
        for id in [&id].into_iter().chain(&within) {
            match known.contains(id) {
                true => return Err(SourceError::DuplicateId(id.clone())),
                false => known.push(id.clone()),
            }
        }
        self.0.push(Member { id, within, source: Arc::new(authenticator) });
        Ok(())
    }

    /// Names the source of an identity that this member has accepted, and looks whether the account is another one's.
    async fn settle(
        &self,
        place: usize,
        member: &Member,
        mut identity: Identity,
        deadline: Deadline,
    ) -> Result<Authn, BackendError> {
        let source = match identity.source.take() {
            Some(within) if member.within.contains(&within) => within,
            _ => member.id.clone(),
        };
        identity.source = Some(source);
        if identity.account.is_empty() {
            return Ok(Authn::Accept(identity));
        }
        let about = AccountRequest::of(&identity).with_deadline(deadline);
        let own = member.about(about).map_or(Precedence::None, |about| member.source.precedence(&about));
        Ok(match self.owner(place, own, about.from_source(None)).await? {
            None => Authn::Accept(identity),
            Some(owner) => {
                let (account, owner) = (&*identity.account, &owner.id);
                Authn::Reject(format!("the account {account:?} belongs to the source {owner}").into())
            }
        })
    }

    /// The first other member with a better right to the account than the one at this place, with this precedence.
    async fn owner(
        &self,
        place: usize,
        own: Precedence,
        about: AccountRequest<'_>,
    ) -> Result<Option<&Member>, BackendError> {
        for (index, other) in self.0.iter().enumerate().filter(|(index, _)| *index != place) {
            let theirs = other.source.precedence(&about);
            let is_before = match theirs.cmp(&own) {
                Ordering::Less => false,
                Ordering::Equal => index < place,
                Ordering::Greater => true,
            };
            if is_before && (theirs.is_reserved_from(own) || other.owns(&about).await?) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}

impl Member {
    /// What this member is asked, if it, or one within it, is the source that the request is for.
    fn about<'a>(&self, request: AccountRequest<'a>) -> Option<AccountRequest<'a>> {
        match request.source {
            None => Some(request),
            Some(source) if *source == self.id => Some(request.from_source(None)),
            Some(source) => self.within.contains(source).then_some(request),
        }
    }

    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        self.source.owns(request).await.map_err(|error| self.name_in(error))
    }

    /// The error, with the source in it that could not answer.
    fn name_in(&self, error: BackendError) -> BackendError {
        match self.within.iter().any(|within| **within == *error.backend()) {
            true => error,
            false => error.of_source(&self.id),
        }
    }
}

#[async_trait]
impl Authenticator for AuthenticatorChain {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let signed = self.is_signed(request.credentials);
        for (place, member) in self.0.iter().enumerate() {
            if signed && !member.source.is_signed(request.credentials) {
                continue;
            }
            let answer = member.source.authenticate(request).await;
            match answer.map_err(|error| member.name_in(error))? {
                Authn::Abstain => {}
                Authn::Accept(identity) => {
                    return self.settle(place, member, identity, request.deadline).await;
                }
                Authn::Reject(reason) => return Ok(Authn::Reject(reason)),
            }
        }
        Ok(Authn::Abstain)
    }

    /// Asks the source that the request names, wherever in the chain it is, so that an account of one does not live on through
    /// a namesake in another. Without a source asks all.
    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        let mut outcome = Authn::Abstain;
        for (place, member) in self.0.iter().enumerate() {
            let Some(about) = member.about(*request) else { continue };
            let answer = member.source.revalidate(&about).await;
            match answer.map_err(|error| member.name_in(error))? {
                Authn::Abstain => {}
                Authn::Accept(identity) => {
                    outcome = self.settle(place, member, identity, request.deadline).await?;
                    // The account of a source that was not named may be the next one's.
                    if request.source.is_some() || matches!(outcome, Authn::Accept(_)) {
                        return Ok(outcome);
                    }
                }
                Authn::Reject(reason) => return Ok(Authn::Reject(reason)),
            }
        }
        Ok(outcome)
    }

    /// One of those members does whose right to the account would be the best: the others could not have it.
    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        let best = self.precedence(request);
        for member in &self.0 {
            if let Some(about) = member.about(*request)
                && member.source.precedence(&about) == best
                && member.owns(&about).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_signed(&self, credentials: &Credentials) -> bool {
        self.0.iter().any(|member| member.source.is_signed(credentials))
    }

    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        let members = self.0.iter().filter_map(|member| Some((member, member.about(*request)?)));
        members.map(|(member, about)| member.source.precedence(&about)).max().unwrap_or(Precedence::None)
    }

    fn sources(&self) -> Vec<SourceId> {
        self.0.iter().flat_map(|member| [&member.id].into_iter().chain(&member.within)).cloned().collect()
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

/// Each source goes on with what the one with its id knew.
impl Succeed for AuthenticatorChain {
    fn succeed(&self, previous: &Self) {
        for member in &self.0 {
            if let Some(namesake) = previous.0.iter().find(|namesake| namesake.id == member.id) {
                hand_over(namesake.source.memory(), member.source.memory());
            }
        }
    }
}

impl fmt::Debug for AuthenticatorChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|member| &member.id)).finish()
    }
}
