//! ★ The spine of departure: decide again → rewrite → sign → send → settle. Every message leaves here.
//!
//! Nothing is sent that was not decided a moment ago, and nothing is settled but what was seen to happen.

pub mod choice;
mod clock_watch;
pub mod dispatch;
pub mod hand;
pub mod lanes;
pub mod measure;
pub mod outbound;
pub mod pausing;
pub mod resistance;
pub mod response;
pub mod settlement;
pub mod throttles;
pub mod unused;
pub mod upkeep;
pub mod upstream;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use uuid::Uuid;

pub use dispatch::run;

use crate::clock::Clock;
use crate::consent::ConsentState;
use crate::consent::token::{TO_BOUNCE, seal_bounce};
use crate::feedback::acting::{Acting, Teller};
use crate::feedback::told::{Reason as Told, What};
use crate::keys::LinkKeys;
use crate::limits::heavy;
use crate::mail::Address;
use crate::policy::decide::{
    Circumstances, Deliverable, DeliveryKind, Records, Release, decide, release, release_dsn,
};
use crate::policy::holds::counted;
use crate::policy::pause::{By, Pause, Target, Whose};
use crate::policy::warming::Full;
use crate::policy::{PolicySet, Reason, Stream, Verdict, VerdictKind};
use crate::record::tell_with_delivery;
use crate::sign::Signers;
use crate::spool::{Outcome, Settlement};
use crate::store::{Claim, Consent, Place, Redecided, Settle, Settled, Store, StoreError, Subscriber};
use crate::telemetry::metrics::Stopwatch;
use choice::Upstreams;
use hand::{Hand, Standing};
use measure::Said;
use outbound::{Making, NoCopy, Outbound};
use resistance::{Heard, heard};
use response::{Failure, Meaning, Stage};
use settlement::{Sent, Settling, Stop};
use throttles::Throttles;
use unused::Unused;
use upstream::{Asked, Connection, Envelope, Header, Origin, Reuse, Upstream};

/// Consent that was read longer ago than this decides nothing: it is read again before anything is sent (DESIGN.md, "The queue").
const FRESH: Duration = Duration::from_secs(2);
/// How long to wait before an outcome that could not be written down is tried again: from the first to the second.
const SETTLE_AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What departure is made of.
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    /// Always the set in force.
    pub policies: Arc<arc_swap::ArcSwap<PolicySet>>,
    /// Always the keys in force.
    pub link_keys: Arc<arc_swap::ArcSwap<LinkKeys>>,
    /// Always the keys in force.
    pub signers: Arc<arc_swap::ArcSwap<Signers>>,
    pub upstreams: Arc<Upstreams>,
    pub hostname: String,
    /// `https://mail.example.com`, without a final slash.
    pub public_url: String,
    /// What is done about mail that comes to nothing.
    pub acting: Acting,
    /// Where mail comes back to, if it is taken.
    pub feedback_domain: Option<String>,
    pub lease: Duration,
    /// Rung by intake and `record` when the queue changed.
    pub queue_changed: Arc<Notify>,
}

/// A claim, and the upstream by which it is to leave; none for what is only to end.
pub struct Leaving {
    pub claim: Claim,
    pub by: Option<Arc<Upstream>>,
    /// The limits that its permits were taken from.
    pub limits: Vec<String>,
}

/// What every departure shares.
pub struct Departures {
    parts: Parts,
    upstreams: Arc<Upstreams>,
    hand: Arc<Hand>,
    settling: Settling,
    unused: Unused,
    throttles: Throttles,
}

