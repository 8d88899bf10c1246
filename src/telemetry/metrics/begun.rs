//! Series that can be known before anything is counted in them begin at zero: `rate` and `increase` don't see the
//! count with which a series appears, and the first certificate error, or the only expired message, would move
//! no alert.
//!
//! What is begun is bounded: closed lists of words, times the names in configuration.

use metrics::counter;

use super::labels::named;
use super::{
    CAME_BACK_TOTAL, CONTENT_FINDINGS, COPIES, FACTS, FEEDBACK_MAILS, INTAKE_FAILURES, LEASES_TAKEN_OVER,
    LIMITED, LOG_LEFT_OUT, LOGINS, MESSAGES, NOT_SMTP, OUTCOMES, OUTCOMES_REMOVED, PAUSES, PEOPLE_REMOVED,
    PERMITS, POLICY_RELOADS, POSSIBLE_DUPLICATES, SMTP_CONNECTIONS_TOTAL, TAKEN_BEFORE, TLS_HANDSHAKES,
    TRACKERS_OUT, UPSTREAM_FAILURES, UPSTREAM_RESPONSES, VERDICTS, WEBHOOKS,
};
use crate::policy::finding::FindingName;
use crate::policy::{Reason, Stream, Tracking, VerdictKind};
use crate::spool::{Outcome, State};

/// Senders whose verdicts are begun: two hundred series each. Of the others only what is seldom.
const SENDERS_IN_FULL: usize = 20;

/// The words of a label, all of them.
pub(super) type Words = &'static [&'static str];

pub(super) const INTAKE_TROUBLES: Words = &["full", "behind", "unavailable", "unreadable"];
pub(super) const TLS_RESULTS: Words = &["done", "failed", "timed_out"];
pub(super) const NOT_SMTP_KINDS: Words = &["tls_in_clear", "proxy_header", "no_proxy_header", "http"];
pub(super) const SMTP_LISTENERS: Words = &["plain", "implicit_tls", "feedback"];
pub(super) const RETURNED: Words = &["done", "automatic", "foreign", "nobody", "failed"];
pub(super) const CAME_BACK: Words =
    &["hard", "soft", "policy", "content", "spam_block", "delayed", "complaint", "unsubscribed", "known"];
pub(super) const TELLERS: Words = &["report", "reply", "webhook"];
pub(super) const PAUSED: Words = &["campaign", "sender", "provider"];
/// Of webhooks, `none` where the URL names none of ours.
pub(super) const PROVIDERS: Words = &["ses", "sendgrid", "mailgun", "postmark", "none"];
pub(super) const TOLD: Words = &["done", "nobody", "passed_over", "refused", "failed"];
pub(super) const LOGIN_DOORS: Words = &["smtp", "api"];
pub(super) const LOGIN_RESULTS: Words = &["done", "wrong", "refused", "busy", "unavailable"];
pub(super) const STAGES: Words =
    &["name", "connect", "greeting", "starttls", "certificate", "tls", "login", "transactions"];
