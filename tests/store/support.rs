//! A fresh database for every test, the clock that it goes by, and messages to put into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use optgate::clock::Clock;
use optgate::consent::EventKind;
use optgate::consent::event::OptIn;
use optgate::keys::Keys;
use optgate::mail::Address;
use optgate::policy::decide::{Admission, DeliveryKind, admit};
use optgate::policy::{Facts, Reason, RuleRef, Stream, Verdict, VerdictKind};
use optgate::spool::{Because, Fence, Lane, Settlement};
use optgate::store::{
    Ask, Asks, NewDelivery, NewFact, NewMessage, Seen, Settle, Store, StoreOptions, Trace, Who,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

/// A database of one test's own, bound to its keys, and the clock that both go by.
pub struct Home {
    pub store: Store,
    pub clock: Clock,
    pub keys: Arc<Keys>,
    pub url: String,
    pub node: Uuid,
    folder: tempfile::TempDir,
    maintenance: Option<String>,
}

/// How long a claim holds in these tests.
pub const LEASE: Duration = Duration::from_secs(60);

impl Home {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("optgate.db").display());
        Self::open(url, folder, None).await
    }

    /// `None` where no cluster is given; CI must give one.
    pub async fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Ok(maintenance) = std::env::var("OPTGATE_TEST_POSTGRES") else {
            assert!(std::env::var_os("CI").is_none(), "CI tests PostgreSQL too: set OPTGATE_TEST_POSTGRES");
            eprintln!("skipped: OPTGATE_TEST_POSTGRES is not set");
            return None;
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("optgate_store_{}_{number}", std::process::id());
        let mut connection = PgConnection::connect(&maintenance).await.unwrap();
        for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        }
        let (server, _) = maintenance.rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        Some(Self::open(url, tempfile::tempdir().unwrap(), Some(maintenance)).await)
    }

    async fn open(url: String, folder: tempfile::TempDir, maintenance: Option<String>) -> Self {
        let clock = Clock::driven("2026-11-21T12:00:00Z".parse().unwrap());
        let keys = Arc::new(Keys::generate());
        let node = clock.id();
        let store = open(&url, node, &keys, &clock).await;
        store.migrate().await.unwrap();
        let home = Self { store, clock, keys, url, node, folder, maintenance };
        if home.is_postgres() {
            home.sql(
                "CREATE TABLE test_clock (at BIGINT NOT NULL); INSERT INTO test_clock VALUES (0);
                 CREATE OR REPLACE FUNCTION optgate_now() RETURNS BIGINT LANGUAGE sql VOLATILE
                 AS 'SELECT at FROM test_clock'",
            )
            .await;
            home.advance(Duration::ZERO).await;
        }
        home.store.bind_keys().await.unwrap();
        home
    }

    pub fn is_postgres(&self) -> bool {
        self.maintenance.is_some()
    }

    /// A second node on the same database.
    pub async fn another_node(&self) -> Store {
        self.node_with(self.clock.id()).await
    }

    /// The node with this id, on the same database.
    pub async fn node_with(&self, id: Uuid) -> Store {
        open(&self.url, id, &self.keys, &self.clock).await
    }

    /// PostgreSQL: whatever is connected is connected no more, in the midst of what it does.
    pub async fn break_connections(&self) {
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    }

    /// The same node, started again.
    pub async fn restarted(&self) -> Store {
        self.node_with(self.node).await
    }

    /// Moves the clock that leases, limits and facts go by.
    pub async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        if self.is_postgres() {
            let now = self.clock.now().as_microsecond();
            self.sql(&format!("UPDATE test_clock SET at = {now}")).await;
        }
    }

    /// Sets that clock back.
    pub async fn step_back(&self, by: Duration) {
        self.clock.set(self.clock.now().checked_sub(by).unwrap());
        self.advance(Duration::ZERO).await;
    }

    /// Statements behind the store's back.
    pub async fn sql(&self, statements: &str) {
        let statements = AssertSqlSafe(statements.to_owned());
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        }
    }

    /// One number out of the database.
    pub async fn count(&self, query: &str) -> i64 {
        let query = AssertSqlSafe(query.to_owned());
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
        }
    }

    /// All that the database holds, as octets: SQLite's files with log, PostgreSQL's rows as text.
    pub async fn everything(&self) -> Vec<u8> {
        if !self.is_postgres() {
            let files = std::fs::read_dir(self.folder.path()).unwrap();
            return files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        }
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
                .fetch_all(&mut connection)
                .await
                .unwrap();
        let mut all = Vec::new();
        for table in tables {
            let rows = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut connection).await.unwrap();
            all.extend(rows.into_iter().flat_map(String::into_bytes));
        }
        all
    }

    pub async fn tidy(self) {
        self.store.close().await;
        if let Some(maintenance) = &self.maintenance {
            let (_, name) = self.url.rsplit_once('/').unwrap();
            let mut connection = PgConnection::connect(maintenance).await.unwrap();
            let drop = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
            sqlx::raw_sql(drop).execute(&mut connection).await.unwrap();
        }
    }

    /// Puts messages into the queue, one delivery each, and gives the deliveries' ids.
    pub async fn spool_to(&self, recipients: &[&str]) -> Vec<Uuid> {
        let messages: Vec<NewMessage> =
            recipients.iter().map(|recipient| self.message(&[self.delivery(recipient)])).collect();
        let ids = messages.iter().map(|message| message.deliveries[0].id).collect();
        self.store.spool(messages).await.unwrap();
        ids
    }

    pub fn delivery(&self, recipient: &str) -> NewDelivery {
        let recipient = address(recipient);
        NewDelivery {
            id: self.clock.id(),
            asked: Default::default(),
            subscriber: None,
            version: 0,
            circumstances: Default::default(),
            admission: spoolable(),
            signup: None,
            lane: lane(recipient.domain()),
            recipient,
            deadline: self.in_seconds(3 * 86_400),
        }
    }

    pub fn message(&self, deliveries: &[NewDelivery]) -> NewMessage {
        let id = self.clock.id();
        NewMessage {
            id,
            kind: DeliveryKind::Submitted,
            sender: SENDER.into(),
            credential: format!("{SENDER}/mautic"),
            received_at: self.clock.now(),
            trace: Trace { helo: "tool.example".into(), peer: None, protocol: "ESMTPSA".into() },
            // No two are the same submission.
            content: format!("Subject: hello {id}\r\n\r\nA body in clear.\r\n").into(),
            envelope_sender: Some(address("bounces@shop.example")),
            asked: Default::default(),
            facts: Some(facts()),
            policy: "policy-hash".into(),
            unknown_hosts: Vec::new(),
            message_id: None,
            deliveries: deliveries.to_vec(),
        }
    }

    pub fn fact(&self, who: &str, kind: EventKind) -> NewFact {
        NewFact {
            id: None,
            sender: SENDER.into(),
            who: Who::Address(address(who)),
            kind,
            occurred_at: Some(self.clock.now()),
            channel: "api".into(),
            jurisdiction: Some("se".into()),
            locale: None,
            time_zone: None,
            evidence: serde_json::json!({ "ip": "203.0.113.77", "form_text": "yes please" }),
            confirms: None,
        }
    }

    pub fn in_seconds(&self, seconds: i64) -> Timestamp {
        self.clock.now().checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap()
    }

    /// The id of the one lane that waits.
    pub async fn lane_id(&self) -> i64 {
        let lanes = self.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting;
        assert_eq!(lanes.len(), 1, "{lanes:?}");
        lanes[0].id
    }
}

