//! Deliveries for programs, page by page. A page looks at a bounded number of rows, however rare what is asked
//! for may be: it may be short, or empty, though more follows.

use jiff::Timestamp;
use uuid::Uuid;

use super::fault::{Fault, Result};
use super::sql::{Row, Session, Value, built, values};
use super::{DeliveryView, Store, StoreError, address, rows, shown, subscriber};
use crate::policy::Stream;
use crate::spool::State;

/// Rows that are looked at in one statement, and statements in one page.
const WINDOW: u32 = 5_000;
const WINDOWS: usize = 10;

/// Which deliveries of a sender. All that is named must hold.
#[derive(Clone, Debug, Default)]
pub struct PageFilter {
    /// `Queued` means what is in a worker's hand too.
    pub state: Option<State>,
    pub stream: Option<Stream>,
    pub campaign: Option<String>,
    pub provider: Option<String>,
    pub message: Option<Uuid>,
    /// Accepted at this time or later.
    pub since: Option<Timestamp>,
    /// Accepted before this time.
    pub until: Option<Timestamp>,
    /// Only ids after this one.
    pub after: Option<Uuid>,
    pub limit: u32,
}

/// A page in the order of arrival.
#[derive(Clone, Debug)]
pub struct DeliveryPage {
    pub deliveries: Vec<DeliveryView>,
    /// Where to go on; none at the end.
    pub next: Option<Uuid>,
}

impl Store {
    /// Deliveries of this sender alone (invariant 15).
    pub async fn delivery_page(&self, sender: &str, filter: &PageFilter) -> Result<DeliveryPage, StoreError> {
        let mut session = self.inner.database.read().await?;
        let limit = filter.limit.max(1) as usize;
        let from = filter.since.map_or(Uuid::nil(), first_at);
        let mut after = filter.after.unwrap_or(Uuid::nil()).max(from);
        let (mut chosen, mut next) = (Vec::new(), None);
        for _ in 0..WINDOWS {
            let ids = matching(&mut session, sender, filter, after, limit - chosen.len()).await?;
            chosen.extend(ids);
            if chosen.len() >= limit {
                next = chosen.last().copied();
                break;
            }
            next = window_end(&mut session, sender, filter, after).await?;
            let Some(end) = next else { break };
            after = end;
        }
        let deliveries = self.delivery_views(&mut session, sender, &chosen).await?;
        Ok(DeliveryPage { deliveries, next })
    }

    /// All deliveries to a person of this sender, whichever address form the tool used; in the order of arrival.
    pub async fn deliveries_to(
        &self,
        sender: &str,
        subscriber: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<DeliveryPage, StoreError> {
        let mut session = self.inner.database.read().await?;
        let after = after.unwrap_or(Uuid::nil());
        let ids =
            ids_to(&mut session, sender, subscriber, "AND d.id > $4 ORDER BY d.id", after, limit).await?;
        // By what was found, not by what of it can be read.
        let next = (ids.len() >= limit as usize).then(|| ids.last().copied()).flatten();
        let deliveries = self.delivery_views(&mut session, sender, &ids).await?;
        Ok(DeliveryPage { deliveries, next })
    }

    /// The youngest of them, and the youngest of these first.
    pub async fn latest_deliveries_to(
        &self,
        sender: &str,
        subscriber: Uuid,
        limit: u32,
    ) -> Result<Vec<DeliveryView>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let (order, all) = ("AND d.id <= $4 ORDER BY d.id DESC", Uuid::max());
        let ids = ids_to(&mut session, sender, subscriber, order, all, limit).await?;
        let mut deliveries = self.delivery_views(&mut session, sender, &ids).await?;
        deliveries.reverse();
        Ok(deliveries)
    }

    /// One delivery of this sender, if what is kept of it can be read.
    pub async fn delivery(&self, sender: &str, id: Uuid) -> Result<Option<DeliveryView>, StoreError> {
        let mut session = self.inner.database.read().await?;
        Ok(self.delivery_views(&mut session, sender, &[id]).await?.pop())
    }

    /// By id, in the order of arrival; those that another sender has are left out.
    pub(super) async fn delivery_views(
        &self,
        session: &mut Session,
        sender: &str,
        ids: &[Uuid],
    ) -> Result<Vec<DeliveryView>> {
        let mut views = Vec::with_capacity(ids.len());
        for part in ids.chunks(rows::MOST_ROWS) {
            let list = rows::tuples(2, 1, part.len());
            let sql = format!("{} WHERE d.sender = $1 AND d.id IN {list} ORDER BY d.id", shown::SELECT);
            let mut bound = values![sender];
            bound.extend(part.iter().map(|id| Value::from(*id)));
            let found = session.fetch(built(sql), bound).await?;
            views.extend(self.readable_views(session, &found).await?);
        }
        Ok(views)
    }