pub(super) const RESPONSES: Words = &["2xx", "4xx", "5xx", "none"];
pub(super) const RELOADS: Words = &["done", "unchanged", "failed"];
pub(super) const TRACKERS: Words = &["pixel", "link"];
pub(super) const FACT_KINDS: Words = &[
    "signup_requested",
    "confirmation_sent",
    "opt_in",
    "unconfirmed",
    "acquainted",
    "withdrawal",
    "withdrawal_undone",
    "tracking_consent",
    "tracking_withdrawal",
    "frequency_chosen",
    "paused",
    "pause_ended",
    "profiling_objection",
    "profiling_allowed",
    "place_chosen",
    "suppressed",
    "suppression_lifted",
    "address_changed",
    "restricted",
    "restriction_lifted",
    "erased",
];
/// Door and limit.
pub(super) const LIMITS: &[(&str, Words)] = &[
    (
        "smtp",
        &[
            "max_connections",
            "max_connections_per_address",
            "trusted_max_connections",
            "kept_for_functional",
            "session_timeout",
            "timeout",
            "max_in_hand",
            "max_message_size",
            "max_recipients",
            "max_line_length",
            "max_header_size",
            "max_command_length",
            "max_errors",
            "max_commands_without_mail",
            "max_failures",
        ],
    ),
    (
        "feedback",
        &[
            "max_connections",
            "max_connections_per_address",
            "session_timeout",
            "timeout",
            "max_in_hand",
            "max_message_size",
            "max_recipients",
            "max_command_length",
            "max_errors",
            "max_commands_without_mail",
        ],
    ),
    (
        "web",
        &["max_connections_per_address", "rate", "body_limit", "confirmation_limit", "letters", "webhooks"],
    ),
    (
        "api",
        &[
            "max_connections_per_address",
            "rate",
            "body_limit",
            "max_failures",
            "signups_per_ip",
            "signups_per_key",
        ],
    ),
];
/// Of what has no stream to ask.
const WITHOUT_STREAM: &[Reason] =
    &[Reason::Unparsable, Reason::Loop, Reason::FromNotAllowed, Reason::Unclassified];

/// A word of the list. A new one belongs there too, which whatever tests it finds out.
pub(super) fn one_of(words: Words, word: &'static str) -> &'static str {
    debug_assert!(words.contains(&word), "`{word}` is none of {words:?}");
    word
}

/// The limit of a door.
pub(super) fn limit_of(door: &'static str, limit: &'static str) -> &'static str {
    let own = LIMITS.iter().find(|(own, _)| *own == door).map_or(&[][..], |(_, words)| words);
    one_of(own, limit)
}

/// What there is whatever the configuration says.
pub(super) fn program() {
    for family in [POSSIBLE_DUPLICATES, LEASES_TAKEN_OVER, OUTCOMES_REMOVED, PEOPLE_REMOVED, LOG_LEFT_OUT] {
        counter!(family.name).absolute(0);
    }
    each(INTAKE_TROUBLES, |why| counter!(INTAKE_FAILURES.name, "why" => why).absolute(0));
    each(TLS_RESULTS, |result| counter!(TLS_HANDSHAKES.name, "result" => result).absolute(0));
    each(NOT_SMTP_KINDS, |what| counter!(NOT_SMTP.name, "what" => what).absolute(0));
    each(SMTP_LISTENERS, |own| counter!(SMTP_CONNECTIONS_TOTAL.name, "listener" => own).absolute(0));
    each(PROVIDERS, |provider| {
        each(TOLD, |result| {
            counter!(WEBHOOKS.name, "provider" => provider, "result" => result).absolute(0);
        });
    });
    each(RETURNED, |result| counter!(FEEDBACK_MAILS.name, "result" => result).absolute(0));
    each(&["granted", "refused"], |result| counter!(PERMITS.name, "result" => result).absolute(0));
    each(PAUSED, |kind| {
        for (by, whose) in [("brake", "weakest"), ("brake", "everybodys"), ("response", "everybodys")] {
            counter!(PAUSES.name, "per" => kind, "by" => by, "whose" => whose).absolute(0);
        }
    });
    each(RELOADS, |result| counter!(POLICY_RELOADS.name, "result" => result).absolute(0));
    each(LOGIN_DOORS, |door| {
        each(LOGIN_RESULTS, |result| {
            counter!(LOGINS.name, "door" => door, "result" => result).absolute(0);
        });
    });
    for (door, limits) in LIMITS {
        each(limits, |limit| counter!(LIMITED.name, "door" => *door, "limit" => limit).absolute(0));
    }
}

/// What there is of an upstream.
pub(super) fn upstream(name: &str) {
    let name = named("upstream", name);
    each(STAGES, |stage| {
        counter!(UPSTREAM_FAILURES.name, "upstream" => name.clone(), "stage" => stage).absolute(0);
    });
    each(RESPONSES, |class| {
        counter!(UPSTREAM_RESPONSES.name, "upstream" => name.clone(), "class" => class).absolute(0);
    });
}

