//! How far an import is: a line that is written over on a terminal, a plain line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use tokio::time::Instant;

const ON_A_TERMINAL: Duration = Duration::from_millis(200);
const ELSEWHERE: Duration = Duration::from_secs(10);
const WIDTH: usize = 24;

/// Told on stderr.
pub(super) struct Progress {
    began: Instant,
    told: Instant,
    terminal: bool,
    /// Octets of the file, where that can be known.
    whole: Option<u64>,
}

impl Progress {
    pub fn new(whole: Option<u64>) -> Self {
        let now = Instant::now();
        let whole = whole.filter(|octets| *octets > 0);
        Self { began: now, told: now, terminal: std::io::stderr().is_terminal(), whole }
    }

    pub fn at(&mut self, rows: u64, octets: u64) {
        let now = Instant::now();
        if now - self.told < if self.terminal { ON_A_TERMINAL } else { ELSEWHERE } {
            return;
        }
        self.told = now;
        let line = shown(rows, octets, self.whole, now - self.began);
        if self.terminal {
            eprint!("\r\x1b[K{line}");
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("optgate: {line}");
        }
    }

    /// Leaves a clean line for what follows.
    pub fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}

fn shown(rows: u64, octets: u64, whole: Option<u64>, took: Duration) -> String {
    let pace = rows as f64 / took.as_secs_f64().max(0.001);
    let count = format!("{rows} rows, {pace:.0} a second");
    let Some(whole) = whole else { return count };
    let part = (octets.min(whole) as f64 / whole as f64).clamp(0.0, 1.0);
    let left = took.mul_f64(((1.0 - part) / part.max(0.0001)).min(1e6)).as_secs();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and WIDTH")]
    let full = (part * WIDTH as f64) as usize;
    let bar = format!("{}{}", "#".repeat(full), ".".repeat(WIDTH - full));
    format!("[{bar}] {:.0} %, {count}, {}:{:02} left", part * 100.0, left / 60, left % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_pace_part_and_what_is_left() {
        let line = shown(30_000, 50, Some(200), Duration::from_secs(2));
        assert_eq!(line, "[######..................] 25 %, 30000 rows, 15000 a second, 0:06 left");
        assert_eq!(shown(10, 50, None, Duration::from_secs(2)), "10 rows, 5 a second");
        // A file that grew meanwhile.
        assert!(shown(1, 300, Some(200), Duration::from_secs(1)).contains("100 %"));
    }
}
