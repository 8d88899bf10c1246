//! What is measured: every metric stands once in `FAMILIES` and has one function below it.
//!
//! Nothing personal goes into a label (invariant 11): no address, domain, campaign, id or text from outside.
//! Names of senders, upstreams and limits come from configuration and are capped all the same.
//!
//! To add one: a line in the table, a function that uses it, a panel or an alert if somebody should look.

mod begun;
mod labels;
mod page;

use std::time::{Duration, Instant};

use metrics::{counter, gauge, histogram};

pub use page::{policy_in_force, render, start, upkeep};

use crate::policy::finding::FindingName;
use crate::policy::{Reason, Stream, Tracking, VerdictKind};
use crate::spool::{Outcome, State};
use labels::{OTHER, named};

/// A metric's name, what it is, and what it tells people.
#[derive(Clone, Copy, Debug)]
struct Family {
    name: &'static str,
    kind: Kind,
    help: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Counter,
    Gauge,
    /// With the upper bounds of its buckets.
    Histogram(&'static [f64]),
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

use Kind::{Counter, Gauge, Histogram};

/// Seconds, from a decision in memory to a patient upstream.
const SECONDS: &[f64] =
    &[0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];
/// Seconds that an attempt may take: the upstream may think for ten minutes.
const PATIENT: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0];
/// Jobs that shared a commit.
const JOBS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

macro_rules! families {
    ($($family:ident = $name:literal, $kind:expr, $help:literal;)*) => {
        $(const $family: Family = Family { name: $name, kind: $kind, help: $help };)*
        /// All that there is.
        const FAMILIES: &[Family] = &[$($family),*];
    };
}

families! {
    // the way in
    READY = "optgate_ready", Gauge, "1 while this node can accept mail, 0 while its database takes no writes.";
    VERDICTS = "optgate_verdicts_total", Counter, "Recipients decided at intake, by verdict and reason.";
    MESSAGES = "optgate_messages_total", Counter, "Messages decided durably at intake.";
    CONTENT_FINDINGS = "optgate_content_findings_total", Counter, "Messages whose content has something wrong that policy does not ignore, by finding.";
    TAKEN_BEFORE = "optgate_taken_before_total", Counter, "Recipients for whom the same was submitted again within a day: not sent twice.";
    INTAKE_FAILURES = "optgate_intake_failures_total", Counter, "Messages answered 451 or 452 because the store did not do its part.";
    ACCEPT_SECONDS = "optgate_accept_seconds", Histogram(SECONDS), "From the end of the data to the reply.";
    DECIDE_SECONDS = "optgate_decide_seconds", Histogram(SECONDS), "Deciding over all recipients of a message (first) or over one claim (second).";
    SMTP_CONNECTIONS = "optgate_smtp_connections", Gauge, "SMTP connections that are open.";
    SMTP_CONNECTIONS_TOTAL = "optgate_smtp_connections_total", Counter, "SMTP connections taken, by kind of listener.";
    SMTP_REPLIES = "optgate_smtp_replies_total", Counter, "Replies to SMTP commands and messages, by code.";
    TLS_HANDSHAKES = "optgate_tls_handshakes_total", Counter, "TLS handshakes with tools, by result.";
    NOT_SMTP = "optgate_smtp_not_smtp_total", Counter, "Connections that began with something else than was expected of them, by what it was.";
    LOGINS = "optgate_logins_total", Counter, "Logins by SMTP and API, by result.";
    LIMITED = "optgate_limited_total", Counter, "What a limit slowed or refused, by door and limit.";
    FEEDBACK_MAILS = "optgate_feedback_mails_total", Counter, "Mail to the feedback listener, by what came of it.";
    WEBHOOKS = "optgate_webhooks_total", Counter, "What providers told by webhook, by provider and what came of it.";
    // facts
    FACTS = "optgate_facts_total", Counter, "Facts recorded about people, by kind.";
    // the way out
    OUTCOMES = "optgate_outcomes_total", Counter, "Deliveries that ended, by outcome.";
    COPIES = "optgate_copies_total", Counter, "Copies that were relayed, by whether their pixels and tracked links were kept or taken out.";
    CAME_BACK_TOTAL = "optgate_returns_total", Counter, "What was told of mail that left, by what it was taken for and who told it.";
    TRACKERS_OUT = "optgate_trackers_taken_out_total", Counter, "Pixels taken out of relayed copies, and links changed in them.";
    ATTEMPT_SECONDS = "optgate_delivery_attempt_seconds", Histogram(PATIENT), "From a claim to what is to be written down, by upstream and result.";
    UPSTREAM_RESPONSES = "optgate_upstream_responses_total", Counter, "Attempts by what the upstream said: a class of reply codes, or none.";
    UPSTREAM_UP = "optgate_upstream_up", Gauge, "1 while mail is given to the upstream, 0 while it is left alone.";
    UPSTREAM_CONNECTIONS = "optgate_upstream_connections", Gauge, "Connections to the upstream that are open.";
    UPSTREAM_FAILURES = "optgate_upstream_failures_total", Counter, "Connections to the upstream that failed, by stage.";
    PAUSES = "optgate_pauses_total", Counter, "Pauses of marketing that the gateway set by itself: of what, by what, and whose mail waits.";
    THROTTLE_SHARE = "optgate_throttle_share", Gauge, "What is left of the pace of an upstream or a provider that resists: 1 is all of it.";
    WARM_UP_STEP = "optgate_warm_up_step", Gauge, "Steps of its curve that a domain that warms up has behind it.";
    WARM_UP_TAKEN = "optgate_warm_up_taken", Gauge, "Messages that a domain that warms up has sent today, or has in hand.";
    POSSIBLE_DUPLICATES = "optgate_possible_duplicates_total", Counter, "Messages that the upstream may have taken although its answer was lost.";
    LANES_WAITING = "optgate_lanes_waiting", Gauge, "Lanes with mail that is due, as the dispatcher last saw them.";
    PERMITS = "optgate_permits_total", Counter, "Permits that lanes asked for, by result.";
    IN_HAND = "optgate_in_hand", Gauge, "Deliveries that this node has claimed and not settled.";
    IN_HAND_CAPACITY = "optgate_in_hand_capacity", Gauge, "Deliveries that this node may have in hand at once.";
    LEASES_TAKEN_OVER = "optgate_leases_taken_over_total", Counter, "Claims whose lease ran out, taken over from any node.";
    // the queue, in the whole cluster
    QUEUE = "optgate_queue_deliveries", Gauge, "Deliveries in the queue, by state; of the whole cluster.";
    QUEUE_OLDEST = "optgate_queue_oldest_seconds", Gauge, "Age of the oldest delivery in the queue, by state; of the whole cluster.";
    QUEUE_OVERDUE = "optgate_queue_overdue_seconds", Gauge, "For how long the most overdue delivery has been due; of the whole cluster.";
    QUEUE_COUNTED = "optgate_queue_counted_timestamp_seconds", Gauge, "When the queue was last counted: seldom, where counting takes long.";
    // the store
    REQUESTS = "optgate_requests", Gauge, "Requests by right that wait, by state: open (all of them), overdue.";
    OUTCOMES_REMOVED = "optgate_outcomes_removed_total", Counter, "Outcomes whose time was over by the sender's [retention]: removed with verdict and message.";
    PEOPLE_REMOVED = "optgate_unconfirmed_people_removed_total", Counter, "People who never confirmed and whose time was over by the sender's [retention]: removed with address, key and evidence.";
    COMMIT_JOBS = "optgate_commit_jobs", Histogram(JOBS), "Jobs that shared one commit.";
    COMMIT_SECONDS = "optgate_commit_seconds", Histogram(SECONDS), "One transaction of the writer, synced, by result.";
    // pages and API
    HTTP_CONNECTIONS = "optgate_http_connections", Gauge, "HTTP connections that are open, by listener.";
    HTTP_SECONDS = "optgate_http_request_seconds", Histogram(SECONDS), "HTTP requests by listener, route and class of status.";
    // the program
    POLICY_RELOADS = "optgate_policy_reloads_total", Counter, "Policy sets read after the start, by result.";
    POLICY_LOADED = "optgate_policy_loaded_timestamp_seconds", Gauge, "When the policy set in force was read.";
    POLICY_FAILED = "optgate_policy_reload_failing", Gauge, "1 while the policy files as they are can't be used and an older set is in force.";
    CERTIFICATE_EXPIRY = "optgate_certificate_expiry_timestamp_seconds", Gauge, "When the certificate that tools are shown ends.";
    LOG_LEFT_OUT = "optgate_log_lines_left_out_total", Counter, "Warnings and errors that were not logged because the same had just been, many times.";
    LOG_LOST = "optgate_log_lines_lost_total", Counter, "Log lines that could not be written: the disk is full, or nobody reads them.";
    MARKETING_HELD = "optgate_marketing_held", Gauge, "1 while marketing is held because a journal of noes is not in step with the database.";
    JOURNAL_DAMAGED = "optgate_journal_damaged", Gauge, "1 if this node's journal of noes could not be read to its end when it was last verified.";
    BUILD = "optgate_build_info", Gauge, "Always 1; the version is a label.";
}

// The way in.

/// Whether this node can accept mail.
pub fn ready(ready: bool) {
    gauge!(READY.name).set(if ready { 1.0 } else { 0.0 });
}

/// One recipient was decided at intake.
pub fn verdict(sender: &str, stream: Option<Stream>, verdict: VerdictKind, reason: Option<Reason>) {
    let reason = reason.map_or("", Reason::as_str);
    counter!(VERDICTS.name, "sender" => named("sender", sender), "stream" => stream_word(stream), "verdict" => verdict.as_str(), "reason" => reason)
        .increment(1);
}

/// A message was decided durably, whatever its verdicts.
pub fn message(sender: &str, stream: Option<Stream>) {
    counter!(MESSAGES.name, "sender" => named("sender", sender), "stream" => stream_word(stream))
        .increment(1);
}

/// A message has this wrong in its content; counted once, however many recipients it has.
pub fn content_finding(sender: &str, stream: Stream, finding: FindingName) {
    counter!(CONTENT_FINDINGS.name, "sender" => named("sender", sender), "stream" => stream.as_str(), "finding" => finding.as_str())
        .increment(1);
}

/// One recipient was answered with the first id, since the same was taken before.
pub fn taken_before(sender: &str) {
    counter!(TAKEN_BEFORE.name, "sender" => named("sender", sender)).increment(1);
}

/// A message could not be decided or stored: `full`, `behind`, `unavailable`, `unreadable`.
pub fn intake_failed(why: &'static str) {
    let why = begun::one_of(begun::INTAKE_TROUBLES, why);
    counter!(INTAKE_FAILURES.name, "why" => why).increment(1);
}

/// From the end of the data to the reply.
pub fn accepted(code: u16, took: Duration) {
    histogram!(ACCEPT_SECONDS.name, "class" => class(code)).record(took);
}

/// `first` or `second` decision.
pub fn decided(decision: &'static str, took: Duration) {
    histogram!(DECIDE_SECONDS.name, "decision" => decision).record(took);
}

/// An SMTP connection was taken; it is open until what is returned is dropped.
pub fn smtp_connection(listener: &'static str) -> Open {
    let listener = begun::one_of(begun::SMTP_LISTENERS, listener);
    counter!(SMTP_CONNECTIONS_TOTAL.name, "listener" => listener).increment(1);
    Open::of(gauge!(SMTP_CONNECTIONS.name))
}

/// A reply to a tool. Codes are ours, so that they are few.
pub fn smtp_reply(code: u16) {
    counter!(SMTP_REPLIES.name, "code" => code.to_string()).increment(1);
}

/// A handshake with a tool: `done`, `failed`, `timed_out`.
pub fn tls_handshake(result: &'static str) {
    let result = begun::one_of(begun::TLS_RESULTS, result);
    counter!(TLS_HANDSHAKES.name, "result" => result).increment(1);
}

/// A peer spoke what it should not: `tls_in_clear`, `http`, `proxy_header` (of no known balancer),
/// `no_proxy_header` (of a balancer).
pub fn not_smtp(what: &'static str) {
    let what = begun::one_of(begun::NOT_SMTP_KINDS, what);
    counter!(NOT_SMTP.name, "what" => what).increment(1);
}

/// A login by `smtp` or `api`: `done`, `wrong`, `refused` or `busy` (not even looked at), `unavailable`.
pub fn login(door: &'static str, result: &'static str) {
    let (door, result) =
        (begun::one_of(begun::LOGIN_DOORS, door), begun::one_of(begun::LOGIN_RESULTS, result));
    counter!(LOGINS.name, "door" => door, "result" => result).increment(1);
}

/// Mail came back: `done`, `automatic` (it changed nothing), `foreign` (no report, or of no mail of ours), `nobody` (to no address of ours), `failed` (451).
pub fn returned(result: &'static str) {
    let result = begun::one_of(begun::RETURNED, result);
    counter!(FEEDBACK_MAILS.name, "result" => result).increment(1);
}

/// Something was told of mail that left: by a `report`, a `reply` or a `webhook`.
pub fn came_back(sender: &str, what: &'static str, by: &'static str) {
    let (what, by) = (begun::one_of(begun::CAME_BACK, what), begun::one_of(begun::TELLERS, by));
    counter!(CAME_BACK_TOTAL.name, "sender" => named("sender", sender), "what" => what, "by" => by)
        .increment(1);
}

/// The gateway paused marketing by itself: a `campaign`, a `sender` or a `provider`; a `brake` or a `response` did.
pub fn paused(kind: &'static str, by: &'static str, whose: &'static str) {
    let kind = begun::one_of(begun::PAUSED, kind);
    counter!(PAUSES.name, "per" => kind, "by" => by, "whose" => whose).increment(1);
}

/// Something came by a provider's webhook: an event that was acted on (`done`), is of no copy of ours (`nobody`) or
/// tells nothing that is acted on (`passed_over`); a request that was not believed (`refused`) or could not be taken
/// now (`failed`).
pub fn webhook(provider: &'static str, result: &'static str) {
    let provider = begun::one_of(begun::PROVIDERS, provider);
    let result = begun::one_of(begun::TOLD, result);
    counter!(WEBHOOKS.name, "provider" => provider, "result" => result).increment(1);
}

/// A limit had its say at a door (`smtp`, `feedback`, `web`, `api`); it is called by its key in the configuration.
pub fn limited(door: &'static str, limit: &'static str) {
    let limit = begun::limit_of(door, limit);
    counter!(LIMITED.name, "door" => door, "limit" => limit).increment(1);
}

// Facts.

/// A fact was committed; its kind is a word of `EventKind`.
pub fn fact(sender: &str, kind: &'static str) {
    let kind = begun::one_of(begun::FACT_KINDS, kind);
    counter!(FACTS.name, "sender" => named("sender", sender), "kind" => kind).increment(1);
}

// The way out.

/// A copy was relayed.
pub fn tracked(sender: &str, tracking: Tracking, pixels: u32, links: u32) {
    let sender = named("sender", sender);
    counter!(COPIES.name, "sender" => sender.clone(), "tracking" => tracking.as_str()).increment(1);
    for (what, count) in [("pixel", pixels), ("link", links)].into_iter().filter(|(_, count)| *count > 0) {
        counter!(TRACKERS_OUT.name, "sender" => sender.clone(), "what" => what).increment(count.into());
    }
}

/// A delivery ended, or was refused at intake.
pub fn outcome(sender: &str, stream: Option<Stream>, outcome: Outcome) {
    counter!(OUTCOMES.name, "sender" => named("sender", sender), "stream" => stream_word(stream), "outcome" => outcome.as_str())
        .increment(1);
}

/// One try at one claim, as its result is logged: an outcome, `later`, `hold`, `lost`.
pub fn attempted(upstream: &str, result: &'static str, took: Duration) {
    histogram!(ATTEMPT_SECONDS.name, "upstream" => named("upstream", upstream), "result" => result)
        .record(took);
}

/// What the upstream said to an attempt; `None` where it said nothing.
pub fn upstream_response(upstream: &str, code: Option<u16>) {
    let class = code.map_or("none", class);
    counter!(UPSTREAM_RESPONSES.name, "upstream" => named("upstream", upstream), "class" => class)
        .increment(1);
}

/// There is this upstream, and mail is given to it.
pub fn upstream_begins(upstream: &str) {
    begun::upstream(upstream);
    upstream_up(upstream, true);
}

/// Whether mail is given to an upstream, or it is left alone for a while.
pub fn upstream_up(upstream: &str, up: bool) {
    gauge!(UPSTREAM_UP.name, "upstream" => named("upstream", upstream)).set(if up { 1.0 } else { 0.0 });
}

/// A connection to an upstream is open until what is returned is dropped.
pub fn upstream_connection(upstream: &str) -> Open {
    Open::of(gauge!(UPSTREAM_CONNECTIONS.name, "upstream" => named("upstream", upstream)))
}

/// A connection to an upstream failed at a stage: `connect`, `tls`, `certificate`, `login`, `greeting`, …
pub fn upstream_failed(upstream: &str, stage: &'static str) {
    let stage = begun::one_of(begun::STAGES, stage);
    counter!(UPSTREAM_FAILURES.name, "upstream" => named("upstream", upstream), "stage" => stage)
        .increment(1);
}

/// What is left of a pace, from 0 to 1; of providers that are no group of policy's, the least of them.
pub fn throttled(party: &'static str, name: Option<&str>, share: f64) {
    let name = name.map_or_else(|| OTHER.to_owned(), |name| named(party, name));
    gauge!(THROTTLE_SHARE.name, "party" => party, "name" => name).set(share);
}

/// How far a domain has come with a provider; of those that are no group of policy's, the least and the most.
pub fn warm_up(domain: &str, upstream: &str, provider: Option<&str>, step: u32, taken: u32) {
    let provider = provider.map_or_else(|| OTHER.to_owned(), |own| named("provider", own));
    let (domain, upstream) = (named("domain", domain), named("upstream", upstream));
    let labels = [("domain", domain), ("upstream", upstream), ("provider", provider)];
    gauge!(WARM_UP_STEP.name, &labels).set(f64::from(step));
    gauge!(WARM_UP_TAKEN.name, &labels).set(f64::from(taken));
}

/// The answer to a final dot was lost.
pub fn possible_duplicate() {
    counter!(POSSIBLE_DUPLICATES.name).increment(1);
}

/// What the dispatcher sees in a turn.
pub fn dispatcher(lanes_waiting: usize, in_hand: usize, capacity: usize) {
    gauge!(LANES_WAITING.name).set(count(lanes_waiting));
    gauge!(IN_HAND.name).set(count(in_hand));
    gauge!(IN_HAND_CAPACITY.name).set(count(capacity));
}

/// Permits that a lane asked for and got.
pub fn permits(asked: u32, granted: u32) {
    counter!(PERMITS.name, "result" => "granted").increment(granted.into());
    counter!(PERMITS.name, "result" => "refused").increment(asked.saturating_sub(granted).into());
}

/// Claims were taken over from whoever held them.
pub fn leases_taken_over(claims: u64) {
    counter!(LEASES_TAKEN_OVER.name).increment(claims);
}

// The queue.

/// How many deliveries are in a state, and the age of the oldest.
pub fn queue(state: State, deliveries: u64, oldest: Duration) {
    gauge!(QUEUE.name, "state" => state.as_str()).set(deliveries as f64);
    gauge!(QUEUE_OLDEST.name, "state" => state.as_str()).set(oldest.as_secs_f64());
}

/// Requests by right that wait, and how many of them should have been met.
pub fn requests(sender: &str, open: u64, overdue: u64) {
    for (state, count) in [("open", open), ("overdue", overdue)] {
        gauge!(REQUESTS.name, "sender" => named("sender", sender), "state" => state).set(count as f64);
    }
}

/// For how long the most overdue delivery has been due, and when that was found.
pub fn queue_counted(overdue: Duration, at: jiff::Timestamp) {
    gauge!(QUEUE_OVERDUE.name).set(overdue.as_secs_f64());
    gauge!(QUEUE_COUNTED.name).set(seconds(at));
}

// The store.

/// One transaction of the writer: `done` or `failed`.
pub fn commit(jobs: usize, result: &'static str, took: Duration) {
    histogram!(COMMIT_JOBS.name).record(count(jobs));
    histogram!(COMMIT_SECONDS.name, "result" => result).record(took);
}

// Pages and API.

/// An HTTP connection is open until what is returned is dropped.
pub fn http_connection(listener: &'static str) -> Open {
    Open::of(gauge!(HTTP_CONNECTIONS.name, "listener" => listener))
}

/// A request on `web` or `api`. `route` is the pattern that matched, never the path.
pub fn http_request(listener: &'static str, route: &str, status: u16, took: Duration) {
    histogram!(HTTP_SECONDS.name, "listener" => listener, "route" => named("route", route), "class" => class(status))
        .record(took);
}

/// Outcomes were removed, their time being over.
pub fn outcomes_removed(outcomes: u64) {
    counter!(OUTCOMES_REMOVED.name).increment(outcomes);
}

/// People were removed of whom nothing ever came, their time being over.
pub fn people_removed(people: u64) {
    counter!(PEOPLE_REMOVED.name).increment(people);
}

// The program.

/// The policy files were read after the start: `done`, `unchanged` or `failed`.
pub fn policy_reloaded(result: &'static str) {
    let result = begun::one_of(begun::RELOADS, result);
    counter!(POLICY_RELOADS.name, "result" => result).increment(1);
    gauge!(POLICY_FAILED.name).set(if result == "failed" { 1.0 } else { 0.0 });
}

/// When the certificate that tools are shown ends.
pub fn certificate_expiry(at: jiff::Timestamp) {
    gauge!(CERTIFICATE_EXPIRY.name).set(seconds(at));
}

// What they are made of.

/// Counts one in a gauge while it lives.
pub struct Open(metrics::Gauge);

impl Open {
    fn of(gauge: metrics::Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Measures how long something took. Of the machine's own clock: no decision rests on it (invariant 13).
#[derive(Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn took(self) -> Duration {
        self.0.elapsed()
    }
}

/// `2xx`, `4xx`, …
fn class(code: u16) -> &'static str {
    match code / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    }
}

fn stream_word(stream: Option<Stream>) -> &'static str {
    stream.map_or("", Stream::as_str)
}

fn count(number: usize) -> f64 {
    number as f64
}

fn seconds(at: jiff::Timestamp) -> f64 {
    at.as_microsecond() as f64 / 1e6
}

/// A warning or an error was left out of the log.
pub fn log_line_left_out() {
    counter!(LOG_LEFT_OUT.name).increment(1);
}

/// Whether verifying this node's journal of noes found damage.
pub fn journal_damaged(damaged: bool) {
    gauge!(JOURNAL_DAMAGED.name).set(if damaged { 1.0 } else { 0.0 });
}

/// A line of the log could not be written.
pub fn log_line_lost() {
    counter!(LOG_LOST.name).increment(1);
}

/// Whether marketing waits for a journal of noes.
pub fn marketing_held(held: bool) {
    gauge!(MARKETING_HELD.name).set(if held { 1.0 } else { 0.0 });
}
