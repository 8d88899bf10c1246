//! The only SQL. One store type over two native pools; what it takes and gives are plain types, sealed and
//! opened here. It never decides: verdicts come in made. DESIGN.md, "The store" and "The queue".

mod address;
mod batch;
mod campaign;
mod claim;
mod confirmations;
mod count;
mod credential;
mod database;
mod decision;
mod erase;
mod fact;
mod fault;
mod feed;
mod figures;
mod import;
mod incident;
mod interned;
mod journal;
mod letters;
mod limits;
mod link_key;
mod mailings;
mod once;
mod operator;
mod overview;
mod page;
mod pause;
mod people;
mod places;
mod policy_set;
mod proofs;
mod pulse;
mod queue;
mod replay;
mod request;
mod retention;
mod returned;
mod rows;
mod schema;
mod settle;
mod shown;
mod spool;
mod sql;
mod submission;
mod subscriber;
mod suppressed;
mod tally;
mod throttle;
mod unconfirmed;
mod verdict;
mod warm_up;
mod webhook;
mod writer;

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

pub use address::{ChangeAddress, Changed, NotChanged};
pub use campaign::{CampaignLine, CampaignView, Copies, HostOf, MOST_HOSTS, SeenHost, UnknownHost};
pub use claim::{Ask, Asks, Claim, Granted};
pub use credential::{Credential, Role};
pub use decision::{ConsentThen, Decision, FirstDecision, FirstDecisions, Round};
pub use fact::{NewFact, RecordError, Recorded, Who};
pub use feed::{FeedEntry, FeedError, FeedPage, PLACES, Part, What};
pub use figures::{QueueFigures, StateFigures};
pub use import::{Imported, Importer, Judged, Slice, TableFact};
pub use incident::{Happened, Incident};
pub use journal::{Alarm, Compared, Forgotten, JournalView, Standing};
pub use letters::{Letter, LetterTo};
pub use limits::{Cap, Draw};
pub use link_key::LinkKeyView;
pub use once::{Answer, CallKey, MakeAnswer, Repeated};
pub use operator::{Obeyed, Order};
pub use overview::{Overview, WaitingAlike};
pub use page::{DeliveryPage, PageFilter};
pub use pause::filter as paused_deliveries;
pub use people::{PeoplePage, PersonRecord};
pub use queue::{InHand, Look, Reach, Seen, WaitingLane};
pub use replay::Pass;
pub use request::{NewRequest, RequestFigures, RequestPage};
pub use retention::Removed;
pub use returned::{CameBack, SentCopy};
pub use settle::{Redecided, SentConfirmation, Settle, Settled, Tracked};
pub use shown::{DeliveryFilter, DeliveryView, MessageView};
pub use spool::{NewDelivery, NewMessage, Trace};
pub use submission::TakenBefore;
pub use subscriber::{Consent, Found, Subscriber, SubscriberRecord};
pub use suppressed::{Suppressed, SuppressedPage};
pub use unconfirmed::{Unconfirmed, UnconfirmedPage};
pub use warm_up::{Place, WarmUpView, WarmingUp};
pub use webhook::Token;

use crate::clock::Clock;
use crate::journal::Journal;
use crate::keys::Keys;
use database::{Commit, Database};
use interned::Interned;
use journal::Watch;
use pulse::Pulse;
use sql::values;
use writer::Writer;

/// Why the store did not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Later it may: connection lost, locked, timed out, shutting down.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// No room: SQLITE_FULL, PostgreSQL 53100, ENOSPC.
    #[error("the database has no room left")]
    Full,
    /// Later it may: so much waits to be written already.
    #[error("too much waits to be written to the database")]
    Behind,
    #[error("the database is at version {found}, this program needs {needed}: run `optgate migrate`")]
    Schema { found: i64, needed: i64 },
    #[error("the database belongs to other keys ({0}): give this node the keys of the first one")]
    OtherKeys(&'static str),
    #[error("what the database holds can't be read: {0}")]
    Unreadable(String),
    #[error("it exists already")]
    Exists,
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// `sqlite:///path` or `postgres://…`.
    pub url: String,
    /// This node, the same after a restart on its `data_dir`.
    pub node: Uuid,
    /// How long a claim holds without renewal.
    pub lease: std::time::Duration,
}

