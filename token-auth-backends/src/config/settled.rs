//! Reading files that nobody is writing: a configuration of which only a part is there may grant more than the whole.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{ConfigOptions, LoadError};
use crate::FileStamps;

/// Files that are read together, and are as they were before when they have been read.
pub(super) struct Settling {
    time: Duration,
    end: Instant,
    seen: FileStamps,
}

impl Settling {
    pub(super) fn new(options: &ConfigOptions) -> Self {
        let (time, end) = (options.settle_time, Instant::now() + ConfigOptions::PATIENCE);
        Self { time, end, seen: FileStamps::default() }
    }

    /// Begins anew.
    pub(super) fn begin(&mut self) {
        self.seen = FileStamps::default();
    }

    /// Waits until nobody writes to these files, too, which are going to be read. Blocks.
    pub(super) fn wait(&mut self, files: impl IntoIterator<Item = PathBuf>) -> Result<(), LoadError> {
        let stamps = FileStamps::of(files);
        let left = self.end.saturating_duration_since(Instant::now());
        match stamps.settled(self.time, left) {
            Some(settled) if !left.is_zero() => {
                self.seen = std::mem::take(&mut self.seen).and(settled);
                Ok(())
            }
            _ => {
                let file = stamps.first_other(&stamps.now()).or_else(|| stamps.files().next());
                let file = file.map(|file| file.display().to_string()).unwrap_or_default();
                Err(LoadError::Unsettled { file })
            }
        }
    }

    /// Whether all these files are as they were before they were read.
    pub(super) fn holds(&self) -> bool {
        self.seen.now() == self.seen
    }

    /// The state of these files, if that is the one in which they were read.
    pub(super) fn of(&self, files: &[PathBuf]) -> Option<FileStamps> {
        let stamps = FileStamps::of(files);
        stamps.first_other(&self.seen).is_none().then_some(stamps)
    }
}
