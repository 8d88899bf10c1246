//! Keeps one trouble from filling the log: of the same warning or error, ten at once and then one every ten
//! seconds. What is left out is counted. Lines of every day (`info`) are never left out, nor are mistakes in files and
//! addresses that guessed too often, each of which is another one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
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

/// The layer that leaves out. There are as many entries as places in the source that log.
#[derive(Debug, Default)]
pub struct FloodGuard {
    said: Mutex<HashMap<Identifier, Said>>,
}

#[derive(Debug)]
struct Said {
    left: u32,
    since: Instant,
}

impl FloodGuard {
    fn may_be_said(&self, place: Identifier, now: Instant) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let own = said.entry(place).or_insert(Said { left: AT_ONCE, since: now });
        let earned = now.saturating_duration_since(own.since).as_secs() / EVERY.as_secs();
        if earned > 0 {
            own.left = own.left.saturating_add(u32::try_from(earned).unwrap_or(AT_ONCE)).min(AT_ONCE);
            own.since = now;
        }
        let may = own.left > 0;
        own.left = own.left.saturating_sub(1);
        may
    }
}

impl<S: Subscriber> Layer<S> for FloodGuard {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::WARN || [FILES, LOGINS].contains(&metadata.target()) {
            return true;
        }
        let may = self.may_be_said(metadata.callsite(), Instant::now());
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
    fn what_goes_on_is_said_again_from_time_to_time() {
        let (guard, start) = (FloodGuard::default(), Instant::now());
        let place = tracing::callsite!(name: "p", kind: tracing::metadata::Kind::EVENT, fields: a);
        let place = tracing::Callsite::metadata(place).callsite();
        let said = (0..3_600)
            .filter(|second| guard.may_be_said(place.clone(), start + Duration::from_secs(*second)));
        assert_eq!(said.count(), 10 + 359);
    }
}
