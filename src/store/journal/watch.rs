//! What this node saw last of where the journals stand. A database that went back in time under a running node (a
//! recovery to a point in time, a standby that was behind) is told by it in the transaction of the first claim
//! that meets it, before anything that a lost no forbids can leave (invariant 14). What was given out before a
//! restart, the marks tell.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use uuid::Uuid;

use super::{JournalView, Standing, number, told};
use crate::policy::decide::Records;
use crate::store::fault::Result;
use crate::store::sql::Session;
use crate::telemetry::metrics;

/// Whether the database tells on which timeline it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timelines {
    #[default]
    Untold,
    Told,
}

/// Where the journals stand, as it was read at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub timeline: Option<String>,
    pub journals: Vec<JournalView>,
}

/// Taken before rows are read: they must not be older than this.
pub struct Before {
    seen: Arc<Rows>,
    alarms: Alarms,
}

/// How many alarms there were, and up to which they are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Alarms {
    raised: u64,
    answered: u64,
}

/// An alarm, until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm(u64);

/// What this node knows, and what follows from it.
#[derive(Default)]
pub struct Watch {
    state: Mutex<State>,
    /// Why marketing is held, if it is.
    held: ArcSwapOption<String>,
    holds: Mutex<Holds>,
}

/// Deliveries that were held for the journals' sake. A hold may be written long after it was decided, so what is let go
/// is told by a number that grows with each writing, and not by when the journals came in step.
#[derive(Default)]
struct Holds {
    written: u64,
    /// None before the first release: an earlier run may have left some.
    released: Option<u64>,
}

#[derive(Default)]
struct State {
    seen: Arc<Rows>,
    timelines: Timelines,
    alarms: Alarms,
}

impl Rows {
    /// As they are now, with the timeline where it can be asked.
    pub async fn read(session: &mut Session, timelines: Timelines) -> Result<Self> {
        let select = match timelines {
            Timelines::Untold => {
                "SELECT node, standing, position, mark, CAST(NULL AS TEXT) FROM journals ORDER BY node"
            }
            Timelines::Told => {
                "SELECT node, standing, position, mark, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
                 FROM journals ORDER BY node"
            }
        };
        let mut rows = Self::default();
        for row in session.fetch(select, Vec::new()).await? {
            rows.timeline = row.opt_text(4)?.map(str::to_owned);
            rows.journals.push(JournalView {
                node: row.id(0)?,
                // A word of a later version: whatever it means, it is not that all is well.
                standing: Standing::parse(row.text(1)?).unwrap_or(Standing::Unchecked),
                position: number(row.int(2)?)?,
                mark: row.int(3)?,
            });
        }
        Ok(rows)
    }

    fn of(&self, node: Uuid) -> Option<&JournalView> {
        self.journals.iter().find(|own| own.node == node)
    }

    /// Whether this can't come after what was seen. Another node that is missing was forgotten by command.
    fn is_older_than(&self, seen: &Self, node: Uuid) -> bool {
        let elsewhere = self.timeline.is_some() && seen.timeline.is_some() && self.timeline != seen.timeline;
        let gone = seen.of(node).is_some() && self.of(node).is_none();
        let back = |now: &JournalView| {
            seen.of(now.node).is_some_and(|seen| now.position < seen.position || now.mark < seen.mark)
        };
        elsewhere || gone || self.journals.iter().any(back)
    }

    /// Why marketing must wait.
    fn why(&self, node: Uuid) -> Option<String> {
        let behind = || self.journals.iter().filter(|own| own.standing != Standing::InStep);
        Some(told(behind().next()?, behind().count(), node))
    }
}

impl Watch {
    pub fn before(&self) -> Before {
        let state = self.state();
        Before { seen: state.seen.clone(), alarms: state.alarms }
    }

    pub fn timelines(&self) -> Timelines {
        self.state().timelines
    }

    pub fn set_timelines(&self, timelines: Timelines) {
        self.state().timelines = timelines;
    }