/// What there is of the senders that policy names.
pub(super) fn senders<'n>(names: impl Iterator<Item = &'n str>) {
    for (number, sender) in names.enumerate() {
        let sender = named("sender", sender);
        for stream in Stream::ALL {
            outcomes(&sender, stream.as_str());
            message(&sender, stream.as_str());
            if number < SENDERS_IN_FULL {
                verdicts(&sender, stream.as_str());
                findings(&sender, stream.as_str());
            }
        }
        if number < SENDERS_IN_FULL {
            returns(&sender);
        }
        without_stream(&sender);
        counter!(TAKEN_BEFORE.name, "sender" => sender.clone()).absolute(0);
        tracked(&sender);
        each(FACT_KINDS, |kind| {
            counter!(FACTS.name, "sender" => sender.clone(), "kind" => kind).absolute(0);
        });
    }
}

fn returns(sender: &str) {
    each(CAME_BACK, |what| {
        each(TELLERS, |by| {
            counter!(CAME_BACK_TOTAL.name, "sender" => sender.to_owned(), "what" => what, "by" => by)
                .absolute(0);
        });
    });
}

fn tracked(sender: &str) {
    for tracking in Tracking::ALL {
        counter!(COPIES.name, "sender" => sender.to_owned(), "tracking" => tracking.as_str()).absolute(0);
    }
    each(TRACKERS, |what| {
        counter!(TRACKERS_OUT.name, "sender" => sender.to_owned(), "what" => what).absolute(0);
    });
}

fn outcomes(sender: &str, stream: &'static str) {
    for state in State::ALL {
        if let State::Ended(outcome) = state {
            outcome_of(sender, stream, *outcome);
        }
    }
}

fn outcome_of(sender: &str, stream: &'static str, outcome: Outcome) {
    counter!(OUTCOMES.name, "sender" => sender.to_owned(), "stream" => stream, "outcome" => outcome.as_str())
        .absolute(0);
}

fn message(sender: &str, stream: &'static str) {
    counter!(MESSAGES.name, "sender" => sender.to_owned(), "stream" => stream).absolute(0);
}

fn findings(sender: &str, stream: &'static str) {
    for finding in FindingName::ALL {
        counter!(CONTENT_FINDINGS.name, "sender" => sender.to_owned(), "stream" => stream, "finding" => finding.as_str())
            .absolute(0);
    }
}

fn verdicts(sender: &str, stream: &'static str) {
    verdict(sender, stream, VerdictKind::Deliver, "");
    for reason in Reason::ALL {
        for kind in verdicts_for(*reason) {
            verdict(sender, stream, *kind, reason.as_str());
        }
    }
}

/// What a reason is told with. Policy may say whether content that is wrong is refused or held.
fn verdicts_for(reason: Reason) -> &'static [VerdictKind] {
    match reason {
        Reason::MergeFieldLeak | Reason::ContentMissing | Reason::ContentRule => {
            &[VerdictKind::Refuse, VerdictKind::Hold]
        }
        Reason::FrequencyCap
        | Reason::QuietHours
        | Reason::PausedBySubscriber
        | Reason::CampaignPaused
        | Reason::WarmUp
        | Reason::HeldByOperator
        | Reason::Restoring => &[VerdictKind::Hold],
        _ => &[VerdictKind::Refuse],
    }
}

/// A message that has none is refused.
fn without_stream(sender: &str) {
    message(sender, "");
    outcome_of(sender, "", Outcome::Refused);
    for reason in WITHOUT_STREAM {
        verdict(sender, "", VerdictKind::Refuse, reason.as_str());
    }
}

fn verdict(sender: &str, stream: &'static str, verdict: VerdictKind, reason: &'static str) {
    counter!(VERDICTS.name, "sender" => sender.to_owned(), "stream" => stream, "verdict" => verdict.as_str(), "reason" => reason)
        .absolute(0);
}

fn each(words: Words, begin: impl Fn(&'static str)) {
    words.iter().for_each(|word| begin(word));
}
