//! People of whom nothing ever came: they asked for mail and never confirmed it, or were imported without a proof. When
//! that is long ago all that is known of them goes: there is no no to remember. What was refused to them stays for as
//! long as any outcome, with the keyed hash and without the address.
//!
//! Never touched is whoever said no, was blocked, restricted or erased (invariant 5), or gave any ground; nor whom
//! mail waits for or was sent to: a link in it must be able to say no for as long as it can be shown.

use jiff::Timestamp;
use uuid::Uuid;

use super::database::Commit;
use super::fault::Result;
use super::sql::{Value, values};
use super::{Store, StoreError, rows};
use crate::consent::ConsentState;
use crate::keys::LookupHash;

/// That nothing came of a person `s`, and nothing was recorded since `$2`. `$1` is the sender.
macro_rules! nothing_came {
    () => {
        "(s.erased_at IS NULL AND s.suppressed IS NULL AND s.created_at < $2
          AND NOT EXISTS (SELECT 1 FROM consent_events e WHERE e.subscriber = s.id AND (e.recorded_at >= $2
              OR e.kind NOT IN ('signup_requested', 'confirmation_sent', 'unconfirmed')))
          AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.sender = $1 AND d.lookup_hash = s.lookup_hash
              AND d.state IN ('queued', 'held', 'claimed', 'relayed')))"
    };
}

/// Somebody of whom nothing came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unconfirmed {
    pub id: Uuid,
    /// The pack's id or the country that is known of them.
    pub jurisdiction: Option<String>,
}

/// Part of a walk over all people of a sender.
#[derive(Clone, Debug)]
pub struct UnconfirmedPage {
    pub people: Vec<Unconfirmed>,
    /// What to go on after; `None` after the last page.
    pub next: Option<(LookupHash, Uuid)>,
}

impl Store {
    /// Of so many people after this place, in the order of their hashes, those of whom nothing came since `before`.
    pub async fn unconfirmed(
        &self,
        sender: &str,
        before: Timestamp,
        after: Option<(LookupHash, Uuid)>,
        limit: u32,
    ) -> Result<UnconfirmedPage, StoreError> {
        let (hash, id) = after.unwrap_or((LookupHash([0; 32]), Uuid::nil()));
        let select = concat!(
            "SELECT s.lookup_hash, s.id, s.state, CASE WHEN ",
            nothing_came!(),
            " THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END FROM subscribers s
              WHERE s.sender = $1 AND s.lookup_hash >= $3 AND (s.lookup_hash, s.id) > ($3, $4)
              ORDER BY s.lookup_hash, s.id LIMIT $5"
        );
        let mut session = self.inner.database.read().await?;
        let found = session.fetch(select, values![sender, before, hash, id, limit]).await?;
        let mut page = UnconfirmedPage { people: Vec::new(), next: None };
        for row in &found {
            page.next = Some((LookupHash(row.hash(0)?), row.id(1)?));
            if row.int(3)? == 1 {
                let state: ConsentState = row.json(2)?;
                page.people.push(Unconfirmed { id: row.id(1)?, jurisdiction: state.jurisdiction });
            }
        }
        page.next = page.next.filter(|_| found.len() == limit as usize);
        Ok(page)
    }

    /// Removes these people, unless something came of them meanwhile. How many were removed.
    pub async fn remove_unconfirmed(
        &self,
        sender: &str,
        before: Timestamp,
        people: &[Uuid],
    ) -> Result<u64, StoreError> {
        let list: Vec<Value> = people.iter().map(|id| (*id).into()).collect();
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        if tx.either(false, true) {
            let lock = "SELECT id FROM subscribers WHERE sender = $1 AND id IN {} ORDER BY id FOR UPDATE";
            rows::with_list(&mut tx, lock, values![sender], list.clone()).await?;
        }
        // Looked at anew under the lock: a fact may have come while it was waited for.
        let still = concat!(
            "SELECT s.id FROM subscribers s WHERE s.sender = $1 AND ",
            nothing_came!(),
            " AND s.id IN {}"
        );
        let found = rows::with_list(&mut tx, still, values![sender, before], list).await?;
        let mut going: Vec<Value> = Vec::new();
        for row in &found {
            going.push(row.id(0)?.into());
        }
        for delete in [
            "DELETE FROM consent_events WHERE sender = $1 AND subscriber IN {}",
            "DELETE FROM subscribers WHERE sender = $1 AND id IN {}",
        ] {
            rows::with_list(&mut tx, delete, values![sender], going.clone()).await?;
        }
        tx.commit().await?;
        Ok(found.len() as u64)
    }
}
