//! What this node knows of the paces that have given way: the store's rows, read again every second, so that what
//! one node meets slows all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::policy::shaping::Shaping;
use crate::schedule::throttle::{Party, Resistance, Throttle, meet};
use crate::spool::Lane;
use crate::store::{Draw, Store, StoreError};
use crate::telemetry::metrics;

/// How old what is known may be.
const FRESH: Duration = Duration::from_secs(1);

/// The paces that have given way.
#[derive(Default)]
pub struct Throttles(Mutex<Known>);

#[derive(Default)]
struct Known {
    read_at: Option<Instant>,
    all: BTreeMap<Party, Throttle>,
    /// How far the store's clock is ahead of this node's.
    ahead: SignedDuration,
    /// Of whom the store is being told.
    telling: BTreeSet<Party>,
}

impl Throttles {
    /// Reads them again where that is due.
    pub async fn refresh(&self, store: &Store, shaping: &Shaping, here: Timestamp) -> Result<(), StoreError> {
        if self.known().read_at.is_some_and(|at| at.elapsed() < FRESH) {
            return Ok(());
        }
        let (mut all, now) = store.throttles(&shaping.adaptive).await?;
        if all.iter().any(|own| own.slowed_at > now) {
            store.bring_throttles_back().await?;
            all = store.throttles(&shaping.adaptive).await?.0;
        }
        let mut known = self.known();
        let all = all.into_iter().map(|own| (own.party.clone(), own)).collect();
        let before = std::mem::replace(&mut known.all, all);
        for party in before.keys().filter(|party| !known.all.contains_key(party)) {
            tracing::info!(party = party.kind(), name = party.name(), "its whole pace is back");
        }
        publish(&before, &known.all, shaping, now);
        known.ahead = now.duration_since(here);
        known.read_at = Some(Instant::now());
        Ok(())
    }

    /// Those that mail of this lane meets on its way by this upstream, and the time by the store's clock.
    pub fn of(&self, lane: &Lane, upstream: &str, here: Timestamp) -> (Vec<Throttle>, Timestamp) {
        let known = self.known();
        let now = here.checked_add(known.ahead).unwrap_or(here);
        if known.all.is_empty() {
            return (Vec::new(), now);
        }
        let parties = [Party::Upstream(upstream.to_owned()), Party::Provider(lane.provider.clone())];
        (parties.iter().filter_map(|party| known.all.get(party)).cloned().collect(), now)
    }

    /// Tells all nodes of what was met, unless that is known already.
    pub async fn met(&self, store: &Store, shaping: &Shaping, met: Resistance, here: Timestamp) {
        let party = met.party.clone();
        {
            let mut known = self.known();
            let now = here.checked_add(known.ahead).unwrap_or(here);
            let is_news = meet(known.all.get(&party).cloned(), met.clone(), &shaping.adaptive, now).is_some();
            if !is_news || !known.telling.insert(party.clone()) {
                return;
            }
        }
        let told = store.meet(met, shaping).await;
        let mut known = self.known();
        known.telling.remove(&party);
        match told {
            Ok(Some(throttle)) => {
                tell(&throttle);
                known.all.insert(party, throttle);
            }
            // Another node met it first.
            Ok(None) => known.read_at = None,
            Err(error) => {
                tracing::error!(party = party.kind(), name = party.name(), %error, "a pace that should give way can't");
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What these throttles let through.
pub fn draws(throttles: &[Throttle], shaping: &Shaping, now: Timestamp) -> Vec<Draw> {
    let draw = |own: &Throttle| Draw { counter: own.party.counter(), rate: own.rate_at(shaping, now) };
    throttles.iter().map(draw).collect()
}

/// Invariant 11: a provider that no group names may be one person's own domain.
fn publish(
    before: &BTreeMap<Party, Throttle>,
    after: &BTreeMap<Party, Throttle>,
    shaping: &Shaping,
    now: Timestamp,
) {
    let label = |party: &Party| match party {
        Party::Provider(name) if !shaping.providers.values().any(|id| id == name) => (party.kind(), None),
        Party::Provider(name) | Party::Upstream(name) => (party.kind(), Some(name.clone())),
    };
    let mut shares: BTreeMap<_, f64> = before.keys().map(|party| (label(party), 1.0)).collect();
    for (party, own) in after {
        let share = shares.entry(label(party)).or_insert(1.0);
        *share = share.min(own.share_at(&shaping.adaptive, now));
    }
    for ((kind, name), share) in shares {
        metrics::throttled(kind, name.as_deref(), share);
    }
}

/// Those who watch hear of it.
pub fn tell(throttle: &Throttle) {
    let Throttle { party, share, suspended_until, cause, .. } = throttle;
    let (kind, name) = (party.kind(), party.name());
    let percent = (share * 100.0).round();
    match suspended_until {
        Some(until) => {
            tracing::warn!(party = kind, name, %until, cause, "it resists: marketing waits until then");
        }
        None => {
            tracing::warn!(party = kind, name, percent, cause, "it resists: slowed to this much of its pace")
        }
    }
}
