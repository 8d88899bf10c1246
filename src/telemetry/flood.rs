//! Keeps one trouble from filling the log: of the same warning or error about the same upstream, peer or file, ten at
//! once and then one every ten seconds. What is left out is counted. Lines of every day (`info`) are never left
//! out, nor are mistakes in files and addresses that guessed too often, each of which is another one.

use std::collections::HashMap;
use std::fmt::{self, Debug, Write as _};
use std::hash::{BuildHasher as _, DefaultHasher, Hasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::metrics;

/// The target of lines that tell of mistakes in an operator's files.
pub const FILES: &str = "optgate::files";
/// The target of lines that tell of an address that is refused from now on: what keeps it out altogether reads them.
/// Each has cost it many logins, at what a login costs, so that they can't fill a log.
pub const LOGINS: &str = "optgate::logins";
const AT_ONCE: u32 = 10;
const EVERY: Duration = Duration::from_secs(10);
/// Fields that say what a line is about: the trouble of another one is another trouble, which must not be hidden by
/// the first. Ids of messages and deliveries are none: an outage has thousands of them. What other crates log
/// without `tracing` comes from one place, and `log.target` names the crate.
const ABOUT: &[&str] =
    &["upstream", "trouble", "peer", "balancer", "credential", "limit", "file", "stage", "log.target"];
/// So many subjects of one place in the source are told apart at once; all others share what one may say.
const SUBJECTS: usize = 1_000;
/// How often they are looked through for those that have been quiet.
const LOOK: Duration = Duration::from_secs(1);

/// The layer that leaves out. There are as many places as log in the source, and each has so many subjects.
#[derive(Debug, Default)]
pub struct FloodGuard {
    hasher: RandomState,
    said: Mutex<HashMap<Identifier, Place>>,
}

/// One place in the source.
#[derive(Debug)]
struct Place {
    subjects: HashMap<u64, Said>,
    others: Said,
    looked: Instant,
}

#[derive(Debug)]
struct Said {
    left: u32,
    since: Instant,
}

impl FloodGuard {
    fn may_be_said(&self, place: Identifier, subject: u64, now: Instant) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.entry(place).or_insert_with(|| Place::new(now)).of(subject, now).take(now)
    }

    /// What an event is about; of those that name nothing, always the same.
    fn subject(&self, event: &Event<'_>) -> u64 {
        let mut subject = Subject(self.hasher.build_hasher());
        event.record(&mut subject);
        subject.0.finish()
    }
}

impl Place {
    fn new(now: Instant) -> Self {
        Self { subjects: HashMap::new(), others: Said::new(now), looked: now }
    }

    fn of(&mut self, subject: u64, now: Instant) -> &mut Said {
        if self.subjects.len() >= SUBJECTS && now.saturating_duration_since(self.looked) >= LOOK {
            self.subjects.retain(|_, said| !said.is_rested(now));
            self.looked = now;
        }
        if self.subjects.len() >= SUBJECTS && !self.subjects.contains_key(&subject) {
            return &mut self.others;
        }
        self.subjects.entry(subject).or_insert_with(|| Said::new(now))
    }
}

impl Said {
    fn new(now: Instant) -> Self {
        Self { left: AT_ONCE, since: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let earned = self.earned(now);
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(AT_ONCE);
            self.since = now;
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }

    fn earned(&self, now: Instant) -> u32 {
        let earned = now.saturating_duration_since(self.since).as_secs() / EVERY.as_secs();
        u32::try_from(earned).unwrap_or(AT_ONCE)
    }

    /// Whether it is as good as new.
    fn is_rested(&self, now: Instant) -> bool {
        self.left.saturating_add(self.earned(now)) >= AT_ONCE
    }
}

struct Subject(DefaultHasher);

impl Visit for Subject {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if ABOUT.contains(&field.name()) {
            let _ = write!(self, "{}={value:?};", field.name());
        }
    }
}

