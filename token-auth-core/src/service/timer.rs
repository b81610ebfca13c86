//! What ends a wait: time is someone else's, since there is no runtime here.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Instant;

use crate::Deadline;

/// Waits until a moment: what a [`TokenService`](crate::TokenService) needs to end a request at its deadline whatever a
/// backend does. Async closures are timers.
///
/// ```
/// # use std::time::Instant;
/// # use token_auth_core::Timer;
/// fn timer() -> impl Timer {
///     |moment: Instant| tokio::time::sleep_until(moment.into())
/// }
/// ```
pub trait Timer: Send + Sync {
    /// Is ready at this moment, not before.
    fn sleep_until(&self, moment: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

impl<F, Fut> Timer for F
where
    F: Fn(Instant) -> Fut + Send + Sync,
    Fut: Future<Output = ()> + Send + 'static,
{
    fn sleep_until(&self, moment: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self(moment))
    }
}

/// The outcome of the work, or nothing if the deadline passes before. Work that does not wait sets no timer.
pub(super) async fn within<T>(
    timer: Option<&dyn Timer>,
    deadline: Deadline,
    work: impl Future<Output = T>,
) -> Option<T> {
    let (Some(timer), Some(moment)) = (timer, deadline.moment()) else { return Some(work.await) };
    let mut work = pin!(work);
    let mut sleep = None;
    poll_fn(|context| {
        if let Poll::Ready(outcome) = work.as_mut().poll(context) {
            return Poll::Ready(Some(outcome));
        }
        sleep.get_or_insert_with(|| timer.sleep_until(moment)).as_mut().poll(context).map(|()| None)
    })
    .await
}
