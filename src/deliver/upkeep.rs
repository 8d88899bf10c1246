//! What goes on beside the dispatching: leases renewed, leases of the dead taken over, what is past its
//! deadline ended (invariant 9), old keys and idle lanes removed, idle connections closed, upstreams that are
//! down looked at.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::clock_watch::{ClockWatch, Went};
use super::dispatch::{Dispatcher, LOOK_AT_UPSTREAMS};
use super::{Departures, Leaving};
use crate::policy::calendar::Window;
use crate::policy::{Stream, confirmation};
use crate::schedule::warm_up::day;
use crate::store::StoreError;
use crate::telemetry::metrics;

const SWEEP: Duration = Duration::from_secs(2);
/// Deliveries past their deadline that are ended at a time.
const EXPIRED: u32 = 64;
/// Submissions whose day is over: so many at a time, and so often at most in one sweep.
const FORGET_SUBMISSIONS: (u32, u32) = (1_000, 20);
/// Mailings that no cap counts any more, and confirmations that no limit does, likewise.
const FORGET_MAILINGS: (u32, u32) = (1_000, 20);
/// Spool keys are of a day, lanes of days: an hour more or less is no matter.
const FORGET: Duration = Duration::from_secs(3600);
/// A lease is renewed when a third of it has gone, but never in haste.
const RENEW_AT_LEAST: Duration = Duration::from_millis(100);

/// Renews the leases of what is in hand until cancelled.
pub async fn renew(departures: Arc<Departures>, drained: CancellationToken) {
    let mut ticks = interval((departures.parts.lease / 3).max(RENEW_AT_LEAST));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = drained.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let fences = departures.hand.fences();
        if fences.is_empty() {
            continue;
        }
        let asked_at = departures.parts.clock.now();
        match departures.parts.store.renew(&fences).await {
            Ok(lost) => {
                departures.hand.renewed(&fences, &lost, asked_at);
                if !lost.is_empty() {
                    // What was settled just now is no claim any more, and leaves the hand in a moment.
                    sleep(RENEW_AT_LEAST).await;
                    let count = departures.hand.still_held(&lost);
                    if count > 0 {
                        tracing::warn!(count, "leases ran out: other workers have these deliveries now");
                    }
                }
            }
            Err(error) => tracing::error!(%error, "leases can't be renewed"),
        }
    }
}

/// Finds out whether upstreams that are down are back, without a message, until cancelled.
pub async fn look(departures: Arc<Departures>, shutdown: CancellationToken) {
    let mut looks = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(LOOK_AT_UPSTREAMS) => {}
            Some(_) = looks.join_next() => departures.parts.queue_changed.notify_one(),
        }
        for upstream in departures.upstreams.all().iter().filter(|own| own.looks_now()) {
            let upstream = upstream.clone();
            looks.spawn(async move { upstream.look().await });
        }
    }
}

/// Sweeps until cancelled.
pub async fn sweep(dispatcher: Arc<Dispatcher>, shutdown: CancellationToken) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut keys_due = Instant::now();
    let mut leases = Leases::new(dispatcher.departures.parts.lease);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for upstream in dispatcher.departures.upstreams.all() {
            upstream.close_idle().await;
        }
        if let Err(error) = publish_warm_ups(&dispatcher.departures).await {
            tracing::error!(%error, "how far domains have warmed up can't be read");
        }
        if let Err(error) = leases.look(&dispatcher.departures).await {
            tracing::error!(%error, "leases that ran out can't be looked for");
        }
        if let Err(error) = expire(&dispatcher, &shutdown).await {
            tracing::error!(%error, "deliveries past their deadline can't be looked for");
        }
        if let Err(error) = forget_submissions(&dispatcher.departures, &shutdown).await {
            tracing::error!(%error, "old submissions can't be forgotten");
        }
        if let Err(error) = forget_mailings(&dispatcher.departures, &shutdown).await {
            tracing::error!(%error, "old mailings can't be forgotten");
        }
        if let Err(error) = forget_confirmations(&dispatcher.departures, &shutdown).await {
            tracing::error!(%error, "old confirmation mails can't be forgotten");
        }
        if keys_due <= Instant::now() {
            match forget(&dispatcher.departures).await {
                Ok(()) => keys_due = Instant::now() + FORGET,
                Err(error) => tracing::error!(%error, "old keys and lanes can't be removed"),
            }
        }
    }
}

/// Invariant 11: a provider that no group names may be one person's own domain.
async fn publish_warm_ups(departures: &Departures) -> Result<(), StoreError> {
    let policy = departures.parts.policies.load_full();
    let shaping = &policy.shaping;
    if shaping.warm_ups.is_empty() {
        return Ok(());
    }
    let (all, now) = departures.parts.store.warm_ups().await?;
    let mut told: BTreeMap<(&str, &str, Option<&str>), (u32, u32)> = BTreeMap::new();
    for own in &all {
        let Some(warm_up) = shaping.warm_up(&own.domain, &own.provider, &own.upstream) else { continue };
        let progress = own.progress.on(day(now), &warm_up.curve);
        let is_group = shaping.providers.values().any(|id| *id == own.provider);
        let label = (own.domain.as_str(), own.upstream.as_str(), is_group.then_some(own.provider.as_str()));
        let of_label = told.entry(label).or_insert((u32::MAX, 0));
        *of_label = (of_label.0.min(progress.step), of_label.1.max(progress.taken));
    }
    for ((domain, upstream, provider), (step, taken)) in told {
        metrics::warm_up(domain, upstream, provider, step, taken);
    }
    Ok(())
}

