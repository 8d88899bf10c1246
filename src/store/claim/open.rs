//! What was taken is joined with messages, lanes and verdicts, and what is sealed is opened. What can't be opened
//! is put off: it harms none of the others.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use super::take::{Taken, TakenRows};
use super::{Claim, Times};
use crate::clock::from_micros;
use crate::keys::DataKey;
use crate::policy::confirmation::AskedBefore;
use crate::policy::decide::DeliveryKind;
use crate::policy::holds::Earlier;
use crate::policy::pause::Pauses;
use crate::policy::{Facts, Stream};
use crate::spool::{Because, Fence, Lane, Outcome, Settlement};
use crate::store::fault::{Fault, Result};
use crate::store::spool::{SealedEnvelope, off_thread_if, parse_kind};
use crate::store::sql::{Row, Session, Value, parse_json};
use crate::store::subscriber::{context, parse_address};
use crate::store::verdict::{self, FirstAndLast};
use crate::store::{Consent, Place, Settle, Store, StoreError, rows};

/// How long a delivery that can't be read is put off: time for somebody to bring the key back.
const UNREADABLE_SECONDS: i64 = 900;

impl Store {
    /// Joins what was taken with messages, lanes and verdicts, and opens what is sealed. What can't be opened
    /// is put off: it harms none of the others.
    pub(super) async fn complete(
        &self,
        TakenRows { rows: taken, mut consent, records, pauses, mut earlier, mut asked_before, mut places }: TakenRows,
        times: Times,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let lanes = self.inner.interned.lanes(&mut session, taken.iter().map(|one| one.lane)).await?;
        let deliveries = taken.iter().map(|one| one.fence.delivery);
        let mut verdicts = verdict::read(&mut session, deliveries).await?;
        let messages = self.messages(&mut session, &taken).await?;
        let mut keys = HashMap::new();
        for day in taken.iter().map(|one| one.day).collect::<BTreeSet<_>>() {
            keys.insert(day, self.inner.interned.key_to_open(&mut session, &self.inner.keys, day).await?);
        }
        drop(session);
        let mut claims = Vec::with_capacity(taken.len());
        let mut unreadable = Vec::new();
        for one in taken {
            let (fence, deadline) = (one.fence, one.deadline);
            let key = keys.get(&one.day).and_then(Option::as_ref);
            let person = consent.remove(&fence.delivery).unwrap_or(Ok(None));
            let consent = person.map(|person| Consent { person, records }).map_err(StoreError::from);
            let verdicts = verdicts.remove(&fence.delivery);
            let earlier = earlier.remove(&fence.delivery).unwrap_or_default();
            let asked_before = asked_before.remove(&fence.delivery).unwrap_or_default();
            let warm_up = places.remove(&fence.delivery);
            let parts = Parts {
                key,
                verdicts,
                message: messages.get(&one.message),
                lane: lanes.get(&one.lane).map(|(lane, _)| lane),
                earlier,
                asked_before,
                warm_up,
                pauses: &pauses,
                times,
            };
            match claim(one, parts, consent) {
                Ok(claim) => claims.push(claim),
                Err(fault) => {
                    tracing::error!(delivery = %fence.delivery, error = ?fault, "a delivery can't be read");
                    unreadable.push((fence, deadline));
                }
            }
        }
        for (fence, deadline) in unreadable {
            self.put_off(fence, deadline, times.taken_at).await?;
        }
        Ok(claims)
    }

    /// Invariant 9: a delivery that can't be read waits, and expires at its deadline.
    async fn put_off(&self, fence: Fence, deadline: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let settlement = if deadline <= now {
            Settlement::End(Outcome::Expired)
        } else {
            Settlement::Later(from_micros(now.as_microsecond() + UNREADABLE_SECONDS * 1_000_000))
        };
        let response = Some("what the queue holds of it can't be read".to_owned());
        let because = Because { response, reason: None };
        let policy = "".into();
        let (verdict, dsn, confirmation, tracked) = (None, None, None, None);
        let settle = Settle { fence, settlement, because, verdict, policy, dsn, confirmation, tracked };
        self.settle(settle).await.map(drop)
    }

