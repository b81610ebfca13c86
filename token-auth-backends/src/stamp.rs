//! Whether files are others than before, and whether somebody may be writing them.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Files as they were at one moment: what tells that one is another than before, or in another place, or gone. Links are
/// followed. A change that keeps length and time of a file is one, too.
///
/// ```
/// # use std::fs;
/// use token_auth_backends::FileStamps;
///
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("auth_config.yml");
/// fs::write(&file, "a: 1")?;
/// let before = FileStamps::of([&file]);
/// assert_eq!(before.now(), before);
/// # std::thread::sleep(std::time::Duration::from_millis(20));
/// fs::write(&file, "a: 2")?;
/// assert_ne!(before.now(), before);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileStamps(BTreeMap<PathBuf, Option<FileStamp>>);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileStamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Device, inode, and time of the last change of the inode: what no program sets back.
    identity: [i64; 4],
}

impl FileStamps {
    /// These files, as they are now. One that is not there is in a state as well.
    pub fn of<P: Into<PathBuf>>(files: impl IntoIterator<Item = P>) -> Self {
        let stamped = |file: PathBuf| {
            let stamp = FileStamp::of(&file);
            (file, stamp)
        };
        Self(files.into_iter().map(Into::into).map(stamped).collect())
    }

    /// The same files, as they are now.
    #[must_use]
    pub fn now(&self) -> Self {
        Self::of(self.0.keys())
    }

    /// The same files once nobody has written to them for this time; nothing if that takes longer than `patience`. Blocks.
    ///
    /// It is no wait if all of them were changed before that, by their own times. Otherwise they are watched, so that nothing
    /// depends on the clock of a file server.
    pub fn settled(&self, time: Duration, patience: Duration) -> Option<Self> {
        let begun = Instant::now();
        let mut seen = self.now();
        loop {
            let wait = seen.unsettled(time, SystemTime::now());
            if wait.is_zero() {
                return Some(seen);
            }
            if begun.elapsed() + wait > patience {
                return None;
            }
            std::thread::sleep(wait);
            let present = seen.now();
            if present == seen {
                return Some(present);
            }
            seen = present;
        }
    }

    /// How long they still have to be left alone.
    pub(crate) fn unsettled(&self, time: Duration, now: SystemTime) -> Duration {
        let since = |changed: SystemTime| match now.duration_since(changed) {
            Ok(passed) => time.saturating_sub(passed),
            // Of another clock.
            Err(_) => time,
        };
        self.0.values().flatten().filter_map(FileStamp::changed).map(since).max().unwrap_or_default()
    }

    /// Whether one of the files has changed within this time, by its own times.
    pub fn have_changed_within(&self, time: Duration) -> bool {
        !self.unsettled(time, SystemTime::now()).is_zero()
    }

    /// Which files these are.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// With those of others.
    #[cfg(feature = "config")]
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The first of those that are not as in the others.
    #[cfg(feature = "config")]
    pub(crate) fn first_other(&self, others: &Self) -> Option<&Path> {
        self.0.iter().find(|(file, stamp)| others.0.get(*file) != Some(*stamp)).map(|(file, _)| &**file)
    }
}

impl FileStamp {
    fn of(file: &Path) -> Option<Self> {
        let metadata = fs::metadata(file).ok()?;
        let identity @ [device, inode, ..] = identity(&metadata);
        Some(match metadata.is_file() {
            true => Self { length: metadata.len(), modified: metadata.modified().ok(), identity },
            // What goes through a pipe, or lies in a folder, is no change of it.
            false => Self { length: 0, modified: None, identity: [device, inode, 0, 0] },
        })
    }

    /// When it was changed last, by whichever of its times is the later one.
    fn changed(&self) -> Option<SystemTime> {
        let [_, _, seconds, nanos] = self.identity;
        let of_inode = u64::try_from(seconds).ok().zip(u32::try_from(nanos).ok());
        let of_inode = of_inode
            .and_then(|(seconds, nanos)| SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos)));
        self.modified.map(|modified| of_inode.map_or(modified, |changed| changed.max(modified)))
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt;
    [metadata.dev().cast_signed(), metadata.ino().cast_signed(), metadata.ctime(), metadata.ctime_nsec()]
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> [i64; 4] {
    [0; 4]
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::thread;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Times of files are as coarse as the clock of the kernel.
    fn tick() {
        thread::sleep(Duration::from_millis(30));
    }

    #[test]
    fn every_change_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("one")).unwrap();
        fs::create_dir_all(at("two")).unwrap();
        fs::write(at("one/file"), "12345").unwrap();
        fs::write(at("two/file"), "12345").unwrap();
        std::os::unix::fs::symlink(at("one"), at("data")).unwrap();
        let file = at("data/file");
        let time = fs::metadata(&file).unwrap().modified().unwrap();
        let set_back = || fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
        let changes: [(&str, &dyn Fn()); 6] = [
            ("in place, of another length", &|| fs::write(&file, "123456").unwrap()),
            ("in place, of equal length", &|| fs::write(&file, "654321").unwrap()),
            ("in place, of equal length and time", &|| {
                fs::write(&file, "123456").unwrap();
                set_back();
            }),
            ("another link, as a ConfigMap's", &|| {
                std::os::unix::fs::symlink(at("two"), at("new")).unwrap();
                fs::rename(at("new"), at("data")).unwrap();
            }),
            ("renamed", &|| {
                fs::write(at("fresh"), "12345").unwrap();
                fs::rename(at("fresh"), &file).unwrap();
            }),
            ("gone", &|| fs::remove_file(&file).unwrap()),
        ];
        let mut seen = FileStamps::of([&file]);
        for (what, change) in changes {
            assert_eq!(seen.now(), seen, "before {what}");
            tick();
            change();
            let now = seen.now();
            assert_ne!(now, seen, "{what}");
            seen = now;
        }
    }

    #[test]
    fn files_that_are_written_are_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "one").unwrap();
        let writer = {
            let file = file.clone();
            thread::spawn(move || {
                for text in ["two", "three", "four"] {
                    thread::sleep(Duration::from_millis(60));
                    fs::write(&file, text).unwrap();
                }
                FileStamps::of([file])
            })
        };
        let settled = FileStamps::of([&file]).settled(SECOND * 2, SECOND * 60).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "four");
        assert_eq!(settled, writer.join().unwrap());
        // What is old by its times, or not there, or no file, is not waited for at all.
        tick();
        assert!(settled.settled(SECOND / 100, Duration::ZERO).is_some());
        let gone =
            FileStamps::of([folder.path().join("nothing"), folder.path().to_owned(), "/dev/null".into()]);
        assert!(gone.settled(SECOND * 3600, Duration::ZERO).is_some());
        // Who writes all the time is given up.
        assert_eq!(settled.settled(SECOND * 3600, SECOND), None);
    }

    #[test]
    fn a_clock_that_is_ahead_costs_one_wait() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "one").unwrap();
        let later = SystemTime::now() + SECOND * 3600;
        fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        let stamps = FileStamps::of([&file]);
        assert_eq!(stamps.unsettled(SECOND, SystemTime::now()), SECOND);
        assert!(stamps.settled(SECOND / 100, SECOND * 60).is_some());
    }

    #[test]
    fn what_goes_through_a_pipe_is_no_change_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let before = FileStamps::of([&pipe]);
        tick();
        let mut both = fs::File::options().read(true).write(true).open(&pipe).unwrap();
        std::io::Write::write_all(&mut both, b"text").unwrap();
        assert_eq!(before.now(), before);
    }
}
