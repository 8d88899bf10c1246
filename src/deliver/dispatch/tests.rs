//! The whole way out on SQLite, to an upstream that takes what it is given.

use arc_swap::ArcSwap;
use bytes::Bytes;
use jiff::SignedDuration;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::consent::EventKind;
use crate::consent::event::OptIn;
use crate::deliver::choice::Upstreams;
use crate::deliver::upstream::sink::Sink;
use crate::feedback::acting::Acting;
use crate::keys::{Keys, LinkKeys};
use crate::mail::Address;
use crate::policy::decide::{Admission, Circumstances, DeliveryKind, admit, admit_dsn, decide};
use crate::policy::file::{parse, shipped};
use crate::policy::{Facts, PolicySet, Reason, RuleRef, Stream};
use crate::record::Recorder;
use crate::sign::Signers;
use crate::spool::{Lane, Outcome, State};
use crate::store::{
    DeliveryFilter, DeliveryView, NewDelivery, NewFact, NewMessage, Store, StoreOptions, Trace, Who,
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A store, an upstream and the policies; departures run where a test starts them.
struct Gateway {
    store: Store,
    clock: Clock,
    sink: Sink,
    policies: Arc<ArcSwap<PolicySet>>,
    link_keys: LinkKeys,
    _folder: TempDir,
}

struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

async fn gateway(shaping: &str) -> Gateway {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::driven("2026-11-21T12:00:00Z".parse().unwrap());
    let options = StoreOptions {
        url: format!("sqlite://{}", folder.path().join("optgate.db").display()),
        node: Uuid::from_u128(1),
        lease: Duration::from_secs(60),
    };
    let store = Store::open(&options, Arc::new(Keys::generate()), clock.clone()).await.unwrap();
    store.migrate().await.unwrap();
    store.bind_keys().await.unwrap();
    let mut files = shipped();
    files.retain(|(name, _)| name != "shaping.toml");
    files.push(("shaping.toml".to_owned(), shaping.to_owned()));
    let policy = parse(&files).unwrap().0;
    Gateway {
        link_keys: store.link_keys().await.unwrap(),
        store,
        clock,
        sink: Sink::start().await,
        policies: Arc::new(ArcSwap::from_pointee(policy)),
        _folder: folder,
    }
}

impl Gateway {
    fn run(&self, drain: Duration) -> Running {
        let parts = Parts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            policies: self.policies.clone(),
            link_keys: Arc::new(ArcSwap::from_pointee(self.link_keys.clone())),
            signers: Arc::new(ArcSwap::from_pointee(Signers::default())),
            upstreams: Arc::new(Upstreams::new(vec![self.sink.settings()], "gateway.example.com")),
            hostname: "gateway.example.com".into(),
            public_url: "https://mail.example.com".into(),
            acting: Acting {
                store: self.store.clone(),
                recorder: Recorder::new(self.store.clone(), Arc::new(Notify::new())),
                policies: self.policies.clone(),
                hearsay: Arc::default(),
            },
            feedback_domain: None,
            lease: Duration::from_secs(60),
            queue_changed: Arc::new(Notify::new()),
        };
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(run(parts, shutdown.clone(), drain));
        Running { shutdown, task }
    }

    /// Spools a notification of our own to each: the way out that needs no consent.
    async fn spool(&self, recipients: impl IntoIterator<Item = String>) {
        let messages = recipients.into_iter().map(|to| self.notification(&to)).collect();
        self.store.spool(messages).await.unwrap();
    }

    fn notification(&self, to: &str) -> NewMessage {
        let now = self.clock.now();
        let recipient: Address = to.parse().unwrap();
        let policy = self.policies.load();
        let sender = policy.sender("demo-shop").unwrap();
        let lane = Lane {
            sender: "demo-shop".into(),
            stream: Stream::Functional,
            provider: recipient.domain().to_owned(),
            campaign: String::new(),
            credential: String::new(),
        };
        NewMessage {
            id: self.clock.id(),
            kind: DeliveryKind::Dsn,
            sender: "demo-shop".into(),
            credential: "demo-shop/tool".into(),
            received_at: now,
            trace: Trace { helo: "gateway.example.com".into(), peer: None, protocol: "ESMTP".into() },
            content: Bytes::from_static(b"Subject: x\r\n\r\nbody\r\n"),
            envelope_sender: None,
            asked: Default::default(),
            facts: None,
            policy: self.policies.load().hash.clone(),
            unknown_hosts: Vec::new(),
            message_id: None,
            deliveries: vec![NewDelivery {
                id: self.clock.id(),
                recipient,
                asked: Default::default(),
                subscriber: None,
                version: 0,
                circumstances: Default::default(),
                admission: Admission::Spool(admit_dsn(sender)),
                signup: None,
                lane,
                deadline: now + SignedDuration::from_hours(24),
            }],
        }
    }

    /// Spools marketing for anna, who said yes.
    async fn spool_marketing(&self) {
        let scopes = vec!["apparel".parse().unwrap()];
        self.record(EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes }).await;
        let policy = self.policies.load_full();
        let facts = Facts {
            sender: "demo-shop".into(),
            credential: "demo-shop/tool".into(),
            stream: Stream::Marketing,
            scope: Some("apparel.trousers".parse().unwrap()),
            campaign: Some("summer".into()),
            from_domain: "shop.example".into(),
            confirm_link: Default::default(),
            language: None,
            rule: RuleRef { file: "senders/demo-shop.toml".into(), line: 1 },
            findings: Default::default(),
        };
        let anna = self.store.consent_of("demo-shop", &[anna()]).await.unwrap().pop().unwrap().unwrap();
        let judged = decide(&policy, &facts, &anna.state, &Circumstances::default(), self.clock.now());
        let admission = admit(judged);
        assert!(matches!(admission, Admission::Spool(_)), "{admission:?}");
        let mut message = self.notification("anna@example.se");
        message.kind = DeliveryKind::Submitted;
        message.envelope_sender = Some("bounces@shop.example".parse().unwrap());
        message.content =
            Bytes::from_static(b"From: news@shop.example\r\nSubject: x\r\n\r\nWhat a summer!\r\n");
        message.facts = Some(facts);
        let delivery = &mut message.deliveries[0];
        delivery.lane.stream = Stream::Marketing;
        (delivery.subscriber, delivery.version, delivery.admission) =
            (Some(anna.id), anna.version, admission);
        self.store.spool(vec![message]).await.unwrap();
    }

    async fn record(&self, kind: EventKind) {
        let fact = NewFact {
            id: None,
            sender: "demo-shop".into(),
            who: Who::Address(anna()),
            kind,
            occurred_at: Some(self.clock.now()),
            channel: "api".into(),
            jurisdiction: Some("se".into()),
            locale: None,
            time_zone: None,
            evidence: serde_json::Value::Null,
            confirms: None,
        };
        self.store.record(vec![fact]).await.pop().unwrap().unwrap();
    }

    async fn withdraw(&self) {
        self.record(EventKind::Withdrawal { scopes: Vec::new(), complaint: false }).await;
    }

    async fn deliveries(&self) -> Vec<DeliveryView> {
        self.store
            .deliveries(&DeliveryFilter { limit: 10_000, ..DeliveryFilter::default() })
            .await
            .unwrap()
            .deliveries
    }

    async fn count(&self, state: State) -> usize {
        self.deliveries().await.iter().filter(|delivery| delivery.state == state).count()
    }

    async fn wait_for(&self, state: State, count: usize) {
        let all = async {
            while self.count(state).await < count {
                sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(timeout(PATIENCE, all).await.is_ok(), "{:?}", self.deliveries().await);
    }
}

impl Running {
    async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.task).await.expect("it drains").unwrap();
    }
}