    async fn messages(
        &self,
        session: &mut Session,
        taken: &[Taken],
    ) -> Result<HashMap<Uuid, Result<Message>>> {
        let ids: BTreeSet<Uuid> = taken.iter().map(|one| one.message).collect();
        let select =
            "SELECT m.id, m.kind, m.credential, m.received_at, f.body, c.spool_day, c.envelope, c.content
                      FROM messages m JOIN contents c ON c.message = m.id
                      LEFT JOIN message_facts f ON f.hash = m.facts WHERE m.id IN {}";
        let rows = rows::with_list(session, select, Vec::new(), ids.into_iter().map(Value::from).collect());
        let mut messages = HashMap::new();
        for row in rows.await? {
            let key = self.inner.interned.key_to_open(session, &self.inner.keys, row.int(5)?).await?;
            messages.insert(row.id(0)?, open_message(&row, key).await);
        }
        Ok(messages)
    }
}

/// What the copies of one message share. The content is opened once.
struct Message {
    kind: DeliveryKind,
    credential: String,
    received_at: Timestamp,
    facts: Option<Facts>,
    envelope: SealedEnvelope,
    content: Bytes,
}

async fn open_message(row: &Row, key: Option<DataKey>) -> Result<Message> {
    let id = row.id(0)?;
    let key = key.ok_or_else(|| Fault::Unreadable("the spool key of its day was destroyed".into()))?;
    let envelope = key.open(row.blob(6)?, &context("envelope", id))?;
    let envelope = std::str::from_utf8(&envelope).map_err(|_| Fault::Unreadable("an envelope".into()))?;
    let envelope = parse_json(envelope)?;
    let sealed = row.blob(7)?.to_vec();
    let open = move || key.open_large(sealed, &context("content", id));
    let content = off_thread_if(row.blob(7)?.len(), open).await??;
    Ok(Message {
        kind: parse_kind(row.text(1)?)?,
        credential: row.text(2)?.to_owned(),
        received_at: row.time(3)?,
        facts: row.opt_text(4)?.map(parse_json).transpose()?,
        envelope,
        content,
    })
}

/// What a claim is put together from.
struct Parts<'a> {
    key: Option<&'a DataKey>,
    verdicts: Option<FirstAndLast>,
    message: Option<&'a Result<Message>>,
    lane: Option<&'a Lane>,
    earlier: Vec<Earlier>,
    asked_before: Vec<AskedBefore>,
    warm_up: Option<Place>,
    pauses: &'a Pauses,
    times: Times,
}

fn claim(taken: Taken, parts: Parts<'_>, consent: Result<Consent, StoreError>) -> Result<Claim> {
    let missing = |what: &str| Fault::Unreadable(format!("{what} is missing"));
    let message = parts.message.ok_or_else(|| missing("its message"))?.as_ref().map_err(Fault::clone)?;
    let key = parts.key.ok_or_else(|| missing("the spool key of its day"))?;
    let sealed = taken.recipient.as_deref().ok_or_else(|| missing("its recipient"))?;
    let recipient = parse_address(&key.open(sealed, &context("recipient", taken.fence.delivery))?)?;
    let verdicts = parts.verdicts.ok_or_else(|| missing("its verdict"))?;
    let first = verdicts.first?;
    let lane = parts.lane.ok_or_else(|| missing("its lane"))?.clone();
    let paused = parts.pauses.of(&lane.sender, Some(&lane.campaign), &lane.provider);
    let asked_for_recipient = message.envelope.asked_for_each.get(&taken.fence.delivery).cloned();
    Ok(Claim {
        fence: taken.fence,
        message: taken.message,
        kind: message.kind,
        sender: taken.sender,
        credential: message.credential.clone(),
        paused: paused.filter(|_| lane.stream == Stream::Marketing),
        lane,
        envelope_sender: message.envelope.sender.clone(),
        recipient,
        asked: message.envelope.asked.clone(),
        asked_for_recipient: asked_for_recipient.unwrap_or_default(),
        received_at: message.received_at,
        trace: message.envelope.trace.clone(),
        content: message.content.clone(),
        facts: message.facts.clone(),
        last_verdict: verdicts.last.unwrap_or_else(|| Ok(first.clone()))?.verdict,
        verdict: first.verdict,
        earlier: parts.earlier,
        asked_before: parts.asked_before,
        warm_up: parts.warm_up,
        consent,
        attempts: u32::try_from(taken.attempts.saturating_sub(1)).unwrap_or(0),
        last_response: taken.last_response,
        deadline: taken.deadline,
        reason: taken.reason,
        subscriber: taken.subscriber,
        claimed_at: parts.times.claimed_at,
        taken_at: parts.times.taken_at,
        ahead: parts.times.ahead,
    })
}
