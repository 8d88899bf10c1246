//! Who is suppressed, page by page.

use jiff::Timestamp;
use uuid::Uuid;

use super::fault::Result;
use super::sql::{Row, values};
use super::{Store, StoreError, SubscriberRecord, subscriber};
use crate::consent::event::Suppression;
use crate::mail::Address;

/// A person whom no mail reaches though they did not ask for that.
#[derive(Clone, Debug)]
pub struct Suppressed {
    pub subscriber: Uuid,
    pub address: Option<Address>,
    /// Why, and since when.
    pub suppressions: Vec<(Suppression, Timestamp)>,
}

/// A page of them, in the order of their ids.
#[derive(Clone, Debug)]
pub struct SuppressedPage {
    pub people: Vec<Suppressed>,
    /// Whether more follow the last one.
    pub more: bool,
}

impl Store {
    /// A sender's suppressed people (invariant 15) whose ids follow `after`, at most `limit`. Who was erased is
    /// not among them.
    pub async fn suppressed(
        &self,
        sender: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<SuppressedPage, StoreError> {
        let sql = super::sql::built(format!(
            "{} WHERE sender = $1 AND id > $2 AND suppressed IS NOT NULL AND erased_at IS NULL
             ORDER BY id LIMIT $3",
            subscriber::SELECT_RECORD
        ));
        let values = values![sender, after.unwrap_or(Uuid::nil()), limit.saturating_add(1)];
        let rows = self.inner.database.read().await?.fetch(sql, values).await?;
        let person = |row: &Row| -> Result<Suppressed> {
            let SubscriberRecord { subscriber, address, .. } = self.record_of(row)?;
            let suppressions = subscriber.state.suppressed;
            Ok(Suppressed { subscriber: subscriber.id, address, suppressions })
        };
        let mut people = rows.iter().map(person).collect::<Result<Vec<_>>>()?;
        let more = people.len() > limit as usize;
        people.truncate(limit as usize);
        Ok(SuppressedPage { people, more })
    }
}
