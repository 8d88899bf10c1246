//! The connections to one upstream: bounded in number, kept while they are of use, closed politely.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use super::open::open;
use super::tls::Protection;
use super::{Kind, Settings};
use crate::deliver::response::{Failure, Lost, Stage};
use crate::outcome::dsn::NullSenderMail;

/// A connection that waits longer than this is closed.
const IDLE: Duration = Duration::from_secs(30);
/// After so many messages a connection is closed: upstreams close long ones at a time of their choosing.
const MOST_MESSAGES: u32 = 1_000;
/// A goodbye is not worth a longer wait.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long a probe may take to come to something before another is sent.
const PROBE: Duration = Duration::from_secs(1);
/// How long an upstream that can't be reached is left alone: doubled from the first to the second.
const LEFT_ALONE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Whether a connection that was used before may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    Allowed,
    /// The last one turned out to be stale.
    Fresh,
}

/// Whether it is worth trying to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    Open,
    /// It could not be reached a moment ago: one message may find out.
    Probe,
    LeftAlone(Duration),
}

/// An upstream and our connections to it.
pub struct Upstream {
    settings: Settings,
    hostname: String,
    protection: Result<Option<Protection>, String>,
    slots: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    health: Mutex<Health>,
}

#[derive(Default)]
struct Health {
    failures: u32,
    left_alone_until: Option<Instant>,
    probe: Probe,
}

/// Whether a probe is on its way.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Probe {
    Out,
    #[default]
    None,
}

impl Upstream {
    /// `hostname` is what we call ourselves. TLS that can't be set up is no error here: every connection then
    /// fails with it, and mail waits.
    pub fn new(settings: Settings, hostname: &str) -> Arc<Self> {
        let protection = Protection::new(&settings);
        if let Err(error) = &protection {
            tracing::error!(upstream = %settings.name, %error, "TLS towards the upstream can't be set up");
        }
        Arc::new(Self {
            hostname: hostname.to_owned(),
            protection,
            slots: Arc::new(Semaphore::new(settings.connections.max(1))),
            idle: Mutex::default(),
            health: Mutex::default(),
            settings,
        })
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether it relays mail from the null sender: the providers refuse it.
    pub fn null_sender_mail(&self) -> NullSenderMail {
        match self.settings.kind {
            Kind::Generic => NullSenderMail::Taken,
            Kind::Ses | Kind::Sendgrid | Kind::Mailgun | Kind::Postmark => NullSenderMail::RefusedByProvider,
        }
    }

    /// A connection that is ready, kept or new; waits while all are in use.
    pub async fn connection(self: &Arc<Self>, reuse: Reuse) -> Result<Lent, Failure> {
        let closed = Failure::Lost(Stage::Connect, Lost::Closed);
        let slot = self.slots.clone().acquire_owned().await.map_err(|_| closed)?;
        let kept = match reuse {
            Reuse::Allowed => self.take_kept(),
            // They are all as old as the one that failed.
            Reuse::Fresh => {
                self.idle().clear();
                None
            }
        };
        if let Some(connection) = kept {
            return Ok(Lent {
                connection: Some(connection),
                origin: Origin::Kept,
                pool: self.clone(),
                _slot: slot,
            });
        }
        let protection = self.protection.as_ref().map(Option::as_ref).map_err(String::as_str);
        let opened = open(&self.settings, &self.hostname, protection).await;
        self.note(opened.as_ref().err());
        let (wire, capabilities) = opened?;
        let connection = Some(Connection::new(wire, capabilities));
        Ok(Lent { connection, origin: Origin::New, pool: self.clone(), _slot: slot })
    }

    /// Whether it is worth trying to send now. `Probe` is answered once, and again if nothing comes of it.
    pub fn availability(&self) -> Availability {
        let mut health = lock(&self.health);
        let now = Instant::now();
        match health.left_alone_until {
            None => Availability::Open,
            Some(until) if until > now => Availability::LeftAlone(until - now),
            Some(_) => {
                health.left_alone_until = Some(now + PROBE);
                health.probe = Probe::Out;
                Availability::Probe
            }
        }
    }

    /// Closes what has waited for long.
    pub async fn close_idle(&self) {
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

    fn note(&self, failure: Option<&Failure>) {
        let mut health = lock(&self.health);
        let Some(failure) = failure else {
            *health = Health::default();
            return;
        };
        let known = health.left_alone_until.is_some_and(|until| until > Instant::now());
        // What was begun before the outage was known tells nothing new.
        if known && health.probe == Probe::None || !failure.is_upstreams_trouble() {
            return;
        }
        health.probe = Probe::None;
        let pause = LEFT_ALONE.0.saturating_mul(1 << health.failures.min(10)).min(LEFT_ALONE.1);
        health.failures = health.failures.saturating_add(1);
        health.left_alone_until = Some(Instant::now() + pause);
        tracing::warn!(upstream = %self.settings.name, failure = failure.shown(), ?pause, "the upstream can't be used");
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
    _slot: OwnedSemaphorePermit,
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
