//! The model and the policy on disk, and when they are read again.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::CasbinOptions;
use super::answer::Rules;
use super::error::CasbinError;
use super::model::Model;
use super::policy::Policy;
use crate::named_file;
use crate::stamp::FileStamps;

const MODEL_BYTES: usize = 64 << 10;
const POLICY_BYTES: usize = 16 << 20;
/// How long a changed file must have stayed the same before it is read: whoever writes it may not have written all.
const SETTLE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Files {
    options: CasbinOptions,
}

impl From<CasbinOptions> for Files {
    fn from(options: CasbinOptions) -> Self {
        Self { options }
    }
}

/// What was last seen of the files.
#[derive(Clone)]
pub(super) struct Seen {
    /// As they were when they were read.
    read: FileStamps,
    /// As they are now, if that is another state, and since when.
    changed: Option<(FileStamps, Instant)>,
    next_look: Instant,
}

impl Seen {
    pub(super) fn is_time(&self) -> bool {
        Instant::now() >= self.next_look
    }
}

impl Files {
    fn stamps(&self) -> FileStamps {
        FileStamps::of([&self.options.model, &self.options.policy])
    }

    /// To be taken before the files are read, so that a change meanwhile is found the next time.
    pub(super) fn look(&self) -> Seen {
        let next_look = Instant::now() + self.options.check_interval;
        Seen { read: self.stamps(), changed: None, next_look }
    }

    /// What there is to see now; and what is in the files, if they have changed and settled.
    pub(super) fn look_again(&self, before: Seen) -> (Seen, Option<Result<Rules, CasbinError>>) {
        let Seen { read, changed, .. } = before;
        let (now, present) = (Instant::now(), self.stamps());
        let interval = self.options.check_interval;
        if present == read {
            return (Seen { read, changed: None, next_look: now + interval }, None);
        }
        let soon = now + SETTLE.min(interval);
        let since = changed.filter(|(seen, _)| *seen == present).map_or(now, |(_, since)| since);
        if since.elapsed() < SETTLE && present.have_changed_within(SETTLE) {
            return (Seen { read, changed: Some((present, since)), next_look: soon }, None);
        }
        let rules = self.read();
        match self.stamps() {
            stamps if stamps == present => {
                (Seen { read: stamps, changed: None, next_look: now + interval }, Some(rules))
            }
            stamps => (Seen { read, changed: Some((stamps, now)), next_look: soon }, None),
        }
    }

    pub(super) fn read(&self) -> Result<Rules, CasbinError> {
        let CasbinOptions { model: model_file, policy: policy_file, lines, .. } = &self.options;
        let text = |file: &PathBuf, most| {
            named_file::read_text(file, most)
                .map_err(|source| CasbinError::Read { file: file.clone(), source })
        };
        let model =
            Model::parse(&text(model_file, MODEL_BYTES)?).map_err(|problem| problem.of(model_file))?;
        let policy = Policy::parse(&text(policy_file, POLICY_BYTES)?, &model, *lines)
            .map_err(|problem| problem.of(policy_file))?;
        Ok(Rules::new(model, policy))
    }
}