    /// What rows that were read since `before` tell: whether all noes are there. It may hold marketing, and never
    /// releases it.
    pub fn judge(&self, before: &Before, now: Rows, node: Uuid) -> Records {
        let mut state = self.state();
        let why = match Self::learn(&mut state, before, now, node) {
            Ok(None) => return Records::Complete,
            Ok(Some(why)) => Some(why),
            // Who raised the alarm has held marketing already.
            Err(CannotTell) => None,
        };
        if let Some(why) = why.filter(|_| self.held.load().is_none()) {
            self.hold(Some(why));
        }
        Records::Behind
    }

    /// The same, for the one that follows the journals: holds marketing, or no longer.
    pub fn follow(&self, before: &Before, now: Rows, node: Uuid) {
        let mut state = self.state();
        if let Ok(why) = Self::learn(&mut state, before, now, node) {
            self.hold(why);
        }
    }

    /// Deliveries that are held for the journals' sake are in the database now, or may be.
    pub fn holds_written(&self) {
        self.holds().written += 1;
    }

    /// What is to be given to `released` when all that is held now was let go; none where nothing is held.
    pub fn holds_to_release(&self) -> Option<u64> {
        let holds = self.holds();
        (holds.released != Some(holds.written)).then_some(holds.written)
    }

    pub fn released(&self, written: u64) {
        self.holds().released = Some(written);
    }

    /// Noes up to this number are committed.
    pub fn recorded(&self, node: Uuid, position: u64) {
        let mut state = self.state();
        if let Some(own) = Arc::make_mut(&mut state.seen).journals.iter_mut().find(|own| own.node == node) {
            own.position = own.position.max(position);
        }
    }

    /// The last alarm, if nobody has answered it.
    pub fn alarm(&self) -> Option<Alarm> {
        let alarms = self.state().alarms;
        (alarms.raised > alarms.answered).then_some(Alarm(alarms.raised))
    }

    /// All journals are being compared with the database as it is now.
    pub fn answered(&self, alarm: Alarm, now: Rows) {
        let mut state = self.state();
        state.seen = Arc::new(now);
        state.alarms.answered = state.alarms.answered.max(alarm.0);
    }

    pub fn why_held(&self) -> Option<Arc<String>> {
        self.held.load_full()
    }

    pub fn records(&self) -> Records {
        if self.held.load().is_some() { Records::Behind } else { Records::Complete }
    }

    /// Nothing is known of the journals yet.
    pub fn hold_until_known(&self) {
        self.held.store(Some(Arc::new("the journals of noes have not been compared yet".to_owned())));
    }

    /// Why marketing is held by these rows, which are remembered unless an alarm stands.
    fn learn(
        state: &mut State,
        before: &Before,
        now: Rows,
        node: Uuid,
    ) -> Result<Option<String>, CannotTell> {
        // Rows from before an alarm, or from before it was answered, tell nothing of what is there now.
        if state.alarms != before.alarms || state.alarms.raised > state.alarms.answered {
            return Err(CannotTell);
        }
        if now.is_older_than(&before.seen, node) {
            state.alarms.raised += 1;
            return Ok(Some(
                "the database is not what this node last saw of it: a backup was restored, or a standby took over"
                    .to_owned(),
            ));
        }
        let why = now.why(node);
        let mut seen = now;
        // Others may have read later and be here sooner.
        for own in &mut seen.journals {
            if let Some(known) = state.seen.of(own.node) {
                own.position = own.position.max(known.position);
                own.mark = own.mark.max(known.mark);
            }
        }
        if *state.seen != seen {
            state.seen = Arc::new(seen);
        }
        Ok(why)
    }

