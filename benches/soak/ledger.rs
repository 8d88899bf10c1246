//! What was submitted, what the gateway said of it, what came to the upstream, and who withdrew when: at the end
//! they must agree.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;

use crate::setup::session::envelope_sender;
use crate::setup::{Gateway, subscriber};
use crate::upstream::END;

/// From the second decision to MAIL at the upstream: a claim older than two seconds is decided again, and this
/// machine is shared.
const ON_ITS_WAY: u128 = 10_000_000;
/// So many things that are wrong are named, of each kind.
const NAMED: usize = 10;
/// So many of those that came are looked up at the gateway too.
const LOOKED_UP: usize = 300;
/// One in so many may expire: the upstream defers fewer than three in a hundred, each time by chance.
const EXPIRED: usize = 100;

/// What the gateway said after the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing yet, or an error that lasts a while.
    Nothing,
    Accepted,
    Refused,
}

#[derive(Clone, Copy)]
struct Message {
    /// Its id there; `None` until it was answered.
    id: Option<uuid::Uuid>,
    person: u32,
    said: Said,
    /// Microseconds of the clock, when it was first submitted.
    begun: u64,
    /// How often it came and the gateway was told so.
    taken: u8,
    /// How often it came and the reply was lost.
    lost: u8,
}

#[derive(Default)]
struct Person {
    /// Microseconds of the clock, when the gateway had said that it is done.
    withdrew: Option<u128>,
    /// The token of a link of theirs.
    link: Option<String>,
}

#[derive(Default)]
struct Inner {
    messages: Vec<Message>,
    people: Vec<Person>,
    /// When the upstream stood still, from and to.
    still: Vec<(u128, u128)>,
    /// DSNs that came.
    notifications: usize,
    wrong: HashMap<&'static str, Vec<String>>,
}

pub struct Ledger {
    inner: Mutex<Inner>,
    came: AtomicUsize,
    /// Microseconds that submissions took since they were last asked for.
    took: Mutex<Vec<u32>>,
}

/// So far.
pub struct Totals {
    pub submitted: usize,
    pub accepted: usize,
    pub refused: usize,
    pub came: usize,
}

