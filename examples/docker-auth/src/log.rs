//! Log lines on their way out: whoever has one to write hands it over and goes on, whatever becomes of it.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// Bytes that wait to be written: some thousands of lines.
const PENDING: usize = 1 << 20;

/// Where log lines go: a queue of 1 MiB that a thread of its own writes out.
///
/// Writing to it never waits and never fails. A line that does not fit any more, or that cannot be written, is counted; the
/// count is logged when lines are written again. [`Arc<Lines>`] is a `MakeWriter` of tracing-subscriber.
pub struct Lines {
    pending: Mutex<Pending>,
    changed: Condvar,
    lost: AtomicU64,
    writer: OnceLock<ThreadId>,
}

#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    /// Whether the thread is at work on what it took before.
    writing: bool,
}

impl Lines {
    /// A queue in front of this.
    ///
    /// # Errors
    ///
    /// When there can be no further thread.
    pub fn to(sink: impl Write + Send + 'static) -> io::Result<Arc<Self>> {
        let lines = Arc::new(Self {
            pending: Mutex::default(),
            changed: Condvar::new(),
            lost: AtomicU64::new(0),
            writer: OnceLock::new(),
        });
        let ours = Arc::clone(&lines);
        thread::Builder::new().name("log".to_owned()).spawn(move || ours.write_out(sink))?;
        Ok(lines)
    }

    /// How many lines were lost since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until everything is written, but no longer than this.
    pub fn flush(&self, at_most: Duration) {
        let unwritten = |pending: &mut Pending| pending.writing || !pending.bytes.is_empty();
        // Whether it was written or not: there is nobody to tell.
        let _ = self.changed.wait_timeout_while(self.lock(), at_most, unwritten);
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut pending = self.lock();
        // What the thread itself has to say, that lines were lost, is for the place that it has just made.
        let fits = pending.bytes.len() + line.len() <= PENDING;
        if fits || self.writer.get() == Some(&thread::current().id()) {
            pending.bytes.extend_from_slice(line);
            self.changed.notify_all();
        } else {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Never ends; the end of the process ends it.
    fn write_out(&self, mut sink: impl Write) {
        // Only this thread sets it.
        let _ = self.writer.set(thread::current().id());
        let (mut batch, mut cut, mut told) = (Vec::new(), false, 0);
        loop {
            self.take(&mut batch);
            // What was cut off does not spoil the next line.
            cut = cut && put(&mut sink, b"\n") == 0;
            let written = if cut { 0 } else { put(&mut sink, &batch) };
            let (done, left) = batch.split_at_checked(written).unwrap_or((&batch, &[]));
            cut = done.last().map_or(cut, |last| *last != b'\n');
            self.lost.fetch_add(left.iter().filter(|byte| **byte == b'\n').count() as u64, Ordering::Relaxed);
            let lost = self.lost();
            if left.is_empty() && lost > told {
                tracing::warn!(lost = lost - told, "log lines were lost: they were not taken in time");
                told = lost;
            }
        }
    }

    /// Takes what waits, and waits for it.
    fn take(&self, batch: &mut Vec<u8>) {
        let mut pending = self.lock();
        pending.writing = false;
        self.changed.notify_all();
        let mut pending = self
            .changed
            .wait_while(pending, |pending| pending.bytes.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        batch.clear();
        std::mem::swap(batch, &mut pending.bytes);
        pending.writing = true;
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes as much as there is place for, and says how much that was.
fn put(sink: &mut impl Write, bytes: &[u8]) -> usize {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match sink.write(rest) {
            Ok(0) => break,
            Ok(more) => written += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // A pipe that somebody else has set to answer so. Meanwhile the queue fills up.
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(10)),
            Err(_) => break,
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Takes as much at once as it is told, over and over again; after that everything fails.
    struct Sink {
        taken: Arc<Mutex<Vec<u8>>>,
        permits: mpsc::Receiver<usize>,
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.permits.recv() {
                Ok(0) => Err(ErrorKind::StorageFull.into()),
                Ok(most) => {
                    let bytes = &bytes[..bytes.len().min(most)];
                    self.taken.lock().unwrap().extend_from_slice(bytes);
                    Ok(bytes.len())
                }
                Err(_) => Err(ErrorKind::BrokenPipe.into()),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn queue() -> (Arc<Lines>, mpsc::Sender<usize>, Arc<Mutex<Vec<u8>>>) {
        let (permit, permits) = mpsc::channel();
        let taken = Arc::default();
        let lines = Lines::to(Sink { taken: Arc::clone(&taken), permits }).unwrap();
        (lines, permit, taken)
    }

    fn text(taken: &Mutex<Vec<u8>>) -> String {
        String::from_utf8(taken.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn lines_are_written_in_order() {
        let (lines, permit, taken) = queue();
        (0..40).for_each(|_| permit.send(2).unwrap());
        for number in 0..10 {
            writeln!(&*lines, "{number}").unwrap();
        }
        lines.flush(Duration::from_secs(60));
        assert_eq!((text(&taken).as_str(), lines.lost()), ("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", 0));
    }

    #[test]
    fn what_does_not_fit_is_counted_and_nobody_waits() {
        let (lines, permit, taken) = queue();
        let line = format!("{}\n", "x".repeat(1023));
        for _ in 0..4096 {
            (&*lines).write_all(line.as_bytes()).unwrap();
        }
        // The thread may have taken some of them out already, at most what fits.
        assert!((2048..=3072).contains(&lines.lost()), "{}", lines.lost());
        (0..2).for_each(|_| permit.send(usize::MAX).unwrap());
        lines.flush(Duration::from_secs(60));
        assert_eq!(text(&taken).len() as u64, (4096 - lines.lost()) * 1024);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_the_next_line_begins_afresh() {
        let (lines, permit, taken) = queue();
        for permitted in [3, 0] {
            permit.send(permitted).unwrap();
        }
        writeln!(&*lines, "first").unwrap();
        lines.flush(Duration::from_secs(60));
        // The end of the line that was cut off, and the next one.
        (0..2).for_each(|_| permit.send(100).unwrap());
        writeln!(&*lines, "second").unwrap();
        lines.flush(Duration::from_secs(60));
        assert_eq!((text(&taken).as_str(), lines.lost()), ("fir\nsecond\n", 1));
        drop(permit);
        writeln!(&*lines, "third").unwrap();
        lines.flush(Duration::from_secs(60));
        assert_eq!(lines.lost(), 2);
    }
}
