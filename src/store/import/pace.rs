//! When an import lets others write. SQLite has one writer, and its waiters look again now and then: who leaves no
//! gap starves them.

use std::time::Duration;

use tokio::time::Instant;

/// For how long after others were met room is left for them.
const WARY: Duration = Duration::from_secs(1);
/// A wait for the lock that is longer than this was for somebody else's sake.
const MET: Duration = Duration::from_millis(1);
const MOST: Duration = Duration::from_millis(100);

/// How an import goes beside others.
#[derive(Default)]
pub(super) struct Pace {
    pause: Duration,
    met: Option<Instant>,
}

impl Pace {
    /// Lets go of the way, for as long as was found right.
    pub async fn yields(&mut self) {
        let pause = std::mem::take(&mut self.pause);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    /// A slice waited so long for its turn, and then held it so long: half of the time is the others' while there
    /// are any, a tenth is left for them to show up in.
    pub fn wrote(&mut self, waited: Duration, held: Duration, now: Instant) {
        if waited > MET {
            self.met = Some(now);
        }
        let wary = self.met.is_some_and(|met| now - met < WARY);
        self.pause = if wary { held } else { held / 10 }.min(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_meets_others_leaves_them_half_of_the_time() {
        let ms = Duration::from_millis;
        let (mut pace, now) = (Pace::default(), Instant::now());
        let mut after = |waited, held, now| {
            pace.wrote(ms(waited), ms(held), now);
            pace.pause
        };
        assert_eq!(after(0, 20, now), ms(2));
        assert_eq!(after(5, 20, now), ms(20));
        assert_eq!(after(0, 500, now), MOST);
        assert_eq!(after(0, 20, now + WARY), ms(2));
    }
}
