//! What each end of a try is written down as.

use bytes::Bytes;
use uuid::Uuid;

use super::*;
use crate::deliver::response::{Lost, Stage, Unfit};
use crate::outcome::dsn::NullSenderMail;
use crate::policy::file::{parse, shipped};
use crate::policy::{GroundKind, RuleRef, Stream, Verdict, VerdictKind};
use crate::spool::{Fence, Lane};
use crate::store::Trace;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn verdict(kind: VerdictKind, reason: Option<Reason>) -> Verdict {
    Verdict {
        verdict: kind,
        reason,
        ground: reason.is_none().then_some(GroundKind::DoubleOptIn),
        ground_event: None,
        scope: None,
        stream: Some(Stream::Marketing),
        jurisdiction: None,
        rule: RuleRef { file: "senders/demo-shop.toml".into(), line: 1 },
        text: String::new(),
        shadow: None,
        tracking: None,
        until: None,
    }
}

fn claim() -> Claim {
    Claim {
        subscriber: None,
        fence: Fence { delivery: Uuid::from_u128(2), number: 1 },
        message: Uuid::from_u128(1),
        kind: DeliveryKind::Submitted,
        sender: "demo-shop".into(),
        credential: "demo-shop/tool".into(),
        lane: Lane {
            sender: "demo-shop".into(),
            stream: Stream::Marketing,
            provider: "example.se".into(),
            campaign: String::new(),
            credential: "demo-shop/tool".into(),
        },
        envelope_sender: Some("bounces@shop.example".parse().unwrap()),
        asked: Default::default(),
        asked_for_recipient: Default::default(),
        recipient: "anna@example.se".parse().unwrap(),
        received_at: at("2026-11-21T11:00:00Z"),
        trace: Trace { helo: "tool".into(), peer: None, protocol: "ESMTP".into() },
        content: Bytes::from_static(b"Subject: x\r\n\r\nbody\r\n"),
        facts: None,
        verdict: verdict(VerdictKind::Deliver, None),
        last_verdict: verdict(VerdictKind::Deliver, None),
        earlier: Vec::new(),
        paused: None,
        warm_up: None,
        asked_before: Vec::new(),
        consent: Ok(crate::store::Consent {
            person: None,
            records: crate::policy::decide::Records::Complete,
        }),
        attempts: 0,
        last_response: None,
        reason: None,
        deadline: at("2026-11-22T11:00:00Z"),
        claimed_at: at("2026-11-21T12:00:00Z"),
        taken_at: at("2026-11-21T12:00:00Z"),
        ahead: jiff::SignedDuration::ZERO,
    }
}

fn settle_at(now: &str, claim: &Claim, result: Result<Response, Stop>) -> Option<Settle> {
    let notifier = Notifier { hostname: "gateway.example.com".into(), upstream: NullSenderMail::Taken };
    let clock = Clock::driven(at(now));
    let settling = Settling { clock, notifier, possible_duplicates: AtomicU64::new(0) };
    let result = result.map(|response| {
        let decided = redecided(claim.verdict.clone());
        Sent { response, dsn: Offer::Lacking, decided, tracked: None }
    });
    settling.settle(&Arc::new(parse(&shipped()).unwrap().0), claim, result)
}

fn settle(result: Result<Response, Stop>) -> Settle {
    settle_at("2026-11-21T12:00:00Z", &claim(), result).unwrap()
}

fn redecided(verdict: Verdict) -> Box<Redecided> {
    let (at, person) = (at("2026-11-21T12:00:00Z"), None);
    Box::new(Redecided { verdict, at, person, circumstances: Default::default() })
}

fn answered(stage: Stage, code: u16) -> Stop {
    failed(Failure::Answered(stage, Response { code, enhanced: None, text: "anna@example.se".into() }))
}

fn failed(failure: Failure) -> Stop {
    Stop::Failed(failure, redecided(verdict(VerdictKind::Deliver, None)))
}

#[test]
fn what_the_upstream_took_is_relayed() {
    let done = settle(Ok(Response { code: 250, enhanced: Some((2, 0, 0)), text: "queued 7".into() }));
    assert_eq!(done.settlement, Settlement::End(Outcome::Relayed));
    assert_eq!(done.because.response.as_deref(), Some("250 2.0.0 queued 7"));
    assert!(done.dsn.is_none());
}

