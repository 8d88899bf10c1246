//! What one try came to, as the store shall write it down, with the notification that tells of it. Every
//! `Later` at or past the deadline is `expired`, every hold `withheld` (invariant 9).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::outbound::NoCopy;
use super::response::{Failure, Meaning, Response, Status};
use super::upstream::{Offer, Upstream};
use crate::clock::Clock;
use crate::mail::RawMessage;
use crate::mail::redaction::one_line_about;
use crate::outcome::dsn::{Action, Notifier, Original, Told};
use crate::policy::decide::DeliveryKind;
use crate::policy::facts::ConfirmLink;
use crate::policy::{PolicySet, Reason, Stream};
use crate::record::{Asking, BY_GATEWAY, BY_MAIL};
use crate::schedule::retry::{jitter, next_attempt};
use crate::spool::{Because, Outcome, Settlement};
use crate::store::{Claim, NewMessage, Redecided, SentConfirmation, Settle, StoreError, Tracked};

/// A delivery that the second decision holds is looked at again after this, where the verdict tells no time.
const HOLD: Duration = Duration::from_secs(600);
/// One that a pause holds is looked at again after this.
const PAUSED: Duration = Duration::from_secs(3600);
/// RFC 3463, X.4.7: delivery time expired. Of class 4, so that no tool takes the address for dead.
const EXPIRED: Status = (4, 4, 7);

/// It went on; what becomes of it is not ours to know.
const RELAYED: Status = (2, 0, 0);
const TAKEN: &str = "the next mail server took it and does not tell of its delivery";

