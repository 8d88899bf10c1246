//! The connections to one upstream: bounded in number, kept while they are of use, closed politely; and
//! whether it is worth trying at all.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::Settings;
use super::connection::Connection;
use super::health::{Breaker, Change, Standing};
use super::open::open;
use super::slots::{Slot, Slots};
use super::tls::Protection;
use crate::deliver::response::{Failure, Stage, Trouble};
use crate::telemetry::metrics;

/// A connection that waits longer than this is closed.
const IDLE: Duration = Duration::from_secs(30);
/// After so many messages a connection is closed: upstreams close long ones at a time of their choosing.
const MOST_MESSAGES: u32 = 1_000;
/// A goodbye is not worth a longer wait.
const GOODBYE: Duration = Duration::from_secs(2);
/// For how long an upstream that wants no more connections is asked for one less.
const WITHHELD: Duration = Duration::from_secs(60);

/// Whether a connection that was used before may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    Allowed,
    /// The last one turned out to be stale.
    Fresh,
}

/// An upstream and our connections to it.
pub struct Upstream {
    settings: Settings,
    hostname: String,
    protection: Result<Option<Protection>, String>,
    slots: Arc<Slots>,
    /// Slots that are not given out for now, and since when: the upstream wants fewer connections.
    withheld: Mutex<Vec<Instant>>,
    idle: Mutex<Vec<Connection>>,
    breaker: Mutex<Breaker>,
}

/// What people are shown of an upstream.
#[derive(Clone, Debug)]
pub struct Health {
    pub name: String,
    pub standing: Standing,
    /// What is wrong, for how long, and what was seen of it; absent while it is up.
    pub trouble: Option<(Trouble, Duration, String)>,
}

