//! The walk over people of whom nothing ever came, as far as a sender's `[retention] unconfirmed` ends them: a part of
//! it every time, since it looks at everybody and is in no hurry.
//!
//! Never takes whoever may be mailed all the same: where the law asks for no yes, a person without one is no stranger.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;
use uuid::Uuid;

use super::{PAUSE, SLICE, months_before};
use crate::keys::LookupHash;
use crate::policy::sender::{Mode, SenderPolicy};
use crate::policy::{GroundKind, PolicySet};
use crate::store::{Store, StoreError, Unconfirmed};
use crate::telemetry::metrics;

/// Slices that are looked at every time: 20,000 people, so ten million in four days.
const SLICES: u32 = 40;

/// How far the walk has come with each sender: after whom it goes on.
#[derive(Default)]
pub struct Walk(BTreeMap<String, Option<Place>>);

/// People are walked over in the order of their hashes.
type Place = (LookupHash, Uuid);

impl Walk {
    /// Goes on for a while. Returns how many people were removed.
    pub async fn go_on(&mut self, store: &Store, policy: &PolicySet) -> Result<u64, StoreError> {
        let mut removed = 0;
        for sender in policy.senders.values() {
            let Some(months) = sender.retention.unconfirmed else { continue };
            let now = store.now().await?;
            removed += self.of_sender(store, policy, sender, (now, months_before(now, months))).await?;
        }
        Ok(removed)
    }

    async fn of_sender(
        &mut self,
        store: &Store,
        policy: &PolicySet,
        sender: &SenderPolicy,
        (now, before): (Timestamp, Timestamp),
    ) -> Result<u64, StoreError> {
        // A node that is started again often would else never come to the last.
        let mut after = self.0.remove(&sender.id).unwrap_or_else(|| Some(somewhere(now)));
        let (mut removed, mut ends) = (0, 0);
        for _ in 0..SLICES {
            let page = store.unconfirmed(&sender.id, before, after, SLICE).await?;
            let strangers = page.people.iter().filter(|person| !may_be_mailed(policy, sender, person));
            let going: Vec<Uuid> = strangers.map(|person| person.id).collect();
            if !going.is_empty() {
                let gone = store.remove_unconfirmed(&sender.id, before, &going).await?;
                metrics::people_removed(gone);
                removed += gone;
            }
            after = page.next;
            ends += u32::from(after.is_none());
            if ends == 2 {
                break;
            }
            sleep(PAUSE).await;
        }
        self.0.insert(sender.id.clone(), after);
        Ok(removed)
    }
}

/// Whether nothing that is asked for is missing, or shadow mode asks for nothing: then silence is no reason to forget,
/// and the link in what was sent must find somebody.
fn may_be_mailed(policy: &PolicySet, sender: &SenderPolicy, person: &Unconfirmed) -> bool {
    if sender.scopes.keys().map(Some).chain([None]).any(|scope| sender.mode_in(scope).0 == Mode::Shadow) {
        return true;
    }
    let default = sender.default_jurisdiction.as_deref();
    let pack = policy.jurisdiction(person.jurisdiction.as_deref(), default);
    pack.is_none_or(|pack| pack.takes(GroundKind::NoObjection))
}

/// A place that another start would not choose.
fn somewhere(now: Timestamp) -> Place {
    (LookupHash(Sha256::digest(now.as_microsecond().to_be_bytes()).into()), Uuid::nil())
}