impl Ledger {
    pub fn new(people: usize) -> Self {
        let inner = Inner { people: (0..people).map(|_| Person::default()).collect(), ..Inner::default() };
        Self { inner: Mutex::new(inner), came: AtomicUsize::new(0), took: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new message for somebody: its number, and who.
    pub fn begin(&self) -> (usize, usize) {
        let mut inner = self.lock();
        let person = rand::random_range(0..inner.people.len());
        let begun = u64::try_from(crate::upstream::micros()).unwrap_or(u64::MAX);
        let said = Said::Nothing;
        inner.messages.push(Message { id: None, person: person as u32, said, begun, taken: 0, lost: 0 });
        (inner.messages.len() - 1, person)
    }

    /// The reply to it; `took` is how long the submission took that succeeded.
    pub fn answered(&self, index: usize, said: Said, reason: &str, id: uuid::Uuid, took: Duration) {
        let mut inner = self.lock();
        let message = &mut inner.messages[index];
        (message.said, message.id) = (said, Some(id));
        let person = message.person as usize;
        if said == Said::Refused && (reason != "withdrawn" || inner.people[person].withdrew.is_none()) {
            // A withdrawal that is under way may have been committed before its reply was here.
            inner.wrong.entry("refused").or_default().push(format!("{index} [{reason}] person {person}"));
        }
        drop(inner);
        let mut all = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// Before the gateway is asked to, so that a refusal in between is right.
    pub fn withdraws(&self, person: usize) {
        self.lock().people[person].withdrew = Some(u128::MAX);
    }

    /// The gateway has said that it is done.
    pub fn withdrew(&self, person: usize) {
        self.lock().people[person].withdrew = Some(crate::upstream::micros());
    }

    /// Somebody who has not withdrawn, with a link of theirs if one has come.
    pub fn somebody(&self) -> (usize, Option<String>) {
        let inner = self.lock();
        for _ in 0..100 {
            let person = rand::random_range(0..inner.people.len());
            if inner.people[person].withdrew.is_none() {
                return (person, inner.people[person].link.clone());
            }
        }
        (0, inner.people[0].link.clone())
    }

    pub fn stood_still(&self, from: u128, to: u128) {
        self.lock().still.push((from, to));
    }

    pub fn totals(&self) -> Totals {
        let inner = self.lock();
        let said = |what: Said| inner.messages.iter().filter(|message| message.said == what).count();
        Totals {
            submitted: inner.messages.len(),
            accepted: said(Said::Accepted),
            refused: said(Said::Refused),
            came: self.came.load(Ordering::Relaxed),
        }
    }

    /// Messages that were accepted and have not come.
    pub fn outstanding(&self) -> usize {
        let inner = self.lock();
        inner.messages.iter().filter(|message| message.said == Said::Accepted && !message.has_come()).count()
    }

    /// How long submissions took since the last call, in microseconds, sorted.
    pub fn took(&self) -> Vec<u32> {
        let mut taken = std::mem::take(&mut *self.took.lock().unwrap_or_else(PoisonError::into_inner));
        taken.sort_unstable();
        taken
    }

    /// Reads what the upstream notes, until it ends.
    pub fn follow(&self, record: impl Read) -> Result<()> {
        let mut record = BufReader::new(record);
        let mut line = Vec::new();
        while record.read_until(b'\n', &mut line)? > 0 {
            let line = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
            if self.note(&line).is_none() {
                self.is_wrong("the upstream's record is damaged", line);
            }
        }
        Ok(())
    }

    /// One thing more that is wrong.
    pub fn is_wrong(&self, kind: &'static str, what: String) {
        self.lock().wrong.entry(kind).or_default().push(what);
    }

    /// `said|lost BEGUN INDEX RECIPIENT LINK .`; `None` if that is not what it is.
    fn note(&self, line: &str) -> Option<()> {
        let line = line.strip_suffix(END)?;
        let words: Vec<&str> = line.split(' ').collect();
        let &[how @ ("said" | "lost"), begun, id, recipient, link] = words.as_slice() else { return None };
        let begun: u128 = begun.parse().ok()?;
        let mut inner = self.lock();
        // What the upstream rejected is told to the envelope sender.
        if recipient == envelope_sender() {
            inner.notifications += 1;
            return Some(());
        }
        let index = id.parse::<usize>().ok();
        let Some(message) = index.and_then(|index| inner.messages.get_mut(index)) else {
            inner.wrong.entry("what was never submitted came").or_default().push(line.to_owned());
            return Some(());
        };
        if !message.has_come() {
            self.came.fetch_add(1, Ordering::Relaxed);
        }
        let twice = message.taken > 0;
        match how {
            "said" => message.taken = message.taken.saturating_add(1),
            _ => message.lost = message.lost.saturating_add(1),
        }
        let (person, submitted) = (message.person as usize, u128::from(message.begun));
        if twice {
            inner.wrong.entry("came again although we had said so").or_default().push(line.to_owned());
        }
        if recipient != subscriber(person) {
            inner.wrong.entry("came for somebody else").or_default().push(line.to_owned());
        }
        let withdrew = inner.people[person].withdrew.filter(|at| *at != u128::MAX);
        let slack = |at: u128| at.saturating_add(ON_ITS_WAY);
        let still = |at: u128| inner.still.iter().any(|(from, to)| *from <= at && at <= slack(*to));
        if let Some(at) = withdrew
            && (submitted > at || begun > slack(at) && !still(begun))
        {
            let late = format!("{line}: {} s after", begun.saturating_sub(at) / 1_000_000);
            inner.wrong.entry("came after a withdrawal").or_default().push(late);
        }
        inner.people[person].link = Some(link.to_owned());
        Some(())
    }

    /// What is wrong, a line each.
    pub async fn judge(&self, gateway: &Gateway) -> Result<Vec<String>> {
        let (missing, came, mut wrong) = self.sort_out();
        let mut outcomes: HashMap<String, usize> = HashMap::new();
        let mut lost = Vec::new();
        for (index, id) in &missing {
            let state = state_of(gateway, *id).await?;
            let right = match state.as_str() {
                "rejected" | "expired" => true,
                "withheld" => self.has_withdrawn(*index),
                // It came under the eyes of nobody, or is still waiting.
                _ => false,
            };
            if !right {
                lost.push(format!("{index}, message {id}: {state}, and did not come"));
            }
            *outcomes.entry(state).or_default() += 1;
        }
        let expired = outcomes.get("expired").copied().unwrap_or_default();
        if expired > self.totals().accepted / EXPIRED {
            wrong.entry("too many expired").or_default().push(expired.to_string());
        }
        let step = (came.len() / LOOKED_UP).max(1);
        for (index, id) in came.iter().step_by(step) {
            let state = state_of(gateway, *id).await?;
            if !["relayed", "rejected", "expired", "withheld"].contains(&state.as_str()) {
                lost.push(format!("{index}, message {id}: {state}, and came"));
            }
        }
        let totals = self.totals();
        println!(
            "{} submitted: {} refused, {} accepted; {} came, the others: {outcomes:?}",
            totals.submitted, totals.refused, totals.accepted, totals.came
        );
        if !lost.is_empty() {
            wrong.insert("accepted and not accounted for", lost);
        }
        let line = |(kind, all): (&&str, &Vec<String>)| {
            let named: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
            format!("{kind}: {} times: {}", all.len(), named.join("; "))
        };
        Ok(wrong.iter().map(|(kind, all)| line((kind, all))).collect())
    }

    fn has_withdrawn(&self, index: usize) -> bool {
        let inner = self.lock();
        inner.people[inner.messages[index].person as usize].withdrew.is_some()
    }

    /// Those accepted that did not come, those that did, and what was found wrong on the way.
    #[expect(clippy::type_complexity, reason = "read in one place")]
    fn sort_out(
        &self,
    ) -> (Vec<(usize, uuid::Uuid)>, Vec<(usize, uuid::Uuid)>, HashMap<&'static str, Vec<String>>) {
        let mut inner = self.lock();
        let mut wrong = std::mem::take(&mut inner.wrong);
        let (mut missing, mut came, mut duplicates) = (Vec::new(), Vec::new(), 0);
        for (index, message) in inner.messages.iter().enumerate() {
            match (message.said, message.id, message.has_come()) {
                (Said::Accepted, Some(id), false) => missing.push((index, id)),
                (Said::Accepted, Some(id), true) => came.push((index, id)),
                (Said::Refused, _, true) => {
                    wrong.entry("refused and came").or_default().push(index.to_string());
                }
                (Said::Nothing, ..) => wrong.entry("never answered").or_default().push(index.to_string()),
                _ => {}
            }
            duplicates += usize::from(message.taken + message.lost > 1);
        }
        println!(
            "{duplicates} came more than once, since a reply was lost; {} DSNs came",
            inner.notifications
        );
        (missing, came, wrong)
    }
}

impl Message {
    fn has_come(&self) -> bool {
        self.taken > 0 || self.lost > 0
    }
}

/// What the gateway says of the only delivery of a message.
async fn state_of(gateway: &Gateway, id: uuid::Uuid) -> Result<String> {
    let (status, answer) = gateway.api_in_time("GET", &format!("/v1/messages/{id}"), None).await?;
    let state = answer["deliveries"][0]["state"].as_str();
    Ok(state.map_or_else(|| format!("not known there (status {status})"), str::to_owned))
}