#[test]
fn what_it_refused_for_good_is_rejected_and_told() {
    let never = settle(Err(answered(Stage::Rcpt, 550)));
    assert_eq!(never.settlement, Settlement::End(Outcome::Rejected));
    assert_eq!(never.because.response.as_deref(), Some("550 a***@example.se"));
    assert!(never.dsn.is_some());
    let unfit = settle(Err(Stop::NoCopy(NoCopy::Unfit(Failure::Unfit(Unfit::EightBit)))));
    assert_eq!(unfit.settlement, Settlement::End(Outcome::Rejected));
}

#[test]
fn i16_what_the_upstream_had_in_hand_is_recorded_with_the_verdict_that_it_left_on() {
    let held = Claim { last_verdict: verdict(VerdictKind::Hold, Some(Reason::QuietHours)), ..claim() };
    let recorded = |stop| {
        let settled = settle_at("2026-11-21T12:00:00Z", &held, Err(stop)).unwrap();
        settled.verdict.map(|redecided| redecided.verdict.verdict)
    };
    assert_eq!(recorded(answered(Stage::EndOfData, 550)), Some(VerdictKind::Deliver));
    let unheard = Failure::Lost(Stage::EndOfData, Lost::Closed);
    assert_eq!(recorded(failed(unheard)), Some(VerdictKind::Deliver));
    // What it put off before it had anything is where it was.
    assert_eq!(recorded(answered(Stage::Rcpt, 450)), None);
}

#[test]
fn everything_else_is_later_and_nobody_is_told() {
    for stop in [
        answered(Stage::EndOfData, 451),
        failed(Failure::Lost(Stage::EndOfData, Lost::Closed)),
        Stop::Stale(Failure::Lost(Stage::Mail, Lost::Closed)),
        Stop::ConsentUnreadable(StoreError::Unavailable("gone".into())),
        Stop::NoCopy(NoCopy::NoSubscriber),
        Stop::NoCopy(NoCopy::Unsigned(crate::sign::SignError::PairMissing)),
    ] {
        let later = settle(Err(stop));
        let Settlement::Later(next) = later.settlement else { panic!("{later:?}") };
        let wait = next.duration_since(at("2026-11-21T12:00:00Z")).as_secs();
        assert!((48..=72).contains(&wait), "{wait}");
        assert!(later.dsn.is_none());
    }
}

#[test]
fn a_second_no_withholds_and_nobody_is_told() {
    let refused = verdict(VerdictKind::Refuse, Some(Reason::Withdrawn));
    let withheld = settle(Err(Stop::Withheld(redecided(refused.clone()))));
    assert_eq!(withheld.settlement, Settlement::End(Outcome::Withheld));
    assert_eq!(withheld.because.reason, Some(Reason::Withdrawn));
    assert_eq!(withheld.verdict.map(|own| own.verdict), Some(refused));
    assert!(withheld.dsn.is_none());
}

#[test]
fn i9_at_the_deadline_later_is_expired_and_a_hold_is_withheld() {
    let late = |stop| settle_at("2026-11-22T11:00:00Z", &claim(), Err(stop)).unwrap();
    for stop in [Stop::Expired, answered(Stage::Rcpt, 450), Stop::ConsentUnreadable(StoreError::Full)] {
        let expired = late(stop);
        assert_eq!(expired.settlement, Settlement::End(Outcome::Expired));
        assert!(expired.dsn.is_some());
    }
    let held = verdict(VerdictKind::Hold, Some(Reason::QuietHours));
    let withheld = late(Stop::Held(redecided(held)));
    assert_eq!(withheld.settlement, Settlement::End(Outcome::Withheld));
    assert!(withheld.dsn.is_none());
}

#[test]
fn a_hold_is_looked_at_again_before_the_deadline() {
    let held = verdict(VerdictKind::Hold, Some(Reason::QuietHours));
    let result = settle_at("2026-11-22T10:55:00Z", &claim(), Err(Stop::Held(redecided(held)))).unwrap();
    assert_eq!(result.settlement, Settlement::Hold(at("2026-11-22T11:00:00Z")));
}