async fn open(url: &str, node: Uuid, keys: &Arc<Keys>, clock: &Clock) -> Store {
    let options = StoreOptions { url: url.to_owned(), node, lease: LEASE };
    Store::open(&options, keys.clone(), clock.clone()).await.unwrap()
}

pub const SENDER: &str = "demo-shop";

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn lane(provider: &str) -> Lane {
    Lane {
        sender: SENDER.into(),
        stream: Stream::Marketing,
        provider: provider.into(),
        campaign: "spring".into(),
        credential: format!("{SENDER}/mautic"),
    }
}

pub fn facts() -> Facts {
    Facts {
        sender: SENDER.into(),
        credential: format!("{SENDER}/mautic"),
        stream: Stream::Marketing,
        scope: Some("apparel".parse().unwrap()),
        campaign: Some("spring".into()),
        from_domain: "shop.example".into(),
        confirm_link: Default::default(),
        language: None,
        rule: rule(),
        findings: Default::default(),
    }
}

pub fn rule() -> RuleRef {
    RuleRef { file: "senders/demo-shop.toml".into(), line: 7 }
}

pub fn verdict(verdict: VerdictKind, reason: Option<Reason>) -> Verdict {
    Verdict {
        verdict,
        reason,
        ground: None,
        ground_event: None,
        scope: Some("apparel".parse().unwrap()),
        stream: Some(Stream::Marketing),
        jurisdiction: Some("se".into()),
        rule: rule(),
        text: "as the test says".into(),
        shadow: None,
        tracking: None,
        until: None,
    }
}

pub fn admission(verdict: Verdict) -> Admission {
    admit(verdict)
}

pub fn spoolable() -> Admission {
    admission(verdict(VerdictKind::Deliver, None))
}

pub fn refusal(reason: Reason) -> Admission {
    Admission::Refuse(verdict(VerdictKind::Refuse, Some(reason)))
}

pub fn opt_in() -> EventKind {
    EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec!["apparel".parse().unwrap()] }
}

pub fn withdrawal() -> EventKind {
    EventKind::Withdrawal { scopes: Vec::new(), complaint: false }
}

pub fn settle(fence: Fence, settlement: Settlement) -> Settle {
    Settle {
        fence,
        settlement,
        because: Because::default(),
        verdict: None,
        policy: "policy-hash".into(),
        dsn: None,
        confirmation: None,
        tracked: None,
    }
}

/// At most so many of a lane, without limits.
pub fn ask(lane: i64, want: u32) -> Ask {
    Ask {
        lane,
        want,
        upstream: "primary".into(),
        draws: Vec::new(),
        caps: Vec::new(),
        unused: Vec::new(),
        counts_since: None,
        stream: Stream::Marketing,
        asks: Asks::Nothing,
        warm_ups: Vec::new(),
    }
}