/// What nothing needs any more: the keys of old days, lanes that nobody used for months, campaigns likewise.
async fn forget(departures: &Departures) -> Result<(), StoreError> {
    let keys = departures.parts.store.destroy_old_spool_keys().await?;
    let lanes = departures.parts.store.forget_idle_lanes().await?;
    let campaigns = departures.parts.store.forget_old_campaigns().await?;
    let adaptive = departures.parts.policies.load().shaping.adaptive;
    let throttles = departures.parts.store.forget_throttles(&adaptive).await?;
    let tallies = departures.parts.store.forget_tallies().await?;
    let warm_ups = departures.parts.store.forget_warm_ups().await?;
    tracing::debug!(
        keys,
        lanes,
        campaigns,
        throttles,
        tallies,
        warm_ups,
        "old spool keys destroyed, idle lanes, old campaigns, whole paces, old tallies and warm-ups forgotten"
    );
    Ok(())
}

/// Who may be taken for dead.
struct Leases {
    clock: ClockWatch,
    lease: Duration,
    /// After the store was gone or its clock stepped, the living must have had the time to renew first.
    others_from: Instant,
}

impl Leases {
    fn new(lease: Duration) -> Self {
        Self { clock: ClockWatch::new(lease), lease, others_from: Instant::now() }
    }

    async fn look(&mut self, departures: &Departures) -> Result<(), StoreError> {
        let looked = self.try_look(departures).await;
        if looked.is_err() {
            self.others_from = Instant::now() + self.lease;
        }
        looked
    }

    async fn try_look(&mut self, departures: &Departures) -> Result<(), StoreError> {
        let store = &departures.parts.store;
        match self.clock.look(store.now().await?, Instant::now()) {
            Went::Steadily => {}
            Went::Ahead => {
                tracing::warn!(
                    "the clock went ahead by more than a lease may: other nodes may renew theirs first"
                );
                self.others_from = Instant::now() + self.lease;
            }
            Went::Back(by) => {
                let deliveries = store.clock_went_back(by).await?;
                tracing::warn!(
                    seconds = by.as_secs(),
                    deliveries,
                    "the clock went back: what waits is due as much sooner"
                );
            }
        }
        let mut count = store.take_back_expired(&departures.hand.fences()).await?;
        if self.others_from <= Instant::now() {
            count += store.take_over_expired().await?;
        }
        metrics::leases_taken_over(count);
        if count > 0 {
            tracing::info!(count, "leases that ran out are taken over");
            departures.parts.queue_changed.notify_one();
        }
        Ok(())
    }
}

async fn forget_submissions(departures: &Departures, shutdown: &CancellationToken) -> Result<(), StoreError> {
    for _ in 0..FORGET_SUBMISSIONS.1 {
        let forgotten = departures.parts.store.forget_submissions(FORGET_SUBMISSIONS.0).await?;
        if forgotten < u64::from(FORGET_SUBMISSIONS.0) || shutdown.is_cancelled() {
            break;
        }
    }
    Ok(())
}

/// What was sent to people before any window that a cap of now counts.
async fn forget_mailings(departures: &Departures, shutdown: &CancellationToken) -> Result<(), StoreError> {
    let now = departures.parts.store.now().await?;
    let policy = departures.parts.policies.load_full();
    let needed = policy.senders.values().filter_map(|sender| sender.counts_since(Stream::Marketing, now));
    // Caps that were taken away may come back.
    let before = needed.min().unwrap_or_else(|| Window::longest_reach(now));
    for _ in 0..FORGET_MAILINGS.1 {
        let forgotten = departures.parts.store.forget_mailings(before, FORGET_MAILINGS.0).await?;
        if forgotten < u64::from(FORGET_MAILINGS.0) || shutdown.is_cancelled() {
            break;
        }
    }
    Ok(())
}

/// Mails that asked to confirm before any time that a limit counts.
async fn forget_confirmations(
    departures: &Departures,
    shutdown: &CancellationToken,
) -> Result<(), StoreError> {
    let before = confirmation::counts_since(departures.parts.store.now().await?);
    for _ in 0..FORGET_MAILINGS.1 {
        let forgotten = departures.parts.store.forget_confirmations(before, FORGET_MAILINGS.0).await?;
        if forgotten < u64::from(FORGET_MAILINGS.0) || shutdown.is_cancelled() {
            break;
        }
    }
    Ok(())
}

/// Ends what is past its deadline: claimed like anything else, so that the second decision tells `withheld`
/// from `expired`.
async fn expire(dispatcher: &Dispatcher, shutdown: &CancellationToken) -> Result<(), StoreError> {
    let departures = &dispatcher.departures;
    while !shutdown.is_cancelled() {
        let claims = departures.parts.store.claim_expired(EXPIRED).await?;
        let more = claims.len() >= usize::try_from(EXPIRED).unwrap_or(usize::MAX);
        claims
            .into_iter()
            .for_each(|claim| dispatcher.hand_over(Leaving { claim, by: None, limits: Vec::new() }));
        if !more {
            break;
        }
        // They need no upstream and are settled at once; no more of them than that at a time.
        while departures.hand.room() == 0 && !shutdown.is_cancelled() {
            sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(())
}