#[test]
fn a_hold_that_tells_until_when_is_looked_at_again_then() {
    let until =
        |text| Verdict { until: Some(at(text)), ..verdict(VerdictKind::Hold, Some(Reason::QuietHours)) };
    let settle = |text| {
        let held = settle_at("2026-11-21T22:00:00Z", &claim(), Err(Stop::Held(redecided(until(text)))));
        held.unwrap().settlement
    };
    assert_eq!(settle("2026-11-22T07:00:00Z"), Settlement::Hold(at("2026-11-22T07:00:00Z")));
    assert_eq!(settle("2026-11-23T07:00:00Z"), Settlement::Hold(at("2026-11-22T11:00:00Z")));
}

#[test]
fn a_verdict_that_says_the_same_at_another_time_is_not_recorded_again() {
    let held = verdict(VerdictKind::Hold, Some(Reason::QuietHours));
    let claim = Claim { last_verdict: held.clone(), ..claim() };
    let again = Verdict { until: Some(at("2026-11-22T07:00:00Z")), ..held };
    let settled = settle_at("2026-11-21T22:00:00Z", &claim, Err(Stop::Held(redecided(again)))).unwrap();
    assert!(settled.verdict.is_none());
}

#[test]
fn what_is_due_by_the_stores_clock_is_judged_by_it() {
    let ahead = jiff::SignedDuration::from_secs(30);
    let claim = Claim { ahead, ..claim() };
    let held = verdict(VerdictKind::Hold, Some(Reason::QuietHours));
    let settled = settle_at("2026-11-22T10:59:45Z", &claim, Err(Stop::Held(redecided(held)))).unwrap();
    assert_eq!(settled.settlement, Settlement::End(Outcome::Withheld), "its deadline has passed there");
}

#[test]
fn what_an_operator_holds_is_looked_at_again_at_its_deadline_alone() {
    let held = |now| {
        let held = verdict(VerdictKind::Hold, Some(Reason::HeldByOperator));
        settle_at(now, &claim(), Err(Stop::Held(redecided(held)))).unwrap().settlement
    };
    assert_eq!(held("2026-11-21T12:00:00Z"), Settlement::Hold(at("2026-11-22T11:00:00Z")));
    assert_eq!(held("2026-11-22T11:00:00Z"), Settlement::End(Outcome::Withheld));
}

#[test]
fn no_notification_tells_of_a_notification() {
    let own = Claim { kind: DeliveryKind::Dsn, ..claim() };
    let rejected = settle_at("2026-11-21T12:00:00Z", &own, Err(answered(Stage::Rcpt, 550))).unwrap();
    assert_eq!(rejected.settlement, Settlement::End(Outcome::Rejected));
    assert!(rejected.dsn.is_none());
}

#[test]
fn what_another_worker_has_is_not_settled() {
    assert!(settle_at("2026-11-21T12:00:00Z", &claim(), Err(Stop::LeaseLost)).is_none());
}

#[test]
fn i16_what_was_held_at_first_leaves_on_a_verdict_that_is_recorded() {
    let taken = || Ok(Response { code: 250, enhanced: None, text: "queued 7".into() });
    assert!(settle(taken()).verdict.is_none(), "it leaves on the first one");
    let held = Claim { last_verdict: verdict(VerdictKind::Hold, Some(Reason::QuietHours)), ..claim() };
    let sent = Sent {
        response: taken().unwrap_or_else(|_: Stop| unreachable!()),
        dsn: Offer::Lacking,
        decided: redecided(verdict(VerdictKind::Deliver, None)),
        tracked: None,
    };
    let notifier = Notifier { hostname: "gateway.example.com".into(), upstream: NullSenderMail::Taken };
    let clock = Clock::driven(at("2026-11-21T12:00:00Z"));
    let settling = Settling { clock, notifier, possible_duplicates: AtomicU64::new(0) };
    let settled = settling.settle(&Arc::new(parse(&shipped()).unwrap().0), &held, Ok(sent)).unwrap();
    assert_eq!(settled.verdict.map(|own| own.verdict.verdict), Some(VerdictKind::Deliver));
}