    fn hold(&self, why: Option<String>) {
        let why = why.map(Arc::new);
        if why.is_some() {
            self.holds_written();
        }
        metrics::marketing_held(why.is_some());
        let before = self.held.swap(why.clone());
        if let Some(why) = why.filter(|why| before.as_ref() != Some(why)) {
            tracing::error!("marketing is held: {why}");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holds(&self) -> MutexGuard<'_, Holds> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An alarm stands between what was read and what is.
struct CannotTell;

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    /// Position and mark of each node.
    fn rows(all: &[(Uuid, u64, i64)]) -> Rows {
        let journal = |(node, position, mark): &(Uuid, u64, i64)| JournalView {
            node: *node,
            standing: Standing::InStep,
            position: *position,
            mark: *mark,
        };
        Rows { timeline: Some("00000001".into()), journals: all.iter().map(journal).collect() }
    }

    fn on_timeline(timeline: &str, rows: Rows) -> Rows {
        Rows { timeline: Some(timeline.into()), ..rows }
    }

    /// One that has seen these rows.
    fn watch() -> Watch {
        let watch = Watch::default();
        watch.follow(&watch.before(), rows(&[(OWN, 5, 3), (OTHER, 9, 4)]), OWN);
        assert_eq!(watch.records(), Records::Complete);
        watch
    }

    #[test]
    fn rows_that_are_older_than_what_was_seen_hold_marketing() {
        let same = rows(&[(OWN, 5, 3), (OTHER, 9, 4)]);
        let older = [
            rows(&[(OWN, 4, 3), (OTHER, 9, 4)]),
            rows(&[(OWN, 5, 2), (OTHER, 9, 4)]),
            rows(&[(OWN, 5, 3), (OTHER, 8, 4)]),
            rows(&[(OTHER, 9, 4)]),
            on_timeline("00000002", same.clone()),
        ];
        for older in older {
            let watch = watch();
            assert_eq!(watch.judge(&watch.before(), older.clone(), OWN), Records::Behind, "{older:?}");
            assert_eq!((watch.records(), watch.alarm()), (Records::Behind, Some(Alarm(1))));
        }
        let fine = [
            same.clone(),
            rows(&[(OWN, 6, 4), (OTHER, 9, 4)]),
            rows(&[(OWN, 5, 3)]),
            Rows { timeline: None, ..same },
        ];
        for fine in fine {
            let watch = watch();
            assert_eq!(watch.judge(&watch.before(), fine.clone(), OWN), Records::Complete, "{fine:?}");
            assert_eq!((watch.records(), watch.alarm()), (Records::Complete, None));
        }
    }

    #[test]
    fn a_no_that_was_committed_is_missed_though_no_row_was_read_since() {
        let watch = watch();
        watch.recorded(OWN, 6);
        let now = rows(&[(OWN, 5, 3), (OTHER, 9, 4)]);
        assert_eq!(watch.judge(&watch.before(), now, OWN), Records::Behind);
    }

    #[test]
    fn who_read_earlier_and_comes_later_raises_no_alarm_and_hides_nothing() {
        let watch = watch();
        let early = watch.before();
        watch.recorded(OWN, 6);
        let old = rows(&[(OWN, 5, 3), (OTHER, 9, 4)]);
        assert_eq!(watch.judge(&early, old.clone(), OWN), Records::Complete);
        assert_eq!(watch.judge(&watch.before(), old, OWN), Records::Behind);
    }

    #[test]
    fn an_alarm_is_over_when_it_is_answered_and_the_journals_are_in_step() {
        let watch = watch();
        let back = || rows(&[(OWN, 2, 1)]);
        watch.judge(&watch.before(), back(), OWN);
        let (alarm, early) = (watch.alarm().unwrap(), watch.before());
        watch.follow(&watch.before(), back(), OWN);
        assert_eq!(watch.records(), Records::Behind, "not answered");
        watch.answered(alarm, back());
        assert_eq!(watch.alarm(), None);
        // Consent that was read before the answer may lack a no that was replayed since.
        assert_eq!(watch.judge(&early, back(), OWN), Records::Behind);
        assert_eq!(watch.alarm(), None);
        assert_eq!(watch.judge(&watch.before(), back(), OWN), Records::Complete);
        assert_eq!(watch.records(), Records::Behind, "only who follows the journals releases");
        let mut unchecked = back();
        unchecked.journals[0].standing = Standing::Unchecked;
        watch.follow(&watch.before(), unchecked, OWN);
        assert_eq!(watch.records(), Records::Behind);
        watch.follow(&watch.before(), back(), OWN);
        assert_eq!(watch.records(), Records::Complete);
    }
}