impl Departures {
    /// From a claim to its settlement. `standing` tells from where on only a settlement may end it.
    pub async fn depart(&self, Leaving { claim, by, limits }: Leaving, standing: &Standing) {
        fail::fail_point!("deliver_after_claim", |_| std::process::abort());
        let (policy, began) = (self.parts.policies.load_full(), Stopwatch::start());
        let result = match &by {
            Some(upstream) => self.try_it(&policy, &claim, upstream, standing).await,
            // Past its deadline by the clock of the store that claimed it, whatever ours says.
            None => Err(self.decide_again(&policy, &claim, &claim.consent).err().unwrap_or(Stop::Expired)),
        };
        if let (Err(stop), Some(upstream)) = (&result, &by) {
            self.learn(&policy, &claim, upstream, stop).await;
        }
        self.place_is_free(&claim, &result, by.as_deref());
        if self.goes_elsewhere(&result, &claim, by.as_deref()) && self.give_back(&claim).await {
            return;
        }
        let drew = !matches!(claim.warm_up, Some(Place::Lacking(_)));
        if let Err(Stop::Held(_) | Stop::Withheld(_)) = &result
            && drew
        {
            self.unused.add(&limits, claim.taken_at);
        }
        standing.only_to_be_settled();
        let refused = refused(&result);
        let said = Said::of(&result);
        let settle = self.settling.settle(&policy, &claim, result);
        if let Some(upstream) = &by {
            measure::attempt(&upstream.settings().name, said, settle.as_ref(), began);
        }
        if let Some(settle) = settle {
            let (settlement, tracked) = (settle.settlement.clone(), settle.tracked);
            let asked = settle.confirmation.as_ref().is_some_and(|sent| sent.fact.is_some());
            if self.settle(settle).await == Settled::Done {
                measure::settled(&claim, &settlement, tracked);
                if settlement == Settlement::End(Outcome::Rejected) {
                    self.came_back(&claim, refused).await;
                }
                if asked {
                    tell_with_delivery(
                        &claim.sender,
                        claim.fence.delivery,
                        "confirmation_sent",
                        settlement::channel(&claim),
                    );
                }
            }
        }
    }

    /// Of a domain that warms up: what did not come to a provider takes no place.
    fn place_is_free(&self, claim: &Claim, result: &Result<Sent, Stop>, by: Option<&Upstream>) {
        let Some((Place::Taken { domain }, upstream)) = claim.warm_up.as_ref().zip(by) else { return };
        let came_to_nothing = match result {
            Ok(_) | Err(Stop::LeaseLost) => false,
            Err(Stop::Failed(failure, _)) => {
                failure.meaning() == Meaning::Later && !failure.may_have_been_taken()
            }
            Err(_) => true,
        };
        if came_to_nothing {
            let upstream = &upstream.settings().name;
            self.unused.add(&warming(domain, upstream, &claim.lane.provider), claim.taken_at);
        }
    }

    /// The pace learns from what the upstream says.
    async fn learn(&self, policy: &PolicySet, claim: &Claim, upstream: &Upstream, stop: &Stop) {
        let shaping = &policy.shaping;
        match heard(shaping, &claim.lane, upstream.settings(), &claim.recipient, stop) {
            Some(Heard::Resistance(met)) => {
                self.throttles.met(&self.parts.store, shaping, met, self.parts.clock.now()).await;
            }
            Some(Heard::PauseCampaign(cause)) => self.pause_campaign(claim, cause).await,
            None => {}
        }
    }