/// Why a delivery did not leave.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The second decision said no.
    #[error("withheld")]
    Withheld(Box<Redecided>),
    /// The second decision said not now.
    #[error("held")]
    Held(Box<Redecided>),
    /// Its deadline has passed.
    #[error("not delivered before its deadline")]
    Expired,
    /// Invariant 4: cannot tell is not yes.
    #[error("consent can't be read: {0}")]
    ConsentUnreadable(StoreError),
    #[error("{0}")]
    NoCopy(#[from] NoCopy),
    /// No connection to the upstream came about: nothing was said of this delivery.
    #[error("{upstream}: {failure}")]
    Unreachable { upstream: String, failure: Failure },
    /// The upstream did not take it.
    #[error("{0}")]
    Failed(#[source] Failure, Box<Redecided>),
    /// A kept connection turned out to be dead before anything was accepted: another may serve.
    #[error("{0}")]
    Stale(Failure),
    /// The lease ran out: it is another worker's now.
    #[error("the lease ran out")]
    LeaseLost,
}

impl Stop {
    pub fn unreachable(upstream: &Upstream, failure: Failure) -> Self {
        Self::Unreachable { upstream: upstream.settings().name.clone(), failure }
    }
}

/// A copy that the upstream took.
#[derive(Clone, Debug)]
pub struct Sent {
    pub response: Response,
    /// Whether the upstream tells of its delivery, where that was asked for. RFC 3461, 5.2.
    pub dsn: Offer,
    /// What let it leave.
    pub decided: Box<Redecided>,
    /// What was made of its pixels and tracked links; none of our own mail.
    pub tracked: Option<Tracked>,
}

/// Turns what a try came to into what is written down.
pub struct Settling {
    pub clock: Clock,
    pub notifier: Notifier,
    /// Messages that the upstream may have taken although its answer was lost (invariant 10).
    pub possible_duplicates: AtomicU64,
}

/// What is decided of one try, before the deadline has its say.
struct Ending {
    settlement: Settlement,
    because: Because,
    verdict: Option<Redecided>,
    /// What a notification tells, where one is wanted: status and plain words.
    told: Option<(Action, Status, String)>,
}

impl Settling {
    /// `None` where the delivery is not ours to settle any more.
    pub fn settle(
        &self,
        policy: &Arc<PolicySet>,
        claim: &Claim,
        result: Result<Sent, Stop>,
    ) -> Option<Settle> {
        let now = claim.by_the_store(self.clock.now());
        let tracked = result.as_ref().ok().and_then(|sent| sent.tracked);
        let ending = match result {
            Ok(sent) => Ending {
                because: Because { response: Some(sent.response.told(&claim.recipient)), reason: None },
                told: (sent.dsn == Offer::Lacking).then(|| (Action::Relayed, RELAYED, TAKEN.to_owned())),
                // What was held at first leaves on what is recorded here (invariant 16).
                verdict: unless_said_before(*sent.decided, claim),
                ..Ending::of(Outcome::Relayed)
            },
            Err(Stop::LeaseLost) => return None,
            Err(stop) => self.stopped(claim, stop, now),
        };
        let ending = at_the_deadline(ending, claim, now);
        let dsn = self.notification(policy, claim, &ending, now);
        log(claim, &ending);
        let relayed = ending.settlement == Settlement::End(Outcome::Relayed);
        let confirmation = relayed.then(|| confirmation(claim)).flatten();
        Some(Settle {
            fence: claim.fence,
            settlement: ending.settlement,
            because: ending.because,
            verdict: ending.verdict,
            policy: policy.hash.clone(),
            dsn,
            confirmation,
            tracked: tracked.filter(|_| relayed),
        })
    }

    fn stopped(&self, claim: &Claim, stop: Stop, now: Timestamp) -> Ending {
        match stop {
            Stop::Withheld(redecided) => Ending {
                because: Because { response: None, reason: redecided.verdict.reason },
                verdict: unless_said_before(*redecided, claim),
                ..Ending::of(Outcome::Withheld)
            },
            Stop::Held(redecided) => Ending {
                settlement: Settlement::Hold(match (redecided.verdict.reason, redecided.verdict.until) {
                    // Nothing but a release ends it.
                    (Some(Reason::HeldByOperator), _) => claim.deadline,
                    // Whoever resumes it lets it go; what comes too late for that finds out by itself.
                    (Some(Reason::CampaignPaused), _) => earlier(now, PAUSED, claim.deadline),
                    (_, Some(until)) => until.min(claim.deadline),
                    (_, None) => earlier(now, HOLD, claim.deadline),
                }),
                because: Because { response: None, reason: redecided.verdict.reason },
                verdict: unless_said_before(*redecided, claim),
                told: None,
            },
            Stop::Failed(failure, decided) => {
                let ending = self.failed(claim, &failure, now);
                // Invariant 16: what the upstream had in hand left us, whatever it says of it.
                let had_it =
                    ending.settlement == Settlement::End(Outcome::Rejected) || failure.may_have_been_taken();
                Ending { verdict: unless_said_before(*decided, claim).filter(|_| had_it), ..ending }
            }
            Stop::Stale(failure) | Stop::NoCopy(NoCopy::Unfit(failure)) => self.failed(claim, &failure, now),
            // Never the recipient's fault: whatever it is, it is Later.
            Stop::Unreachable { upstream, failure } => {
                later(claim, now, &format!("{upstream}: {}", failure.told(&claim.recipient)))
            }
            Stop::NoCopy(error) => {
                tracing::error!(delivery = %claim.fence.delivery, sender = %claim.sender, %error, "no copy can be made");
                later(claim, now, &error.to_string())
            }
            Stop::ConsentUnreadable(error) => {
                tracing::error!(delivery = %claim.fence.delivery, %error, "consent can't be read: not sent");
                later(claim, now, "consent can't be read")
            }
            Stop::Expired | Stop::LeaseLost => Ending::expired(),
        }
    }

    fn failed(&self, claim: &Claim, failure: &Failure, now: Timestamp) -> Ending {
        let said = failure.told(&claim.recipient);
        if failure.may_have_been_taken() {
            crate::telemetry::metrics::possible_duplicate();
            let so_far = self.possible_duplicates.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(delivery = %claim.fence.delivery, so_far, "the answer to the final dot was lost: a duplicate is possible");
        }
        match failure.meaning() {
            Meaning::Never(status) => Ending {
                because: Because { response: Some(said.clone()), reason: None },
                told: Some((Action::Failed, status, "the mail server refused it for good".to_owned())),
                ..Ending::of(Outcome::Rejected)
            },
            Meaning::Later | Meaning::Done => later(claim, now, &said),
        }
    }

    /// The notification of what was rejected, has expired, or went on untold: never for mail of our own, of which events tell.
    fn notification(
        &self,
        policy: &Arc<PolicySet>,
        claim: &Claim,
        ending: &Ending,
        now: Timestamp,
    ) -> Option<NewMessage> {
        let (action, status, text) = ending.told.clone()?;
        if claim.kind != DeliveryKind::Submitted {
            return None;
        }
        let message = RawMessage::index(claim.content.clone()).ok();
        let original = Original {
            id: claim.message,
            sender: &claim.sender,
            credential: &claim.credential,
            envelope_sender: claim.envelope_sender.as_ref(),
            received_at: claim.received_at,
            asked: &claim.asked,
            header: message.as_ref().map_or(b"", |message| message.header()),
            message: &claim.content,
        };
        let told = Told {
            delivery: claim.fence.delivery,
            recipient: claim.recipient.clone(),
            asked: claim.asked_for_recipient.clone(),
            status,
            text,
            // What expired was last heard of by an earlier claim.
            diagnostic: ending.because.response.clone().or_else(|| claim.last_response.clone()),
        };
        self.notifier.notify(policy, &original, (action, vec![told]), &|| self.clock.id(), now)
    }
}

impl Ending {
    fn of(outcome: Outcome) -> Self {
        Self { settlement: Settlement::End(outcome), because: Because::default(), verdict: None, told: None }
    }

    fn expired() -> Self {
        Self {
            told: Some((Action::Failed, EXPIRED, "it could not be delivered before its deadline".to_owned())),
            ..Self::of(Outcome::Expired)
        }
    }
}

/// Where the facts that a mail makes came in.
pub(super) fn channel(claim: &Claim) -> &'static str {
    match claim.kind {
        DeliveryKind::Own => BY_GATEWAY,
        DeliveryKind::Submitted | DeliveryKind::Dsn => BY_MAIL,
    }
}