/// The one handle on the database; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    database: Arc<Database>,
    interned: Arc<Interned>,
    keys: Arc<Keys>,
    clock: Clock,
    node: Uuid,
    lease: std::time::Duration,
    shared: Arc<batch::Shared>,
    writer: Writer,
    pulse: Pulse,
    journal: Option<Arc<Journal>>,
    watch: Arc<Watch>,
    pauses: pause::Remembered,
}

impl Store {
    /// Opens the database; changes nothing in it. Noes are kept nowhere else.
    pub async fn open(options: &StoreOptions, keys: Arc<Keys>, clock: Clock) -> Result<Self, StoreError> {
        Self::open_with(options, keys, clock, None).await
    }

    /// The same; every no that it records is kept in this journal as well.
    pub async fn open_keeping(
        options: &StoreOptions,
        keys: Arc<Keys>,
        clock: Clock,
        journal: Arc<Journal>,
    ) -> Result<Self, StoreError> {
        Self::open_with(options, keys, clock, Some(journal)).await
    }

    async fn open_with(
        options: &StoreOptions,
        keys: Arc<Keys>,
        clock: Clock,
        journal: Option<Arc<Journal>>,
    ) -> Result<Self, StoreError> {
        let database = Arc::new(Database::open(&options.url, clock.clone()).await?);
        let interned = Arc::new(Interned::default());
        let watch = Arc::<Watch>::default();
        let shared = Arc::new(batch::Shared {
            database: database.clone(),
            interned: interned.clone(),
            keys: keys.clone(),
            clock: clock.clone(),
            node: options.node,
            keeper: journal.clone().map(journal::Keeper::new),
            watch: watch.clone(),
        });
        let writer = Writer::start(shared.clone());
        let (node, lease) = (options.node, options.lease);
        let pulse = Pulse::default();
        let pauses = pause::Remembered::default();
        let inner = Inner {
            database,
            interned,
            keys,
            clock,
            node,
            lease,
            shared,
            writer,
            pulse,
            journal,
            watch,
            pauses,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether the database belongs to keys already. Makes no database.
    pub async fn is_bound(url: &str, clock: Clock) -> Result<bool, StoreError> {
        if !Database::is_there(url) {
            return Ok(false);
        }
        let database = Database::open(url, clock).await?;
        let bound = is_bound(&database).await;
        database.close().await;
        Ok(bound?)
    }

    /// Binds an unbound database to these keys; refuses a database that is bound to others. Makes the first
    /// link key.
    pub async fn bind_keys(&self) -> Result<(), StoreError> {
        let prints = self.inner.keys.fingerprints();
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        for (name, print) in [("seal", prints.seal), ("lookup", prints.lookup)] {
            // Two nodes may come first at once: one row wins, both then read it.
            let bind = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
            tx.execute(bind, values![name, print.as_str()]).await?;
            let bound = tx.fetch_optional("SELECT value FROM meta WHERE name = $1", values![name]).await?;
            let bound = bound.map(|row| row.text(0).map(str::to_owned)).transpose()?;
            if bound.as_deref() != Some(print.as_str()) {
                return Err(StoreError::OtherKeys(name));
            }
        }
        link_key::make_first(&mut tx, &self.inner.keys, self.inner.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The clock by which leases and limits are judged: PostgreSQL's, else this process's.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.inner.database.read().await?.now().await?)
    }

    /// Finishes what is being written, then closes.
    pub async fn close(&self) {
        self.inner.writer.close().await;
        self.inner.database.close().await;
    }
}

async fn is_bound(database: &Database) -> fault::Result<bool> {
    let mut session = database.read().await?;
    if schema::version(&mut session).await? == 0 {
        return Ok(false);
    }
    let select = "SELECT count(*) FROM meta WHERE name IN ('seal', 'lookup')";
    let row = session.fetch_optional(select, Vec::new()).await?;
    Ok(row.map(|row| row.int(0)).transpose()?.unwrap_or(0) > 0)
}