impl Upstream {
    /// `hostname` is what we call ourselves. TLS that can't be set up is no error here: every connection then
    /// fails with it, and mail waits.
    pub fn new(settings: Settings, hostname: &str) -> Arc<Self> {
        let protection = Protection::new(&settings);
        if let Err(error) = &protection {
            tracing::error!(upstream = %settings.name, %error, "TLS towards the upstream can't be set up");
        }
        metrics::upstream_begins(&settings.name);
        Arc::new(Self {
            hostname: hostname.to_owned(),
            protection,
            slots: Slots::new(settings.connections.max(1)),
            withheld: Mutex::default(),
            idle: Mutex::default(),
            breaker: Mutex::default(),
            settings,
        })
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A connection that is ready, for nobody's mail in particular.
    pub async fn connection(self: &Arc<Self>, reuse: Reuse) -> Result<Lent, Failure> {
        self.connection_for("", reuse).await
    }

    /// A connection that is ready, kept or new, for mail to this mailbox provider; waits while all are in use, or while
    /// this provider has its share of them. While the upstream is down it fails at once, as the last one did.
    pub async fn connection_for(self: &Arc<Self>, provider: &str, reuse: Reuse) -> Result<Lent, Failure> {
        let mut reuse = reuse;
        loop {
            let slot = self.slots.take(provider).await;
            let kept = match reuse {
                Reuse::Allowed => self.take_kept(),
                // They are all as old as the one that failed.
                Reuse::Fresh => {
                    self.idle().clear();
                    None
                }
            };
            if kept.is_none()
                && let Some(failure) = lock(&self.breaker).failure()
            {
                return Err(failure.clone());
            }
            let (connection, origin) = match kept {
                Some(connection) => (connection, Origin::Kept),
                None => match self.open().await {
                    Ok(connection) => (connection, Origin::New),
                    Err(failure) if self.wants_fewer(&failure) => {
                        self.withhold(slot);
                        reuse = Reuse::Allowed;
                        continue;
                    }
                    Err(failure) => {
                        self.unreachable(&failure);
                        return Err(failure);
                    }
                },
            };
            return Ok(Lent { connection: Some(connection), origin, pool: self.clone(), _slot: slot });
        }
    }

    async fn open(&self) -> Result<Connection, Failure> {
        let protection = self.protection.as_ref().map(Option::as_ref).map_err(String::as_str);
        let (wire, capabilities) = open(&self.settings, &self.hostname, protection).await?;
        Ok(Connection::new(wire, capabilities, metrics::upstream_connection(&self.settings.name)))
    }

    /// "Not now" to a connection, while others are in use: that many are enough for it.
    fn wants_fewer(&self, failure: &Failure) -> bool {
        let not_now = matches!(failure, Failure::Answered(Stage::Greeting | Stage::Ehlo, response)
            if (400..500).contains(&response.code));
        // One of them is the one that just failed.
        not_now && self.slots.in_use() > 1 && lock(&self.breaker).standing() == Standing::Up
    }

    fn withhold(&self, slot: Slot) {
        slot.withhold();
        let mut withheld = lock(&self.withheld);
        withheld.push(Instant::now());
        let connections = self.settings.connections.saturating_sub(withheld.len());
        tracing::info!(upstream = %self.settings.name, connections, "the upstream wants no more connections than this for now");
    }

    /// What may be given to it now.
    pub fn standing(&self) -> Standing {
        lock(&self.breaker).standing()
    }

    pub fn health(&self) -> Health {
        let breaker = lock(&self.breaker);
        Health {
            name: self.settings.name.clone(),
            standing: breaker.standing(),
            trouble: breaker.trouble(Instant::now()),
        }
    }

    /// Whether it is time to find out if it is back. Told once, then it is to be looked at.
    pub fn looks_now(&self) -> bool {
        lock(&self.breaker).looks_now(Instant::now())
    }

    /// Finds out whether it is back, without a message: whether a connection can be made ready.
    pub async fn look(self: &Arc<Self>) {
        let Some(_slot) = self.slots.try_take() else {
            lock(&self.breaker).looked_in_vain(Instant::now());
            return;
        };
        match self.open().await {
            Ok(connection) => {
                self.keep(connection);
                let mut breaker = lock(&self.breaker);
                breaker.connected();
                metrics::upstream_up(&self.settings.name, breaker.is_up());
            }
            Err(failure) => self.unreachable(&failure),
        }
    }

    /// A transaction was answered, as it should be.
    pub fn answered(&self) {
        let change = lock(&self.breaker).answered(Instant::now());
        self.tell(change, None);
    }

    /// No connection could be made ready.
    pub fn unreachable(&self, failure: &Failure) {
        self.count(failure);
        let change = lock(&self.breaker).unreachable(failure, Instant::now());
        self.tell(change, Some(failure));
    }

    /// A transaction with this delivery failed.
    pub fn failed(&self, delivery: Uuid, failure: &Failure) {
        self.count(failure);
        let change = lock(&self.breaker).failed(delivery, failure, Instant::now());
        self.tell(change, Some(failure));
    }

    fn count(&self, failure: &Failure) {
        if let Some(trouble) = failure.trouble() {
            metrics::upstream_failed(&self.settings.name, trouble.as_str());
        }
    }

    /// One line when it goes down, one when it is back.
    fn tell(&self, change: Change, failure: Option<&Failure>) {
        metrics::upstream_up(&self.settings.name, lock(&self.breaker).is_up());
        let upstream = self.settings.name.as_str();
        match change {
            Change::None => {}
            Change::Down(trouble) => {
                let failure = failure.map(Failure::shown);
                tracing::error!(
                    upstream,
                    trouble = trouble.as_str(),
                    failure,
                    "upstream down: {}",
                    trouble.advice()
                );
            }
            Change::Back(lasted) => {
                tracing::info!(upstream, down_seconds = lasted.as_secs_f64(), "upstream back");
            }
        }
    }

    /// Closes what has waited for long, and tries once more for as many connections as allowed.
    pub async fn close_idle(&self) {
        let mut withheld = 0;
        lock(&self.withheld).retain(|since| {
            let stays = since.elapsed() < WITHHELD;
            withheld += usize::from(!stays);
            stays
        });
        self.slots.add(withheld);
        let old: Vec<Connection> =
            self.idle().extract_if(.., |own| own.idle_since.elapsed() > IDLE).collect();
        for connection in old {
            let _ = timeout(GOODBYE, connection.quit()).await;
        }
    }

    /// Closes all that wait.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.idle());
        let goodbyes: tokio::task::JoinSet<()> = all.into_iter().map(Connection::quit).collect();
        let _ = timeout(GOODBYE, goodbyes.join_all()).await;
    }

    /// The youngest, so that those that are too many grow old and are closed.
    fn take_kept(&self) -> Option<Connection> {
        loop {
            let mut connection = self.idle().pop()?;
            if connection.idle_since.elapsed() < IDLE && !connection.has_spoken() {
                return Some(connection);
            }
        }
    }

    fn keep(&self, mut connection: Connection) {
        if !connection.is_usable() {
            return;
        }
        if connection.carried < MOST_MESSAGES {
            connection.idle_since = Instant::now();
            self.idle().push(connection);
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(timeout(GOODBYE, connection.quit()));
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        lock(&self.idle)
    }
}

/// Where a connection came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Kept,
    New,
}

/// A connection in use; goes back by itself when it is dropped, if it is still of use.
pub struct Lent {
    connection: Option<Connection>,
    pub origin: Origin,
    pool: Arc<Upstream>,
    _slot: Slot,
}

impl Deref for Lent {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is taken on drop alone")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is taken on drop alone")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.keep(connection);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
