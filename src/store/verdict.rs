//! Verdicts as rows: what is particular to one delivery in `verdicts`, what a campaign's verdicts share in
//! `rulings`, once by hash (invariant 16).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::decision::Round;
use super::fault::Result;
use super::rows;
use super::sql::{Row, Session, Value, parse_json, to_json, values};
use crate::policy::decide::Circumstances;
use crate::policy::verdict::TrackingRuling;
use crate::policy::{RuleRef, Scope, Stream, Verdict};

/// The shared part of a verdict.
#[derive(Serialize, Deserialize)]
struct Ruling {
    scope: Option<Scope>,
    stream: Option<Stream>,
    jurisdiction: Option<Arc<str>>,
    rule: RuleRef,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shadow: Option<RuleRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracking: Option<TrackingRuling>,
}

/// The first decision's round.
pub(super) const AT_INTAKE: i64 = 0;

pub(super) const INTO: &str = "verdicts (delivery, round, sender, subscriber, version, verdict, reason, \
                               ground, ground_event, policy, ruling, decided_at, circumstances, tracking_event)";

/// What a verdict is about, beside what it says.
#[derive(Clone)]
pub(super) struct About<'a> {
    pub delivery: Uuid,
    /// `AT_INTAKE`, or the fence of the claim that decided again.
    pub round: i64,
    pub sender: &'a str,
    pub subscriber: Option<Uuid>,
    pub version: i64,
    pub policy: &'a str,
    pub at: Timestamp,
    pub circumstances: &'a Circumstances,
}

/// The ruling's text and its hash. The fact that tracking rests on is one person's: it stands in the row.
pub(super) fn ruling(verdict: &Verdict) -> ([u8; 32], String) {
    let shared = |tracking: &TrackingRuling| TrackingRuling { event: None, ..tracking.clone() };
    let text = to_json(&Ruling {
        scope: verdict.scope.clone(),
        stream: verdict.stream,
        jurisdiction: verdict.jurisdiction.clone(),
        rule: verdict.rule.clone(),
        text: verdict.text.clone(),
        shadow: verdict.shadow.clone(),
        tracking: verdict.tracking.as_ref().map(shared),
    });
    (Sha256::digest(text.as_bytes()).into(), text)
}

/// The row of a verdict, for `INTO`.
pub(super) fn row(about: &About<'_>, verdict: &Verdict, ruling: [u8; 32]) -> Vec<Value> {
    values![
        about.delivery,
        about.round,
        about.sender,
        about.subscriber,
        about.version,
        verdict.verdict.as_str(),
        verdict.reason.map(|reason| reason.as_str()),
        verdict.ground.map(|ground| ground.as_str()),
        verdict.ground_event,
        about.policy,
        ruling,
        about.at,
        bearing(about.circumstances),
        verdict.tracking.as_ref().and_then(|tracking| tracking.event),
    ]
}

/// Nothing, mostly.
fn bearing(circumstances: &Circumstances) -> Option<String> {
    if *circumstances == Circumstances::default() {
        return None;
    }
    Some(to_json(circumstances))
}

/// What was recorded of it.
pub(super) fn circumstances(row: &Row, column: usize) -> Result<Circumstances> {
    Ok(row.opt_text(column)?.map(parse_json).transpose()?.unwrap_or_default())
}

/// A recorded verdict and the policy set behind it.
#[derive(Clone)]
pub(super) struct Recorded {
    pub verdict: Verdict,
    pub policy: Arc<str>,
}

/// The first and the last verdict on one delivery; the same where nothing was recorded since.
pub(super) struct FirstAndLast {
    pub first: Result<Recorded>,
    pub last: Option<Result<Recorded>>,
}

impl FirstAndLast {
    /// What holds now.
    pub fn last(self) -> Result<Recorded> {
        self.last.unwrap_or(self.first)
    }
}

/// The verdicts on these deliveries. What can't be read is an error in its place.
pub(super) async fn read(
    session: &mut Session,
    deliveries: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, FirstAndLast>> {
    let query = "SELECT v.delivery, v.verdict, v.reason, v.ground, v.ground_event, v.policy, r.body,
                        v.tracking_event
                 FROM verdicts v JOIN rulings r ON r.hash = v.ruling WHERE v.delivery IN {} ORDER BY v.round";
    let rows = rows::with_list(session, query, Vec::new(), deliveries.map(Value::from).collect()).await?;
    let mut found: HashMap<Uuid, FirstAndLast> = HashMap::new();
    for row in &rows {
        match found.entry(row.id(0)?) {
            Entry::Vacant(place) => {
                place.insert(FirstAndLast { first: recorded(row), last: None });
            }
            Entry::Occupied(mut own) => own.get_mut().last = Some(recorded(row)),
        }
    }
    Ok(found)
}

/// All rounds of one delivery, the first decision first.
pub(super) async fn rounds(session: &mut Session, delivery: Uuid) -> Result<Vec<Round>> {
    let select = "SELECT v.delivery, v.verdict, v.reason, v.ground, v.ground_event, v.policy, r.body,
                      v.tracking_event, v.round, v.decided_at, v.subscriber, v.version, v.circumstances
                  FROM verdicts v JOIN rulings r ON r.hash = v.ruling WHERE v.delivery = $1 ORDER BY v.round";
    let round = |row: &Row| {
        let Recorded { verdict, policy } = recorded(row)?;
        Ok(Round {
            number: row.int(8)?,
            at: row.time(9)?,
            subscriber: row.opt_id(10)?,
            version: row.int(11)?,
            circumstances: circumstances(row, 12)?,
            policy,
            verdict,
        })
    };
    session.fetch(select, values![delivery]).await?.iter().map(round).collect()
}

fn recorded(row: &Row) -> Result<Recorded> {
    let shared: Ruling = row.json(6)?;
    let event = row.opt_id(7)?;
    let verdict = Verdict {
        verdict: row.word(1)?,
        reason: row.opt_word(2)?,
        ground: row.opt_word(3)?,
        ground_event: row.opt_id(4)?,
        scope: shared.scope,
        stream: shared.stream,
        jurisdiction: shared.jurisdiction,
        rule: shared.rule,
        text: shared.text,
        shadow: shared.shadow,
        tracking: shared.tracking.map(|tracking| TrackingRuling { event, ..tracking }),
        until: None,
    };
    Ok(Recorded { verdict, policy: row.text(5)?.into() })
}
