//! Claims: deliveries taken in hand under a lease, with all that sending them needs. The consent is read in
//! the claim's own transaction, so that a withdrawal committed before it stops the delivery (invariant 3).

mod open;
mod take;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::confirmations;
use super::database::Commit;
use super::limits::{Cap, Draw, Locked};
use super::mailings;
use super::places::Together;
use super::spool::Trace;
use super::sql::{Value, values};
use super::warm_up::{self, Place, WarmingUp};
use super::{Consent, Store, StoreError};
use crate::mail::{Address, MailParameters, RcptParameters};
use crate::policy::calendar::Window;
use crate::policy::confirmation::{self, AskedBefore};
use crate::policy::decide::DeliveryKind;
use crate::policy::holds::Earlier;
use crate::policy::pause::Paused;
use crate::policy::{Facts, Reason, Stream, Verdict};
use crate::spool::{Fence, Lane};
pub(super) use take::{DUE, EXPIRED, Taken, TakenRows};

/// A delivery in this node's hands.
#[derive(Clone, Debug)]
pub struct Claim {
    pub fence: Fence,
    pub message: Uuid,
    pub kind: DeliveryKind,
    pub sender: String,
    pub credential: String,
    pub lane: Lane,
    pub envelope_sender: Option<Address>,
    pub recipient: Address,
    /// Whom it was made for.
    pub subscriber: Option<Uuid>,
    pub asked: MailParameters,
    pub asked_for_recipient: RcptParameters,
    pub received_at: Timestamp,
    pub trace: Trace,
    pub content: Bytes,
    pub facts: Option<Facts>,
    /// The verdict at intake.
    pub verdict: Verdict,
    /// The youngest verdict that is recorded.
    pub last_verdict: Verdict,
    /// What marketing the person was sent before this, or is on its way: its place under the sender's caps is
    /// reserved in the claim's transaction.
    pub earlier: Vec<Earlier>,
    /// Likewise, of a mail that asks to confirm: what asked the address before, whoever sent it.
    pub asked_before: Vec<AskedBefore>,
    /// What of its lane is paused, where it is marketing.
    pub paused: Option<Paused>,
    /// Where its domain warms up: its place among today's messages, reserved in the claim's transaction.
    pub warm_up: Option<Place>,
    /// Read in the claim's transaction; `Err` where it can't be read: then "later", never a send.
    pub consent: Result<Consent, StoreError>,
    /// How often it was claimed before, holds not counted.
    pub attempts: u32,
    /// What was last heard or last failed.
    pub last_response: Option<String>,
    pub deadline: Timestamp,
    /// Why it waited: `held_by_operator` keeps it from leaving, whatever is decided.
    pub reason: Option<Reason>,
    /// By this node's clock, before the claim began.
    pub claimed_at: Timestamp,
    /// By the store's clock: when its permits were taken.
    pub taken_at: Timestamp,
    /// How far the store's clock was ahead of this node's by then.
    pub ahead: SignedDuration,
}

/// When a claim was made.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// By this node's clock, before it began.
    claimed_at: Timestamp,
    /// By the store's.
    taken_at: Timestamp,
    ahead: SignedDuration,
}

impl Claim {
    /// A moment of this node's clock as the store's clock shows it. What is due is judged by that one, so whether it
    /// may leave must be too: by another it would be due again and again before its time.
    pub fn by_the_store(&self, here: Timestamp) -> Timestamp {
        here.checked_add(self.ahead).unwrap_or(self.taken_at)
    }
}

/// What one lane asks for: permits and claims are one, so that none is taken that isn't used.
#[derive(Clone, Debug)]
pub struct Ask {
    pub lane: i64,
    /// At most this many.
    pub want: u32,
    /// The upstream by which they are to leave.
    pub upstream: String,
    pub draws: Vec<Draw>,
    pub caps: Vec<Cap>,
    /// Permits of these limits that earlier claims did not use: when they were taken (`Claim::taken_at`), and how
    /// many. Quotas get them back.
    pub unused: Vec<(Timestamp, u32)>,
    /// From when on what people were sent counts, where the sender has frequency caps: then each claim takes a
    /// place under them.
    pub counts_since: Option<Timestamp>,
    /// What the lane's mail is: a cap that a person chose is on marketing.
    pub stream: Stream,
    /// Whether the lane's mail asks to confirm: then each claim takes a place under the limit.
    pub asks: Asks,
    /// The sender's domains that warm up to the lane's provider by this upstream.
    pub warm_ups: Vec<WarmingUp>,
}

