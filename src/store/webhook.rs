//! What webhooks need: a token that is good for one event, over all nodes and restarts; and the copy that a provider names
//! by Message-ID and recipient, where it lost our id.
//!
//! Neither tokens, events nor Message-IDs are kept in clear: an HMAC of each is enough.

use jiff::SignedDuration;
use uuid::Uuid;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::sql::values;
use super::{Store, StoreError};
use crate::keys::Keys;
use crate::mail::Address;

/// For longer than a signature counts as fresh, so that no token outlives its row.
const KEPT: SignedDuration = SignedDuration::from_hours(72);
/// What is purged in one transaction.
const SLICE: u32 = 500;
/// Octets of a Message-ID's hash that a message keeps: it is compared among one person's messages only.
const SHORT: usize = 8;

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// For this event: for the first time, or once more.
    Good,
    /// It came with another event before.
    Used,
}

impl Store {
    /// Binds a token to what it came with. Durable when it returns, so that no restart frees a token; what comes again
    /// with the same event is good once more, since the first time may have ended in a crash.
    pub async fn take_token(&self, webhook: &str, token: &str, said: &str) -> Result<Token, StoreError> {
        let keys = &self.inner.keys;
        let token = keys.digest("webhook token", &[webhook.as_bytes(), token.as_bytes()]);
        let said = keys.digest("webhook event", &[said.as_bytes()]);
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        let insert = "INSERT INTO webhook_tokens (token, said, seen_at) VALUES ($1, $2, $3)
                      ON CONFLICT (token) DO NOTHING";
        if tx.execute(insert, values![token, said, now]).await? > 0 {
            tx.commit().await?;
            return Ok(Token::Good);
        }
        let select = "SELECT said FROM webhook_tokens WHERE token = $1";
        let row = tx.fetch_optional(select, values![token]).await?;
        let row = row.ok_or_else(|| Fault::Conflict("a webhook's token vanished".into()))?;
        Ok(if row.blob(0)? == said { Token::Good } else { Token::Used })
    }

    /// Forgets tokens whose signatures are no longer fresh, at most a slice of them. Returns how many.
    pub async fn purge_tokens(&self) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let before = tx.now().await?.checked_sub(KEPT).unwrap_or(jiff::Timestamp::MIN);
        let purge = "DELETE FROM webhook_tokens WHERE token IN
                     (SELECT token FROM webhook_tokens WHERE seen_at <= $1 ORDER BY seen_at LIMIT $2)";
        let purged = tx.execute(purge, values![before, SLICE]).await?;
        tx.commit().await?;
        Ok(purged)
    }

    /// The newest copy of this sender's that went to this address under this Message-ID, without its angle brackets.
    pub async fn copy_by_message_id(
        &self,
        sender: &str,
        recipient: &Address,
        message_id: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let keys = &self.inner.keys;
        // One that we gave begins with the message's id.
        let ours = message_id.split_once('@').and_then(|(local, _)| Uuid::try_parse(local).ok());
        // By the index of one person's deliveries.
        let select = "SELECT d.id FROM deliveries d JOIN messages m ON m.id = d.message
                      WHERE d.sender = $1 AND d.lookup_hash = $2 AND (m.message_id = $3 OR m.id = $4)
                      ORDER BY d.id DESC LIMIT 1";
        let hash = short_hash(keys, message_id);
        let values = values![sender, keys.lookup_hash(recipient), hash, ours.unwrap_or(Uuid::nil())];
        let row = self.inner.database.read().await?.fetch_optional(select, values).await?;
        Ok(row.map(|row| row.id(0)).transpose()?)
    }
}

/// What a message keeps of its Message-ID.
pub(super) fn message_id_hash(keys: &Keys, message_id: &str) -> Option<Vec<u8>> {
    let id = message_id.trim().trim_start_matches('<').trim_end_matches('>');
    (!id.is_empty()).then(|| short_hash(keys, id))
}

fn short_hash(keys: &Keys, message_id: &str) -> Vec<u8> {
    let mut hash = keys.digest("message-id", &[message_id.as_bytes()]).to_vec();
    hash.truncate(SHORT);
    hash
}