impl fmt::Write for Subject {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl<S: Subscriber> Layer<S> for FloodGuard {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::WARN || [FILES, LOGINS].contains(&metadata.target()) {
            return true;
        }
        let may = self.may_be_said(metadata.callsite(), self.subject(event), Instant::now());
        if !may {
            metrics::log_line_left_out();
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    struct Counting(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Counting {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn one_trouble_does_not_hide_another_and_daily_lines_stay() {
        let count = Arc::new(AtomicUsize::new(0));
        let subscriber =
            tracing_subscriber::registry().with(Counting(count.clone())).with(FloodGuard::default());
        let taken = || count.swap(0, Ordering::SeqCst);
        tracing::subscriber::with_default(subscriber, || {
            (0..1_000).for_each(|_| tracing::error!("disk full"));
            assert_eq!(taken(), 10);
            tracing::warn!("something else");
            (0..100).for_each(|_| tracing::info!("message decided"));
            assert_eq!(taken(), 101);
            (0..50).for_each(|line| tracing::error!(target: FILES, line, "unknown key"));
            assert_eq!(taken(), 50);
            (0..50).for_each(|peer| tracing::warn!(target: LOGINS, peer, "refused for a while"));
            assert_eq!(taken(), 50);
        });
    }

    #[test]
    fn the_trouble_of_one_never_hides_that_of_another() {
        let count = Arc::new(AtomicUsize::new(0));
        let subscriber =
            tracing_subscriber::registry().with(Counting(count.clone())).with(FloodGuard::default());
        let taken = || count.swap(0, Ordering::SeqCst);
        let down = |upstream: &str, trouble: &str| tracing::error!(upstream, trouble, "upstream down");
        let failed = |peer: std::net::Ipv4Addr, attempt: u32| {
            tracing::warn!(%peer, attempt, "SMTP login failed");
        };
        tracing::subscriber::with_default(subscriber, || {
            (0..16).for_each(|number| down(&format!("u{number}"), "connect"));
            assert_eq!(taken(), 16);
            (0..100).for_each(|_| down("u0", "connect"));
            assert_eq!(taken(), 9, "the tenth to the last of one that flaps");
            down("u0", "login");
            down("u1", "connect");
            assert_eq!(taken(), 2);
            (0..40).for_each(|last| failed([192, 0, 2, last].into(), 1));
            assert_eq!(taken(), 40);
            (0..100).for_each(|attempt| failed([192, 0, 2, 0].into(), attempt));
            assert_eq!(taken(), 9, "however often it tries");
        });
    }

    fn place() -> Identifier {
        let place = tracing::callsite!(name: "p", kind: tracing::metadata::Kind::EVENT, fields: a);
        tracing::Callsite::metadata(place).callsite()
    }

    #[test]
    fn no_number_of_subjects_fills_memory_or_the_log() {
        let (guard, start) = (FloodGuard::default(), Instant::now());
        let tell = |subjects: std::ops::Range<u64>, second: u64| {
            let now = start + Duration::from_secs(second);
            subjects.filter(|subject| guard.may_be_said(place(), *subject, now)).count()
        };
        let kept = || guard.said.lock().unwrap().get(&place()).map(|place| place.subjects.len());
        let all = u64::try_from(SUBJECTS).unwrap();
        assert_eq!(tell(0..5 * all, 0), SUBJECTS + 10);
        assert_eq!(kept(), Some(SUBJECTS));
        assert_eq!(tell(5 * all..5 * all + 1, 5), 0, "the others have said theirs");
        assert_eq!(tell(0..1, 5), 1, "and who is told apart is not among them");
        assert_eq!(tell(6 * all..7 * all, 200), SUBJECTS, "who was quiet makes room");
        assert_eq!(kept(), Some(SUBJECTS));
    }

    #[test]
    fn what_goes_on_is_said_again_from_time_to_time() {
        let (guard, start) = (FloodGuard::default(), Instant::now());
        let said =
            (0..3_600).filter(|second| guard.may_be_said(place(), 0, start + Duration::from_secs(*second)));
        assert_eq!(said.count(), 10 + 359);
    }
}