/// Whether mail asks people to confirm a sign-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    ToConfirm,
    Nothing,
}

/// What an ask came to.
#[derive(Clone, Debug, Default)]
pub struct Granted {
    /// How many the limits allowed; as many as were claimed are gone.
    pub permits: u32,
    pub claims: Vec<Claim>,
}

impl Store {
    /// Takes permits and claims as many due deliveries of a lane, in one transaction: no two nodes together
    /// exceed a limit, and a permit is taken only for what is claimed.
    pub async fn claim(&self, ask: &Ask) -> Result<Granted, StoreError> {
        // Before all work: from here on the lease runs and what is read grows old.
        let claimed_at = self.inner.clock.now();
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let mut limits = Locked::new(&mut tx, &ask.draws, &ask.caps).await?;
        limits.put_back(&mut tx, &ask.unused).await?;
        let now = tx.now().await?;
        let times = self.times(claimed_at, now);
        let permits = limits.free(&mut tx, now.as_microsecond(), ask.want).await?;
        if permits == 0 {
            tx.commit().await?;
            return Ok(Granted::default());
        }
        let warm_ups = warm_up::Locked::new(&mut tx, &ask.upstream, &ask.warm_ups, now).await?;
        let which = values![ask.upstream.as_str(), ask.lane, now, permits];
        let mut taken = self.take(&mut tx, DUE, which, now).await?;
        if let Some(since) = ask.counts_since {
            taken.earlier = mailings::reserve(&mut tx, &taken.rows, since, now).await?;
        }
        if ask.stream == Stream::Marketing {
            mailings::lock_choosers(&mut tx, &taken, now).await?;
            mailings::add_for_choosers(&mut tx, &mut taken, ask.counts_since, now, Together::ByAge).await?;
        }
        if ask.asks == Asks::ToConfirm {
            let since = confirmation::counts_since(now);
            taken.asked_before = confirmations::reserve(&mut tx, &taken.rows, since, now).await?;
        }
        if taken.rows.is_empty() {
            tx.commit().await?;
            return Ok(Granted { permits, claims: Vec::new() });
        }
        if !ask.warm_ups.is_empty() {
            taken.places = warm_ups.give(&mut tx, ask.stream, &taken).await?;
        }
        // What waits for room today draws on nothing that others could use.
        let waits = taken.places.values().filter(|own| matches!(own, Place::Lacking(_))).count();
        let count = u32::try_from(taken.rows.len() - waits).unwrap_or(u32::MAX);
        limits.draw(&mut tx, now.as_microsecond(), count).await?;
        tx.commit().await?;
        Ok(Granted { permits, claims: self.unseal(taken, times).await? })
    }

    /// Claims deliveries past their deadline, whatever their lane's permits.
    pub async fn claim_expired(&self, limit: u32) -> Result<Vec<Claim>, StoreError> {
        let claimed_at = self.inner.clock.now();
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let now = tx.now().await?;
        let times = self.times(claimed_at, now);
        let mut taken = self.take(&mut tx, EXPIRED, values![Value::Text(None), now, limit], now).await?;
        // Whose caps count how far back is not asked: without caps there is nothing to find.
        let longest = Window::longest_reach(now);
        taken.earlier = mailings::before_the_end(&mut tx, &taken.rows, longest).await?;
        mailings::add_for_choosers(&mut tx, &mut taken, Some(longest), now, Together::Ending).await?;
        let asked_since = confirmation::counts_since(now);
        taken.asked_before = confirmations::before_the_end(&mut tx, &taken.rows, asked_since).await?;
        tx.commit().await?;
        self.unseal(taken, times).await
    }

    /// Reads and opens what sending needs of what was taken.
    async fn unseal(&self, taken: TakenRows, times: Times) -> Result<Vec<Claim>, StoreError> {
        if taken.rows.is_empty() {
            return Ok(Vec::new());
        }
        let fences: Vec<Fence> = taken.rows.iter().map(|one| one.fence).collect();
        match self.complete(taken, times).await {
            Ok(claims) => Ok(claims),
            Err(error) => {
                // Nobody works on them: not for the length of a lease, if it can be helped.
                let _ = self.give_back(&fences).await;
                Err(error)
            }
        }
    }

    /// `now` was just read from the store's clock.
    fn times(&self, claimed_at: Timestamp, now: Timestamp) -> Times {
        Times { claimed_at, taken_at: now, ahead: now.duration_since(self.inner.clock.now()) }
    }

    pub(super) fn lease_from(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.inner.lease).unwrap_or(Timestamp::MAX)
    }
}
