//! What came back of a copy that left: whose it was, and what was told of it before.

use jiff::Timestamp;
use uuid::Uuid;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::interned;
use super::spool::parse_kind;
use super::sql::{Session, values};
use super::subscriber::{context, parse_address};
use super::tally::{self, Tallied};
use super::{Happened, Store, StoreError, incident};
use crate::consent::event::Suppression;
use crate::mail::Address;
use crate::policy::Stream;
use crate::policy::bounce::Class;
use crate::policy::decide::DeliveryKind;
use crate::spool::Lane;

/// A copy that was handed to an upstream, or may have been.
#[derive(Clone, Debug)]
pub struct SentCopy {
    pub delivery: Uuid,
    pub message: Uuid,
    pub kind: DeliveryKind,
    pub sender: String,
    /// `SENDER/NAME`.
    pub credential: String,
    pub subscriber: Option<Uuid>,
    /// Whether the subscriber is still the one at this address, and was not erased.
    pub still_there: bool,
    /// Whether the address is blocked for its bounces already.
    pub blocked: bool,
    /// `None` once it is forgotten.
    pub recipient: Option<Address>,
    /// The tool's envelope sender; `None` where there was none, or it is forgotten.
    pub return_to: Option<Address>,
    /// `None` months later, when nothing of it is kept.
    pub lane: Option<Lane>,
}

/// What is remembered of a copy that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameBack {
    Bounced(Class),
    Complaint,
    /// A provider's own link or list unsubscribed its recipient.
    Unsubscribed,
    /// The report was passed on to the tool.
    PassedOn,
}

impl CameBack {
    /// What the brakes count: a mailbox that was full says nothing of the mail.
    fn tallied(self) -> Option<Tallied> {
        match self {
            Self::Bounced(Class::Soft) | Self::Unsubscribed | Self::PassedOn => None,
            Self::Bounced(_) => Some(Tallied::Bounced),
            Self::Complaint => Some(Tallied::Complained),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Bounced(class) => class.as_str(),
            Self::Complaint => "complaint",
            Self::Unsubscribed => "unsubscribed",
            Self::PassedOn => "passed_on",
        }
    }
}

impl Store {
    /// The copy of this delivery, whoever the sender: a signed return path, or a provider, names it. `None` if there is
    /// none, or if it never can have left.
    pub async fn sent_copy(&self, delivery: Uuid) -> Result<Option<SentCopy>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let select =
            "SELECT d.message, m.kind, d.sender, m.credential, d.subscriber, d.recipient, d.spool_day,
                          m.return_to, l.sender, l.stream, l.provider, l.campaign, l.credential,
                          CAST(CASE WHEN s.lookup_hash = d.lookup_hash AND s.erased_at IS NULL THEN 1 ELSE 0 END AS BIGINT),
                          s.suppressed
                      FROM deliveries d JOIN messages m ON m.id = d.message
                      LEFT JOIN lanes l ON l.id = d.lane
                      LEFT JOIN subscribers s ON s.id = d.subscriber AND s.sender = d.sender
                      WHERE d.id = $1 AND d.state <> 'refused'";
        let Some(row) = session.fetch_optional(select, values![delivery]).await? else { return Ok(None) };
        let key = self.inner.interned.key_to_open(&mut session, &self.inner.keys, row.int(6)?).await?;
        let message = row.id(0)?;
        let open = |sealed: Option<&[u8]>, what, id| -> Result<Option<Address>> {
            let (Some(sealed), Some(key)) = (sealed, &key) else { return Ok(None) };
            let plain = key.open(sealed, &context(what, id)).map_err(Fault::from)?;
            parse_address(&plain).map(Some)
        };
        Ok(Some(SentCopy {
            delivery,
            message,
            kind: parse_kind(row.text(1)?)?,
            sender: row.text(2)?.to_owned(),
            credential: row.text(3)?.to_owned(),
            subscriber: row.opt_id(4)?,
            still_there: row.int(13)? == 1,
            blocked: row.opt_text(14)?.is_some_and(|why| why.contains(Suppression::Bounce.as_str())),
            recipient: open(row.opt_blob(5)?, "recipient", delivery)?,
            return_to: open(row.opt_blob(7)?, "return_to", message)?,
            lane: row.opt_text(8)?.is_some().then(|| interned::lane(&row, 8)).transpose()?,
        }))
    }

    /// Whether it was remembered before.
    pub async fn came_back_before(&self, delivery: Uuid, what: CameBack) -> Result<bool, StoreError> {
        let mut session = self.inner.database.read().await?;
        let select = "SELECT 1 FROM returns WHERE delivery = $1 AND kind = $2";
        Ok(session.fetch_optional(select, values![delivery, what.word()]).await?.is_some())
    }

    /// How many other copies to this copy's address came back softly since then, and since the address was last given
    /// another chance: its block lifted, or confirmed anew.
    pub async fn came_back_softly(&self, copy: &SentCopy, since: Timestamp) -> Result<u32, StoreError> {
        let mut session = self.inner.database.read().await?;
        let select = "SELECT count(*) FROM returns r JOIN deliveries d ON d.id = $1
                          AND r.sender = d.sender AND r.lookup_hash = d.lookup_hash
                      WHERE r.kind = 'soft' AND r.delivery <> $1 AND r.first_at > $2
                      AND NOT EXISTS (SELECT 1 FROM consent_events e WHERE e.subscriber = d.subscriber
                          AND e.kind IN ('suppressed', 'suppression_lifted') AND e.recorded_at >= r.first_at)";
        let row = session.fetch_optional(select, values![copy.delivery, since]).await?;
        Ok(row.map(|row| row.int(0)).transpose()?.map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX)))
    }

    /// Remembers it, and what was said may be shown with it. How often it was told, this time included.
    pub async fn remember_return(
        &self,
        copy: &SentCopy,
        what: CameBack,
        response: &str,
    ) -> Result<u32, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let times = remember(&mut tx, copy, what).await?;
        let lane = copy.lane.as_ref().filter(|lane| times == 1 && lane.stream == Stream::Marketing);
        if let (Some(lane), Some(tallied)) = (lane, what.tallied()) {
            let now = tx.now().await?;
            tally::came_back(&mut tx, self.inner.node, lane, tallied, now).await?;
        }
        if let (CameBack::Bounced(class), 1) = (what, times) {
            let bounced = Happened::Bounced {
                delivery: copy.delivery,
                message: copy.message,
                campaign: copy
                    .lane
                    .as_ref()
                    .map(|lane| lane.campaign.clone())
                    .filter(|name| !name.is_empty()),
                class: class.as_str().to_owned(),
                response: response.to_owned(),
            };
            let now = tx.now().await?;
            incident::record(&mut tx, self.inner.clock.id(), &copy.sender, &bounced, now).await?;
        }
        tx.commit().await?;
        Ok(times)
    }
}

async fn remember(session: &mut Session, copy: &SentCopy, what: CameBack) -> Result<u32> {
    let now = session.now().await?;
    let insert = "INSERT INTO returns (delivery, kind, sender, lookup_hash, times, first_at)
                  SELECT id, $2, sender, lookup_hash, 1, $3 FROM deliveries WHERE id = $1
                  ON CONFLICT (delivery, kind) DO UPDATE SET times = returns.times + 1 RETURNING times";
    let row = session.fetch_optional(insert, values![copy.delivery, what.word(), now]).await?;
    Ok(row.map(|row| row.int(0)).transpose()?.map_or(1, |times| u32::try_from(times).unwrap_or(u32::MAX)))
}
