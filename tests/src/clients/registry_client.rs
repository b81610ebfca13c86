use super::Outcome;
use crate::Image;

/// A client of a registry, in what all of them have in common. Names are `repository:tag`, without the registry.
pub trait RegistryClient: Send {
    /// Logs in, and is this user from then on. A client without a login takes the credentials along with each command.
    fn login(&mut self, user: &str, password: &str) -> Outcome;

    /// Pushes an image, or what the client makes of one.
    fn push(&self, image: &Image, name: &str) -> Outcome;

    /// Pulls what the client itself, or another one, has pushed.
    fn pull(&self, name: &str) -> Outcome;

    /// Copies what it has pushed as `from` into another repository, so that its layer is mounted and not uploaded again.
    fn mount(&self, image: &Image, from: &str, to: &str) -> Outcome;

    /// Deletes what a tag names.
    fn delete(&self, name: &str) -> Outcome;

    /// Lists the tags of a repository.
    fn tags(&self, repository: &str) -> Outcome;

    /// Lists the repositories.
    fn catalog(&self) -> Outcome;
}
