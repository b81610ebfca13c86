use crate::Finished;

/// What came of something that a client was asked to do.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was done; with what the client said.
    Done(String),
    /// It failed; with what the client said.
    Failed(String),
    /// This client cannot be asked for it, and why.
    Cannot(&'static str),
}

impl Outcome {
    /// Asserts that it was done, unless the client cannot be asked for it; whether it could.
    #[track_caller]
    pub fn done(&self) -> bool {
        match self {
            Self::Done(_) => true,
            Self::Failed(said) => panic!("should have succeeded:\n{said}"),
            Self::Cannot(_) => false,
        }
    }

    /// Asserts that it failed, unless the client cannot be asked for it.
    #[track_caller]
    pub fn failed(&self) {
        if let Self::Done(said) = self {
            panic!("should have failed:\n{said}");
        }
    }

    /// Asserts that it was done and that the client said this, unless it cannot be asked for it; whether it could.
    #[track_caller]
    pub fn says(&self, words: &str) -> bool {
        if let Self::Done(said) = self {
            assert!(said.contains(words), "should have said {words:?}:\n{said}");
        }
        self.done()
    }
}

impl From<Finished> for Outcome {
    fn from(finished: Finished) -> Self {
        match finished.status.success() {
            true => Self::Done(finished.stdout + &finished.stderr),
            false => Self::Failed(finished.to_string()),
        }
    }
}

impl<T: ToString, E: std::fmt::Display> From<Result<T, E>> for Outcome {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(said) => Self::Done(said.to_string()),
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}
