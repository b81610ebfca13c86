//! Processes that a program has started and that have left its process group: they are known by their environment.

/// Kills the processes that have such a variable in their environment.
#[cfg(target_os = "linux")]
pub(super) async fn kill(is_theirs: impl Fn(&str) -> bool + Send + 'static) {
    // Nobody is told if it panics: what is left is looked for again after the next run.
    let _ = tokio::task::spawn_blocking(move || linux::kill(&is_theirs)).await;
}

/// Elsewhere they are left alone: the process group is all that is known.
#[cfg(not(target_os = "linux"))]
pub(super) async fn kill(_: impl Fn(&str) -> bool + Send + 'static) {}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, File};
    use std::io::Read as _;
    use std::path::Path;

    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    /// Each time all that are found are killed. What goes on starting others faster than this is left.
    const TIMES: usize = 16;
    /// Bytes of an environment: the one that a program gets is small.
    const MOST_BYTES: u64 = 256 << 10;

    pub(super) fn kill(is_theirs: &dyn Fn(&str) -> bool) {
        for _ in 0..TIMES {
            if !kill_those_there(is_theirs) {
                return;
            }
        }
    }

    /// Whether there were any.
    fn kill_those_there(is_theirs: &dyn Fn(&str) -> bool) -> bool {
        let Ok(processes) = fs::read_dir("/proc") else { return false };
        let mut found = false;
        for process in processes.flatten() {
            let id = process.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
            let Some(id) = id else { continue };
            // Held before it is looked at: what is killed then is that process, and none that has got its number.
            let Ok(held) = pidfd_open(id, PidfdFlags::empty()) else { continue };
            if has_such(&process.path().join("environ"), is_theirs) {
                found |= pidfd_send_signal(held, Signal::KILL).is_ok();
            }
        }
        found
    }

    fn has_such(environment: &Path, is_theirs: &dyn Fn(&str) -> bool) -> bool {
        let mut text = Vec::new();
        let read = File::open(environment).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut text));
        let mut variables = text.split(|byte| *byte == 0).filter_map(|text| std::str::from_utf8(text).ok());
        read.is_ok() && variables.any(is_theirs)
    }
}
