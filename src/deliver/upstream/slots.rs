//! Whose turn it is for one of the connections that an upstream may have: by mailbox provider, since a provider whose
//! recipients take long to answer would else hold them all.
//!
//! While others wait no provider gets more than half of them. While nobody else waits it gets more, but a quarter stays free
//! for whoever comes next: what hangs can't be taken back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The slots of one upstream.
pub struct Slots(Mutex<State>);

struct State {
    /// All that may be given out now.
    total: usize,
    held: HashMap<Arc<str>, usize>,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    provider: Arc<str>,
    turn: oneshot::Sender<Slot>,
}

/// One connection's worth; free again when it is dropped.
pub struct Slot {
    slots: Option<Arc<Slots>>,
    provider: Arc<str>,
}

impl Slots {
    pub fn new(total: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { total, held: HashMap::new(), waiting: VecDeque::new() })))
    }

    /// One for mail to this provider, once it is its turn.
    pub async fn take(self: &Arc<Self>, provider: &str) -> Slot {
        loop {
            let (turn, granted) = oneshot::channel();
            self.state().waiting.push_back(Waiting { provider: provider.into(), turn });
            self.give_out();
            // The sender is dropped with its slot alone.
            if let Ok(slot) = granted.await {
                return slot;
            }
        }
    }

    /// One for nobody's mail, if there is one.
    pub fn try_take(self: &Arc<Self>) -> Option<Slot> {
        let mut state = self.state();
        (state.free() > 0).then(|| self.hold(&mut state, "".into()))
    }

    pub fn in_use(&self) -> usize {
        self.state().in_use()
    }

    /// There are so many more.
    pub fn add(self: &Arc<Self>, count: usize) {
        self.state().total += count;
        self.give_out();
    }

    /// Gives out what may be given out. Who gave up waiting gives its slot back by dropping it.
    fn give_out(self: &Arc<Self>) {
        loop {
            let (turn, slot) = {
                let mut state = self.state();
                state.waiting.retain(|own| !own.turn.is_closed());
                let Some(next) = state.next() else { return };
                let Some(Waiting { provider, turn }) = state.waiting.remove(next) else { return };
                (turn, self.hold(&mut state, provider))
            };
            drop(turn.send(slot));
        }
    }

    fn hold(self: &Arc<Self>, state: &mut State, provider: Arc<str>) -> Slot {
        *state.held.entry(provider.clone()).or_default() += 1;
        Slot { slots: Some(self.clone()), provider }
    }

    fn let_go(&self, provider: &Arc<str>, withheld: usize) {
        let mut state = self.state();
        state.total = state.total.saturating_sub(withheld);
        if let Some(held) = state.held.get_mut(provider) {
            *held -= 1;
            if *held == 0 {
                state.held.remove(provider);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn in_use(&self) -> usize {
        self.held.values().sum()
    }

    fn free(&self) -> usize {
        self.total.saturating_sub(self.in_use())
    }

    /// Who waits longest of those whose turn it may be.
    fn next(&self) -> Option<usize> {
        let free = self.free();
        if free == 0 {
            return None;
        }
        let half = (self.total / 2).max(1);
        let may = |own: &Waiting| {
            let held = self.held.get(&own.provider).copied().unwrap_or(0);
            let alone = self.waiting.iter().all(|other| other.provider == own.provider);
            held < half || alone && free > self.total / 4
        };
        self.waiting.iter().position(may)
    }
}

impl Slot {
    /// It isn't given out again before `Slots::add`.
    pub fn withhold(mut self) {
        if let Some(slots) = self.slots.take() {
            slots.let_go(&self.provider, 1);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slots) = self.slots.take() {
            slots.let_go(&self.provider, 0);
            slots.give_out();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it gets at once.
    async fn taken(slots: &Arc<Slots>, provider: &str) -> Option<Slot> {
        tokio::time::timeout(std::time::Duration::ZERO, slots.take(provider)).await.ok()
    }

    async fn all(slots: &Arc<Slots>, provider: &str) -> Vec<Slot> {
        let mut all = Vec::new();
        while let Some(slot) = taken(slots, provider).await {
            all.push(slot);
        }
        all
    }

    #[tokio::test]
    async fn a_provider_alone_leaves_a_quarter_for_whoever_comes_next() {
        let slots = Slots::new(8);
        let hanging = all(&slots, "tarpit").await;
        assert_eq!(hanging.len(), 6);
        let others = all(&slots, "google").await;
        assert_eq!((others.len(), slots.in_use()), (2, 8));
    }

    #[tokio::test]
    async fn while_others_wait_none_gets_more_than_half() {
        let slots = Slots::new(4);
        let mut hanging = all(&slots, "tarpit").await;
        let google = all(&slots, "google").await;
        assert_eq!((hanging.len(), google.len()), (3, 1));
        let (one, other) = (slots.clone(), slots.clone());
        let tarpit = tokio::spawn(async move { one.take("tarpit").await });
        tokio::task::yield_now().await;
        let waits = tokio::spawn(async move { other.take("google").await });
        tokio::task::yield_now().await;
        drop(hanging.pop());
        let got = waits.await.unwrap();
        assert!(!tarpit.is_finished());
        drop((got, google));
        drop(hanging);
        tarpit.await.unwrap();
    }

    #[tokio::test]
    async fn who_gave_up_waiting_holds_nothing_up() {
        let slots = Slots::new(1);
        let only = slots.take("google").await;
        assert!(taken(&slots, "google").await.is_none());
        drop(only);
        assert!(taken(&slots, "tarpit").await.is_some());
        let withheld = slots.take("google").await;
        withheld.withhold();
        assert!(slots.try_take().is_none());
        slots.add(1);
        assert!(slots.try_take().is_some());
    }
}