/// What a mail that asked to confirm leaves behind, once it was taken.
fn confirmation(claim: &Claim) -> Option<SentConfirmation> {
    let facts = claim.facts.as_ref().filter(|facts| facts.stream == Stream::Confirmation)?;
    let asking = Asking {
        sender: &claim.sender,
        credential: &claim.credential,
        recipient: &claim.recipient,
        scopes: facts.scopes().cloned().collect(),
        message: claim.message,
        delivery: claim.fence.delivery,
        channel: channel(claim),
    };
    let linked = facts.confirm_link == ConfirmLink::Present && !asking.scopes.is_empty();
    Some(SentConfirmation { fact: linked.then(|| asking.sent()) })
}

fn later(claim: &Claim, now: Timestamp, said: &str) -> Ending {
    let jitter = jitter(claim.fence.delivery, claim.attempts);
    Ending {
        settlement: Settlement::Later(next_attempt(claim.attempts, jitter, now, claim.deadline)),
        because: Because { response: Some(one_line_about(said, &claim.recipient)), reason: None },
        verdict: None,
        told: None,
    }
}

fn at_the_deadline(ending: Ending, claim: &Claim, now: Timestamp) -> Ending {
    match ending.settlement {
        Settlement::Later(_) if now >= claim.deadline => {
            Ending { because: ending.because, verdict: ending.verdict, ..Ending::expired() }
        }
        Settlement::Hold(_) if now >= claim.deadline => {
            Ending { settlement: Settlement::End(Outcome::Withheld), ..ending }
        }
        _ => ending,
    }
}

/// A verdict is recorded where it says something else than the one recorded last: then that one is what holds
/// (invariant 16), and a hold that goes on says nothing new.
fn unless_said_before(redecided: Redecided, claim: &Claim) -> Option<Redecided> {
    Some(redecided).filter(|own| !own.verdict.agrees_with(&claim.last_verdict))
}

fn earlier(now: Timestamp, wait: Duration, deadline: Timestamp) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX).min(deadline)
}

fn log(claim: &Claim, ending: &Ending) {
    let outcome = match &ending.settlement {
        Settlement::End(outcome) => outcome.as_str(),
        Settlement::Later(_) => "later",
        Settlement::Hold(_) => "hold",
    };
    tracing::info!(
        delivery = %claim.fence.delivery,
        message_id = %claim.message,
        sender = %claim.sender,
        outcome,
        attempts = claim.attempts + 1,
        reason = ending.because.reason.map(Reason::as_str),
        response = ending.because.response.as_deref(),
        "delivery tried"
    );
}

#[cfg(test)]
#[path = "settlement/tests.rs"]
mod tests;