fn anna() -> Address {
    "anna@example.se".parse().unwrap()
}

fn relayed() -> State {
    State::Ended(Outcome::Relayed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_is_sent_once_and_settled() {
    let gateway = gateway("").await;
    gateway.spool((0..300).map(|n| format!("r{n}@p{}.example", n % 7))).await;
    let running = gateway.run(PATIENCE);
    gateway.wait_for(relayed(), 300).await;
    running.stop().await;
    let mut recipients: Vec<String> = gateway.sink.taken().into_iter().map(|one| one.recipient).collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!((gateway.sink.taken().len(), recipients.len()), (300, 300));
    let content = &gateway.sink.taken()[0].content;
    assert!(content.starts_with("Received: by gateway.example.com (optgate)"), "{content}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_has_its_outcome() {
    let gateway = gateway("").await;
    gateway.spool(["ok@a.example", "never@a.example", "later@a.example"].map(String::from)).await;
    let running = gateway.run(PATIENCE);
    gateway.wait_for(relayed(), 1).await;
    gateway.wait_for(State::Ended(Outcome::Rejected), 1).await;
    while gateway.deliveries().await.iter().all(|own| own.state != State::Queued || own.attempts == 0) {
        sleep(Duration::from_millis(20)).await;
    }
    running.stop().await;
    let later = gateway.deliveries().await.into_iter().find(|own| own.state == State::Queued).unwrap();
    assert_eq!(later.attempts, 1);
    assert_eq!(later.last_response.as_deref(), Some("450 4.2.1 busy"));
    let wait = later.next_attempt_at.unwrap().duration_since(gateway.clock.now()).as_secs();
    assert!((48..=72).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i9_what_passes_its_deadline_is_expired_and_not_sent() {
    let gateway = gateway("").await;
    gateway.spool(["later@a.example".to_owned()]).await;
    let running = gateway.run(PATIENCE);
    while gateway.deliveries().await.iter().all(|own| own.attempts == 0 || own.state != State::Queued) {
        sleep(Duration::from_millis(20)).await;
    }
    gateway.clock.advance(Duration::from_secs(25 * 3600));
    gateway.wait_for(State::Ended(Outcome::Expired), 1).await;
    running.stop().await;
    let expired = &gateway.deliveries().await[0];
    assert_eq!(expired.last_response.as_deref(), Some("450 4.2.1 busy"));
    assert!(gateway.sink.taken().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_lets_no_more_leave_than_it_says() {
    let shaping =
        "[[limit]]\nname = \"a\"\nmatch = { provider = \"a.example\" }\nrate = [\"20/s\", \"30/day\"]\n";
    let gateway = gateway(shaping).await;
    gateway.spool((0..100).map(|n| format!("r{n}@a.example"))).await;
    gateway.spool((0..100).map(|n| format!("r{n}@b.example"))).await;
    let running = gateway.run(PATIENCE);
    gateway.wait_for(relayed(), 102).await;
    // The clock stands still: a slice of a tenth of a second is all there is.
    let of_a = || gateway.sink.taken().iter().filter(|one| one.recipient.ends_with("@a.example")).count();
    assert_eq!(of_a(), 2);
    for _ in 0..60 {
        gateway.clock.advance(Duration::from_millis(50));
        sleep(Duration::from_millis(30)).await;
    }
    gateway.wait_for(relayed(), 130).await;
    gateway.clock.advance(Duration::from_secs(60));
    sleep(LOOK * 2).await;
    assert_eq!(of_a(), 30);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_are_in_hand_at_once_than_a_limit_says() {
    let shaping = "[[limit]]\nname = \"a\"\nmatch = { provider = \"a.example\" }\nconcurrency = 2\n";
    let gateway = gateway(shaping).await;
    gateway.spool((0..5).map(|_| "hang@a.example".to_owned())).await;
    gateway.spool(["ok@b.example".to_owned()]).await;
    let running = gateway.run(Duration::from_millis(100));
    gateway.wait_for(relayed(), 1).await;
    gateway.wait_for(State::Claimed, 2).await;
    sleep(LOOK * 2).await;
    assert_eq!(gateway.count(State::Claimed).await, 2);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_not_reached_the_upstream_within_the_drain_is_given_back() {
    let gateway = Gateway { sink: Sink::start_closed().await, ..gateway("").await };
    gateway.spool(["ok@a.example".to_owned()]).await;
    let running = gateway.run(Duration::from_millis(200));
    gateway.wait_for(State::Claimed, 1).await;
    running.stop().await;
    let left = gateway.deliveries().await;
    assert_eq!((left[0].state, left[0].attempts), (State::Queued, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_what_the_upstream_may_have_taken_is_not_given_back() {
    let gateway = gateway("").await;
    gateway.spool(["hang@a.example".to_owned(), "ok@a.example".to_owned()]).await;
    let running = gateway.run(Duration::from_millis(200));
    gateway.wait_for(relayed(), 1).await;
    gateway.wait_for(State::Claimed, 1).await;
    running.stop().await;
    assert_eq!((gateway.count(State::Claimed).await, gateway.count(State::Queued).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_under_a_spent_quota_keep_no_other_from_leaving() {
    let shaping = "[[limit]]\nname = \"shop\"\nmatch = { stream = \"functional\" }\nrate = [\"1/day\"]\n";
    let gateway = gateway(shaping).await;
    let mut messages: Vec<NewMessage> =
        (0..1_100).map(|n| gateway.notification(&format!("r{n}@p{n}.example"))).collect();
    gateway.store.spool(messages.split_off(1)).await.unwrap();
    messages[0].deliveries[0].lane.stream = Stream::Confirmation;
    gateway.store.spool(messages).await.unwrap();
    let running = gateway.run(PATIENCE);
    // One of the quota, and the one that needs none.
    gateway.wait_for(relayed(), 2).await;
    running.stop().await;
    assert!(gateway.sink.taken().iter().any(|one| one.recipient == "r0@p0.example"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marketing_leaves_with_its_links() {
    let gateway = gateway("").await;
    gateway.spool_marketing().await;
    let running = gateway.run(PATIENCE);
    gateway.wait_for(relayed(), 1).await;
    running.stop().await;
    let taken = gateway.sink.taken();
    assert_eq!((taken.len(), taken[0].recipient.as_str()), (1, "anna@example.se"));
    let content = &taken[0].content;
    assert!(content.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{content}");
    assert!(content.contains("https://mail.example.com/u/"), "{content}");
    assert!(content.contains("<demo-shop.shop.example>\r\n"), "{content}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i3_a_withdrawal_before_the_claim_stops_the_delivery() {
    let gateway = gateway("").await;
    gateway.spool_marketing().await;
    gateway.withdraw().await;
    let running = gateway.run(PATIENCE);
    gateway.wait_for(State::Ended(Outcome::Withheld), 1).await;
    running.stop().await;
    assert!(gateway.sink.taken().is_empty());
    assert_eq!(gateway.deliveries().await[0].reason, Some(Reason::Withdrawn));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i3_a_claim_older_than_two_seconds_is_decided_again() {
    let gateway = Gateway { sink: Sink::start_closed().await, ..gateway("").await };
    gateway.spool_marketing().await;
    let running = gateway.run(PATIENCE);
    gateway.wait_for(State::Claimed, 1).await;
    gateway.clock.advance(Duration::from_secs(3));
    gateway.withdraw().await;
    gateway.sink.open();
    gateway.wait_for(State::Ended(Outcome::Withheld), 1).await;
    running.stop().await;
    assert!(gateway.sink.taken().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i4_mail_of_a_sender_whose_policy_is_gone_waits() {
    let gateway = gateway("").await;
    gateway.spool_marketing().await;
    let mut without = PolicySet::clone(&gateway.policies.load());
    without.senders.clear();
    gateway.policies.store(Arc::new(without));
    let running = gateway.run(PATIENCE);
    while gateway.deliveries().await[0].attempts == 0 || gateway.count(State::Queued).await == 0 {
        sleep(Duration::from_millis(20)).await;
    }
    running.stop().await;
    assert!(gateway.sink.taken().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_whose_lease_ran_out_is_not_sent_by_its_first_claim() {
    let gateway = Gateway { sink: Sink::start_closed().await, ..gateway("").await };
    gateway.spool(["ok@a.example".to_owned()]).await;
    let running = gateway.run(PATIENCE);
    gateway.wait_for(State::Claimed, 1).await;
    // The lease runs out before anything was sent: another may have it, so it is let go, and claimed again.
    gateway.clock.advance(Duration::from_secs(61));
    gateway.sink.open();
    gateway.wait_for(relayed(), 1).await;
    assert_eq!(gateway.deliveries().await[0].attempts, 2);
    running.stop().await;
    assert_eq!(gateway.sink.taken().len(), 1);
}