    /// What was refused for good at once counts as what comes back later does.
    async fn came_back(&self, claim: &Claim, reason: Option<Told>) {
        let Some(reason) = reason.filter(|_| claim.kind != DeliveryKind::Dsn) else { return };
        let acted = match self.parts.store.sent_copy(claim.fence.delivery).await {
            Ok(Some(copy)) => {
                self.parts.acting.told(&copy, &What::Failed(reason), Teller::Reply).await.map(drop)
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = acted {
            // The next mail to that address says it again.
            tracing::error!(delivery = %claim.fence.delivery, %error, "what a refusal means can't be written down");
        }
    }

    /// Policy stops a campaign for an answer to one of its messages; what waits of it is marked in the background.
    async fn pause_campaign(&self, claim: &Claim, cause: String) {
        if claim.lane.stream != Stream::Marketing {
            return;
        }
        let target = Target::Campaign(claim.sender.clone(), claim.lane.campaign.clone());
        let (whose, by, since) = (Whose::Everybodys, By::Response, self.parts.clock.now());
        let pause = Pause { target, whose, by, cause, since };
        if let Err(error) = pausing::pause(&self.parts.store, pause).await {
            tracing::error!(%error, "a campaign that should pause can't");
        }
    }

    /// One try, on a new connection once more where a kept one turned out to be dead; the upstream's health
    /// learns from it.
    async fn try_it(
        &self,
        policy: &PolicySet,
        claim: &Claim,
        upstream: &Arc<Upstream>,
        standing: &Standing,
    ) -> Result<Sent, Stop> {
        let result = match self.attempt(policy, claim, upstream, Reuse::Allowed, standing).await {
            Err(Stop::Stale(_)) => {
                standing.nothing_was_taken();
                self.attempt(policy, claim, upstream, Reuse::Fresh, standing).await
            }
            result => result,
        };
        match &result {
            Ok(_) => upstream.answered(),
            Err(Stop::Failed(failure, _)) => upstream.failed(claim.fence.delivery, failure),
            Err(_) => {}
        }
        result
    }

    /// One try at one claim: decided again, and only then sent.
    async fn attempt(
        &self,
        policy: &PolicySet,
        claim: &Claim,
        upstream: &Arc<Upstream>,
        reuse: Reuse,
        standing: &Standing,
    ) -> Result<Sent, Stop> {
        let mut person = claim.consent.clone();
        let (mut leave, mut basis) = self.decide_again(policy, claim, &person)?;
        let connection = upstream.connection_for(&claim.lane.provider, reuse).await;
        let mut connection = connection.map_err(|failure| Stop::unreachable(upstream, failure))?;
        let mut read_at = claim.claimed_at;
        if self.is_old(read_at) {
            read_at = self.parts.clock.now();
            person = self.read_consent_again(claim).await;
            (leave, basis) = self.decide_again(policy, claim, &person)?;
        }
        let known = person.as_ref().ok().and_then(|consent| consent.person.as_ref());
        let make = || self.copy(policy, upstream, &connection, claim, known, leave.verdict());
        let copy = heavy::run(claim.content.len(), make).await?;
        // A large copy waits for its turn.
        if self.is_old(read_at) {
            (leave, basis) = self.decide_again(policy, claim, &self.read_consent_again(claim).await)?;
        }
        let return_path = self.return_path(policy, claim, upstream);
        let envelope = Envelope {
            sender: return_path.as_ref().or(claim.envelope_sender.as_ref()),
            recipient: &claim.recipient,
            body: copy.body,
            asked: Asked {
                of_mail: Some(&claim.asked),
                of_rcpt: Some(&claim.asked_for_recipient),
                header: Header::of(&copy.copy),
            },
        };
        if !self.hand.is_ours(claim.fence, self.parts.clock.now()) {
            return Err(Stop::LeaseLost);
        }
        fail::fail_point!("deliver_before_send", |_| std::process::abort());
        standing.only_to_be_settled();
        let dsn = connection.capabilities().dsn;
        let decided = basis.of(leave.verdict().clone());
        let sent = connection.send(leave, &envelope, &[&copy.signatures, &copy.copy]).await;
        fail::fail_point!("deliver_after_response", sent.is_ok(), |_| std::process::abort());
        match sent {
            Ok(response) => Ok(Sent { response, dsn, decided, tracked: copy.tracked }),
            Err(failure) if connection.origin == Origin::Kept && failure.is_stale() => {
                Err(Stop::Stale(failure))
            }
            Err(failure) => Err(Stop::Failed(failure, decided)),
        }
    }

    /// Our own, in place of the tool's, where mail comes back to us and the upstream keeps it. SPF (RFC 7208) asks its domain.
    fn return_path(&self, policy: &PolicySet, claim: &Claim, upstream: &Upstream) -> Option<Address> {
        let all = self.parts.feedback_domain.as_deref()?;
        if claim.kind == DeliveryKind::Dsn || !upstream.settings().kind.keeps_return_path() {
            return None;
        }
        claim.envelope_sender.as_ref()?;
        let own = policy.sender(&claim.sender).and_then(|sender| sender.feedback_domain.as_deref());
        let token = seal_bounce(&self.parts.link_keys.load(), claim.fence.delivery);
        format!("{TO_BOUNCE}{token}@{}", own.unwrap_or(all)).parse().ok()
    }

    /// Whether nothing but this upstream is in the way, and another could take it.
    fn goes_elsewhere(&self, result: &Result<Sent, Stop>, claim: &Claim, by: Option<&Upstream>) -> bool {
        let Err(Stop::Unreachable { .. }) = result else { return false };
        by.is_some_and(|own| self.upstreams.another_takes(claim.kind, own))
    }

    /// Due again at once, no attempt counted: the other upstream has limits of its own, which the next claim
    /// draws on. Where that can't be written down it waits as if there were no other.
    async fn give_back(&self, claim: &Claim) -> bool {
        match self.parts.store.give_back(&[claim.fence]).await {
            Ok(()) => {
                self.parts.queue_changed.notify_one();
                true
            }
            Err(error) => {
                tracing::warn!(delivery = %claim.fence.delivery, %error, "it can't be given back to leave by another upstream");
                false
            }
        }
    }

    /// Invariant 3: the consent read with the claim, or younger, decides again. Invariant 4: what can't be
    /// read is no yes.
    fn decide_again(
        &self,
        policy: &PolicySet,
        claim: &Claim,
        consent: &Result<Consent, StoreError>,
    ) -> Result<(Deliverable, Basis), Stop> {
        let now = claim.by_the_store(self.parts.clock.now());
        // What waits to its deadline is judged as of then, however late that is seen: what waited for its turn to
        // the end is withheld, and not expired.
        let at = now.min(just_before(claim.deadline));
        let mut basis = Basis { at, person: None, circumstances: Circumstances::default() };
        let leave = match claim.kind {
            DeliveryKind::Dsn => release_dsn(claim.verdict.clone()),
            DeliveryKind::Submitted | DeliveryKind::Own => {
                let consent = consent.as_ref().map_err(|error| Stop::ConsentUnreadable(error.clone()))?;
                let facts = claim.facts.as_ref().ok_or(NoCopy::Unclassified)?;
                // A sender whose file is gone for a while has not said no.
                let sender = policy.sender(&claim.sender).ok_or(NoCopy::UnknownSender)?;
                let unknown = ConsentState::default();
                let state = consent.person.as_ref().map_or(&unknown, |person| &person.state);
                // Invariant 14: what was known when it was read, and what is known now.
                let records = match self.parts.store.records() {
                    Records::Complete => consent.records,
                    Records::Behind => Records::Behind,
                };
                basis.person = consent.person.as_ref().map(|person| (person.id, person.version));
                let earlier = counted(sender, facts, &state.choices, claim.earlier.clone());
                let asks = facts.stream == Stream::Confirmation;
                let confirmations = if asks { claim.asked_before.clone() } else { Vec::new() };
                basis.circumstances = Circumstances {
                    records,
                    earlier,
                    confirmations,
                    signing_up: None,
                    paused: claim.paused.clone(),
                    warm_up: full(claim, now),
                };
                let verdict = decide(policy, facts, state, &basis.circumstances, at);
                match release(verdict) {
                    Release::Send(leave) => leave,
                    Release::Hold(verdict) => return Err(Stop::Held(basis.of(verdict))),
                    Release::Withhold(verdict) => return Err(Stop::Withheld(basis.of(verdict))),
                }
            }
        };
        if claim.reason == Some(Reason::HeldByOperator) {
            return Err(Stop::Held(basis.of(held_by_operator(leave.verdict()))));
        }
        if now < claim.deadline { Ok((leave, basis)) } else { Err(Stop::Expired) }
    }

    /// The connection comes first: what it can carry goes into the copy.
    fn copy(
        &self,
        policy: &PolicySet,
        upstream: &Upstream,
        connection: &Connection,
        claim: &Claim,
        person: Option<&Subscriber>,
        verdict: &Verdict,
    ) -> Result<Outbound, NoCopy> {
        let making = Making {
            hostname: &self.parts.hostname,
            public_url: &self.parts.public_url,
            feedback_domain: self.parts.feedback_domain.as_deref(),
            link_keys: &self.parts.link_keys.load(),
            signers: &self.parts.signers.load(),
            settings: upstream.settings(),
            capabilities: connection.capabilities(),
            policy,
            now: self.parts.clock.now(),
        };
        making.copy(claim, person, verdict)
    }

    /// Whether consent that was read then must be read again.
    fn is_old(&self, read_at: Timestamp) -> bool {
        self.parts.clock.now().duration_since(read_at).unsigned_abs() > FRESH
    }

    async fn read_consent_again(&self, claim: &Claim) -> Result<Consent, StoreError> {
        self.parts.store.consent_to_send(&claim.sender, &claim.recipient).await
    }

    /// Writes an outcome down, however long the store is gone: it is the only memory of what was sent.
    async fn settle(&self, settle: Settle) -> Settled {
        let delivery = settle.fence.delivery;
        let mut wait = SETTLE_AGAIN.0;
        loop {
            match self.parts.store.settle(settle.clone()).await {
                Ok(Settled::Done) => break,
                Ok(Settled::Fenced) => {
                    tracing::warn!(%delivery, settlement = ?settle.settlement, "another worker has it now: not settled");
                    return Settled::Fenced;
                }
                Err(error) => {
                    tracing::error!(%delivery, %error, "the outcome can't be written down yet");
                    tokio::time::sleep(wait).await;
                    wait = wait.saturating_mul(2).min(SETTLE_AGAIN.1);
                }
            }
        }
        if settle.dsn.is_some() {
            self.parts.queue_changed.notify_one();
        }
        Settled::Done
    }
}

/// What the recipient's side said, if it said never; what is said before RCPT is about us.
fn refused(result: &Result<Sent, Stop>) -> Option<Told> {
    let Err(Stop::Failed(Failure::Answered(stage, response), _)) = result else { return None };
    (*stage > Stage::Mail).then(|| Told {
        code: Some(response.code),
        status: response.enhanced,
        text: response.text.clone(),
    })
}

/// What unused places of a domain that warms up are kept under.
fn warming(domain: &str, upstream: &str, provider: &str) -> [String; 4] {
    ["warm_up", domain, upstream, provider].map(str::to_owned)
}

/// What a second decision rests on, beside policy and the message's facts.
struct Basis {
    at: Timestamp,
    person: Option<(Uuid, i64)>,
    circumstances: Circumstances,
}

impl Basis {
    fn of(self, verdict: Verdict) -> Box<Redecided> {
        let Self { at, person, circumstances } = self;
        Box::new(Redecided { verdict, at, person, circumstances })
    }
}

/// What waited for room to its end is withheld, and not expired.
fn full(claim: &Claim, now: Timestamp) -> Option<Full> {
    match &claim.warm_up {
        Some(Place::Lacking(full)) => Some(full.clone()),
        _ if now >= claim.deadline && claim.reason == Some(Reason::WarmUp) => {
            Some(Full { opens: claim.deadline, text: claim.last_verdict.text.clone() })
        }
        _ => None,
    }
}

fn just_before(deadline: Timestamp) -> Timestamp {
    deadline.checked_sub(SignedDuration::from_micros(1)).unwrap_or(deadline)
}

/// What was decided again, but that an operator keeps it: until a release, or its deadline.
fn held_by_operator(decided: &Verdict) -> Verdict {
    Verdict {
        verdict: VerdictKind::Hold,
        reason: Some(Reason::HeldByOperator),
        ground: None,
        ground_event: None,
        text: "held by an operator".to_owned(),
        shadow: None,
        until: None,
        ..decided.clone()
    }
}