    /// One that can't be read hides no other, and holds up nobody who follows.
    pub(super) async fn readable_views(
        &self,
        session: &mut Session,
        rows: &[Row],
    ) -> Result<Vec<DeliveryView>> {
        match self.views(session, rows).await {
            Err(Fault::Unreadable(_)) => {}
            all => return all,
        }
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            match self.views(session, std::slice::from_ref(row)).await {
                Ok(shown) => views.extend(shown),
                Err(Fault::Unreadable(what)) => {
                    let delivery = row.id(0)?;
                    tracing::error!(%delivery, what, "what the database holds of a delivery can't be read");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(views)
    }
}

/// Deliveries to a person, whichever address form the tool used; `order` is ours, with `$4` for `bound`.
async fn ids_to(
    session: &mut Session,
    sender: &str,
    subscriber: Uuid,
    order: &'static str,
    bound: Uuid,
    limit: u32,
) -> Result<Vec<Uuid>> {
    // Under an address that the person has left, what was sent to the person alone.
    let query = "SELECT d.id FROM deliveries d
                 WHERE d.sender = $1
                 AND d.lookup_hash IN (SELECT lookup_hash FROM subscribers WHERE sender = $1 AND id IN {people})
                 AND (d.subscriber = $2 OR d.lookup_hash =
                      (SELECT lookup_hash FROM subscribers WHERE id = $2 AND sender = $1)
                      AND (d.subscriber IS NULL OR NOT EXISTS (
                          SELECT 1 FROM subscribers o WHERE o.id = d.subscriber AND o.id <> $2
                          AND o.lookup_hash <> d.lookup_hash)))
                 {order} LIMIT $3";
    let events = subscriber::events(session, sender, subscriber).await?;
    let people = std::iter::once(subscriber).chain(address::left_behind(&events));
    let people: Vec<Value> = people.map(Value::from).collect();
    let list = rows::tuples(5, 1, people.len());
    let mut values = values![sender, subscriber, limit, bound];
    values.extend(people);
    let text = query.replace("{people}", &list).replace("{order}", order);
    session.fetch(built(text), values).await?.iter().map(|row| row.id(0)).collect()
}

/// Those of the next window that match.
async fn matching(
    session: &mut Session,
    sender: &str,
    filter: &PageFilter,
    after: Uuid,
    limit: usize,
) -> Result<Vec<Uuid>> {
    let (window, mut values) = window("id, lane, state", sender, filter, after);
    let mut text = format!("SELECT d.id FROM ({window}) d LEFT JOIN lanes l ON l.id = d.lane WHERE 1 = 1");
    let mut and = |column: &str, value: Value| {
        values.push(value);
        text.push_str(&format!(" AND {column} = ${}", values.len()));
    };
    if let Some(stream) = filter.stream {
        and("l.stream", stream.as_str().into());
    }
    if let Some(campaign) = &filter.campaign {
        and("l.campaign", campaign.as_str().into());
    }
    if let Some(provider) = &filter.provider {
        and("l.provider", provider.as_str().into());
    }
    match filter.state {
        Some(State::Queued) => text.push_str(" AND d.state IN ('queued', 'claimed')"),
        Some(state) => and("d.state", state.as_str().into()),
        None => {}
    }
    values.push(Value::from(u32::try_from(limit).unwrap_or(u32::MAX)));
    text.push_str(&format!(" ORDER BY d.id LIMIT ${}", values.len()));
    session.fetch(built(text), values).await?.iter().map(|row| row.id(0)).collect()
}

/// The last id of a window that is full; none if it is the last one.
async fn window_end(
    session: &mut Session,
    sender: &str,
    filter: &PageFilter,
    after: Uuid,
) -> Result<Option<Uuid>> {
    let (window, mut values) = window("id", sender, filter, after);
    values.push(Value::from(WINDOW - 1));
    let last = format!("SELECT d.id FROM ({window}) d ORDER BY d.id LIMIT 1 OFFSET ${}", values.len());
    session.fetch_optional(built(last), values).await?.map(|row| row.id(0)).transpose()
}

/// The sender's next rows by id, whatever they are (invariant 15: nobody else's are looked at, nor is where they
/// end told); constants and placeholders alone.
pub(super) fn window(columns: &str, sender: &str, filter: &PageFilter, after: Uuid) -> (String, Vec<Value>) {
    let mut values = values![after, sender];
    let mut text = format!("SELECT {columns} FROM deliveries AS d WHERE d.id > $1");
    match filter.message {
        // No index begins with this: SQLite would go through all that the sender ever had.
        Some(message) => {
            values.push(message.into());
            text.push_str(" AND d.sender || '' = $2 AND d.message = $3");
        }
        None => text.push_str(" AND d.sender = $2"),
    }
    if let Some(until) = filter.until {
        values.push(first_at(until).into());
        text.push_str(&format!(" AND d.id < ${}", values.len()));
    }
    if matches!(filter.state, Some(State::Queued | State::Held | State::Claimed)) {
        text.push_str(shown::OPEN);
    }
    text.push_str(&format!(" ORDER BY d.id LIMIT {WINDOW}"));
    (text, values)
}

/// Below every UUIDv7 of this moment, above every one from before it.
pub(super) fn first_at(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}
