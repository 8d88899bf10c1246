//! Logs: to standard error, as text on a terminal and as one JSON object a line elsewhere. Metrics stand below.
//!
//! Nothing personal ever goes in (invariant 11), and nothing that came from outside can end a line or
//! steer a terminal: control characters are written as escapes, whatever wrote them.

mod flood;
pub mod metrics;

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use flood::{FILES, LOGINS};

/// What is logged when neither `OPTGATE_LOG` nor `RUST_LOG` says: our own doings, others' warnings. That a
/// certificate is refused is told by us, once for an outage.
const DEFAULT_FILTER: &str = "warn,optgate=info,rustls_platform_verifier=off,notify=error";

/// Turns logging on, once for the process; later calls change nothing.
pub fn start() {
    start_with(DEFAULT_FILTER);
}

/// The same with another default, for verbs that print tables.
pub fn start_with(default: &str) {
    let chosen = ["OPTGATE_LOG", "RUST_LOG"].into_iter().find_map(|name| std::env::var(name).ok());
    let filter =
        EnvFilter::try_new(chosen.as_deref().unwrap_or(default)).unwrap_or_else(|_| EnvFilter::new(default));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(EscapedStderr);
    let guard = flood::FloodGuard::default();
    let _ = if io::stderr().is_terminal() {
        builder.finish().with(guard).try_init()
    } else {
        builder.json().flatten_event(true).finish().with(guard).try_init()
    };
}

/// From now on a panic is a line of the log that says where it was. Its message may hold anything, so that it goes nowhere.
pub fn tell_of_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "the gateway panicked");
    }));
}

#[derive(Clone, Copy)]
struct EscapedStderr;

impl<'w> MakeWriter<'w> for EscapedStderr {
    type Writer = Escaped<io::Stderr>;

    fn make_writer(&'w self) -> Self::Writer {
        Escaped { to: io::stderr(), broken_off: &BROKEN_OFF }
    }
}

/// Whether the last line broke off: the next one must not go on where it stopped.
static BROKEN_OFF: AtomicBool = AtomicBool::new(false);

/// Takes one whole event a write, and escapes all control characters but the line end that closes it.
///
/// What can't be written, since its disk is full or nobody reads it any more, is counted and lost. Nobody hears of
/// an error: tracing-subscriber would print it to the same place, and panic.
struct Escaped<W> {
    to: W,
    broken_off: &'static AtomicBool,
}

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (body, end) = match event.split_last() {
            Some((b'\n', body)) => (body, "\n"),
            _ => (event, ""),
        };
        let text = String::from_utf8_lossy(body);
        let written = if text.chars().any(char::is_control) {
            self.put(format!("{}{end}", escaped(&text)).as_bytes())
        } else {
            self.put(event)
        };
        if written.is_err() {
            self.broken_off.store(true, Ordering::Relaxed);
            metrics::log_line_lost();
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.to.flush();
        Ok(())
    }
}

impl<W: Write> Escaped<W> {
    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        if self.broken_off.load(Ordering::Relaxed) {
            self.to.write_all(b"\n")?;
            self.broken_off.store(false, Ordering::Relaxed);
        }
        self.to.write_all(line)
    }
}

/// A text whose control characters are written as JSON does: `\u001b`.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            safe.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(json: bool) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        static WHOLE: AtomicBool = AtomicBool::new(false);
        let escaped = move || Escaped { to: writer.clone(), broken_off: &WHOLE };
        let builder = tracing_subscriber::fmt().with_ansi(false).with_writer(escaped);
        let hostile = "a\r\nforged line\x1b[2J\u{9b}31m\u{7f}";
        let log = || tracing::warn!(field = %hostile, quoted = ?hostile, "{hostile}");
        if json {
            tracing::subscriber::with_default(builder.json().flatten_event(true).finish(), log);
        } else {
            tracing::subscriber::with_default(builder.finish(), log);
        }
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    /// A disk with room for so many octets.
    struct Full(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (written, room) = &mut *self.0.lock().unwrap();
            let fits = bytes.len().min(room.saturating_sub(written.len()));
            written.extend_from_slice(&bytes[..fits]);
            if fits == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(fits) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn a_line_that_cannot_be_written_is_lost_and_nothing_else() {
        let disk = Arc::new(Mutex::new((Vec::new(), 10)));
        static BROKEN_OFF: AtomicBool = AtomicBool::new(false);
        let mut log = Escaped { to: Full(disk.clone()), broken_off: &BROKEN_OFF };
        for line in [b"first\n".as_slice(), b"second\n", b"third\n"] {
            assert_eq!(log.write(line).unwrap(), line.len());
            assert!(log.flush().is_ok());
        }
        disk.lock().unwrap().1 = 1_000;
        assert!(log.write_all(b"fourth\n").is_ok());
        assert!(log.write_all(b"fifth\n").is_ok());
        assert_eq!(disk.lock().unwrap().0, b"first\nseco\nfourth\nfifth\n");
    }

    #[test]
    fn i11_what_comes_from_outside_stays_on_its_line() {
        for json in [false, true] {
            let line = logged(json);
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
            assert!(!line.trim_end_matches('\n').chars().any(char::is_control), "{line:?}");
            assert!(line.contains("forged line"));
        }
        let parsed: serde_json::Value = serde_json::from_str(&logged(true)).unwrap();
        assert!(parsed["message"].as_str().unwrap().starts_with("a\r\nforged"));
    }
}
