//! Marketing that is paused, for the whole cluster. Binding at the claim, which reads it in its own transaction.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::sql::{Row, Session, values};
use super::{DeliveryFilter, Happened, Order, Store, StoreError, incident};
use crate::policy::pause::{By, Pause, Pauses, Target, Whose};

/// How old what the dispatcher goes by may be: what comes in between is held at its claim.
const FRESH: Duration = Duration::from_secs(1);

/// The pauses as they were read last.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Option<(Instant, Arc<Pauses>)>>);

impl Store {
    /// What is paused.
    pub async fn pauses(&self) -> Result<Pauses, StoreError> {
        Ok(read(&mut self.inner.database.read().await?).await?)
    }

    /// What is paused, as of a second ago at most.
    pub async fn recent_pauses(&self) -> Result<Arc<Pauses>, StoreError> {
        if let Some((at, pauses)) = &*self.remembered()
            && at.elapsed() < FRESH
        {
            return Ok(pauses.clone());
        }
        let pauses = Arc::new(self.pauses().await?);
        *self.remembered() = Some((Instant::now(), pauses.clone()));
        Ok(pauses)
    }

    /// Pauses, or widens a pause. What waits is marked by `hold_paused`. Whether anything changed.
    pub async fn pause(&self, pause: &Pause) -> Result<bool, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        let (kind, sender, name) = pause.target.parts();
        let insert = "INSERT INTO pauses (kind, sender, name, whose, paused_by, cause, since)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (kind, sender, name) DO UPDATE
             SET whose = excluded.whose, paused_by = excluded.paused_by, cause = excluded.cause, since = excluded.since
             WHERE pauses.whose = 'weakest' AND excluded.whose = 'everybodys'";
        let (whose, by, cause) = (pause.whose.as_str(), pause.by.as_str(), pause.cause.as_str());
        let changed = tx.execute(insert, values![kind, sender, name, whose, by, cause, now]).await? > 0;
        if changed {
            let (whose, by, cause) = (whose.to_owned(), by.to_owned(), cause.to_owned());
            let paused = |campaign| Happened::MarketingPaused { campaign, whose, by, cause };
            self.tell(&mut tx, &pause.target, paused, now).await?;
        }
        tx.commit().await?;
        *self.remembered() = None;
        Ok(changed)
    }

    /// Ends a pause; what it held is let go by `release_paused`. Whether there was one.
    pub async fn resume(&self, target: &Target) -> Result<bool, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let (kind, sender, name) = target.parts();
        let delete = "DELETE FROM pauses WHERE kind = $1 AND sender = $2 AND name = $3";
        let ended = tx.execute(delete, values![kind, sender, name]).await? > 0;
        if ended {
            let now = tx.now().await?;
            let remember = "INSERT INTO resumed (kind, sender, name, at) VALUES ($1, $2, $3, $4)
                            ON CONFLICT (kind, sender, name) DO UPDATE SET at = excluded.at";
            tx.execute(remember, values![kind, sender, name, now]).await?;
            self.tell(&mut tx, target, |campaign| Happened::MarketingResumed { campaign }, now).await?;
        }
        tx.commit().await?;
        *self.remembered() = None;
        Ok(ended)
    }

    /// Its sender's followers hear of it; a provider is no sender's.
    async fn tell(
        &self,
        session: &mut Session,
        target: &Target,
        what: impl FnOnce(Option<String>) -> Happened,
        now: Timestamp,
    ) -> Result<()> {
        let (sender, campaign) = match target {
            Target::Campaign(sender, name) => (sender, Some(name.clone())),
            Target::Sender(sender) => (sender, None),
            Target::Provider(_) => return Ok(()),
        };
        incident::record(session, self.inner.clock.id(), sender, &what(campaign), now).await
    }

    /// What waits of this is shown as held, so that everybody sees why it waits. How many.
    pub async fn hold_paused(&self, target: &Target) -> Result<u64, StoreError> {
        self.order_all(Order::Pause, target).await
    }

    /// What was held by a pause of this is due now, and is decided again. How many.
    pub async fn release_paused(&self, target: &Target) -> Result<u64, StoreError> {
        self.order_all(Order::Resume, target).await
    }

    async fn order_all(&self, order: Order, target: &Target) -> Result<u64, StoreError> {
        let mut filter = filter(target);
        let mut changed = 0;
        loop {
            let obeyed = self.order(order, &filter).await?;
            changed += obeyed.changed.len() as u64;
            if obeyed.next.is_none() {
                return Ok(changed);
            }
            filter.after = obeyed.next;
        }
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Arc<Pauses>)>> {
        self.inner.pauses.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The deliveries that a pause is about.
pub fn filter(target: &Target) -> DeliveryFilter {
    let (sender, campaign, provider) = match target.clone() {
        Target::Campaign(sender, name) => (Some(sender), Some(name), None),
        Target::Sender(sender) => (Some(sender), None, None),
        Target::Provider(name) => (None, None, Some(name)),
    };
    DeliveryFilter { sender, campaign, provider, ..DeliveryFilter::default() }
}

pub(super) async fn read(session: &mut Session) -> Result<Pauses> {
    let select =
        "SELECT kind, sender, name, whose, paused_by, cause, since FROM pauses ORDER BY kind, sender, name";
    session.fetch(select, Vec::new()).await?.iter().map(pause).collect()
}

fn pause(row: &Row) -> Result<Pause> {
    let unreadable = || Fault::Unreadable("what is paused".to_owned());
    Ok(Pause {
        target: Target::of_parts(row.text(0)?, row.text(1)?, row.text(2)?).ok_or_else(unreadable)?,
        whose: Whose::parse(row.text(3)?).ok_or_else(unreadable)?,
        by: By::parse(row.text(4)?).ok_or_else(unreadable)?,
        cause: row.text(5)?.to_owned(),
        since: row.time(6)?,
    })
}
