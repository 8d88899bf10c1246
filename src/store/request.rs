//! Requests by right: recorded, carried on, listed. They stay after an erasure, as the proof that it was done: the
//! subscriber's id alone names whose they were.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::sql::{Row, Session, to_json, values};
use super::{Store, StoreError};
use crate::consent::request::{Action, Kind, Request, State, Step};

/// A request that comes in.
#[derive(Clone, Debug)]
pub struct NewRequest {
    pub sender: String,
    pub subscriber: Uuid,
    pub kind: Kind,
    pub received: Timestamp,
    pub due: Timestamp,
    /// Who asked: `person`, say.
    pub by: &'static str,
}

/// A page of requests, oldest first.
#[derive(Clone, Debug, Default)]
pub struct RequestPage {
    pub requests: Vec<Request>,
    pub more: bool,
}

/// How many requests of a sender wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFigures {
    pub sender: String,
    pub open: u64,
    /// Of those, what should have been met.
    pub overdue: u64,
}

/// The steps of one request that are kept while it waits.
const MOST_STEPS: usize = 100;
/// What was met, and is asked for again so soon, is the same.
const SAME: SignedDuration = SignedDuration::from_hours(24);

const SELECT: &str =
    "SELECT id, sender, subscriber, kind, state, received_at, due_at, ended_at, steps FROM requests";

impl Store {
    /// Records that a person asked. Durable when it returns. What is asked for again while it waits, or within a day, is
    /// the request that is there: a button may be pressed any number of times.
    pub async fn open_request(&self, new: NewRequest) -> Result<Request, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        if let Some(request) = asked_before(&mut tx, &new).await? {
            return Ok(request);
        }
        let request = Request {
            id: self.inner.clock.id(),
            sender: new.sender,
            subscriber: new.subscriber,
            kind: new.kind,
            state: State::Open,
            received: new.received,
            due: new.due,
            ended: None,
            steps: vec![Step { at: new.received, by: new.by.to_owned(), what: Action::Asked }],
        };
        let insert = "INSERT INTO requests (id, sender, subscriber, kind, state, received_at, due_at, steps)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let (kind, state, steps) = (request.kind.as_str(), request.state.as_str(), to_json(&request.steps));
        let sender = request.sender.as_str();
        let row = values![
            request.id,
            sender,
            request.subscriber,
            kind,
            state,
            request.received,
            request.due,
            steps
        ];
        tx.execute(insert, row).await?;
        tx.commit().await?;
        Ok(request)
    }

    /// Adds a step, which may end the request. `None` if this sender has no such request
    /// (invariant 15); one that has ended stays as it was.
    pub async fn step_request(
        &self,
        sender: &str,
        id: Uuid,
        step: Step,
    ) -> Result<Option<Request>, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let Some(mut request) = locked(&mut tx, sender, id).await? else { return Ok(None) };
        if request.state != State::Open {
            return Ok(Some(request));
        }
        let (at, state) = (step.at, step.what.leads_to());
        if request.steps.len() < MOST_STEPS || state != State::Open {
            request.steps.push(step);
        }
        request.state = state;
        request.ended = (state != State::Open).then_some(at);
        let update =
            "UPDATE requests SET state = $1, ended_at = $2, steps = $3 WHERE id = $4 AND sender = $5";
        let values = values![state.as_str(), request.ended, to_json(&request.steps), id, sender];
        tx.execute(update, values).await?;
        tx.commit().await?;
        Ok(Some(request))
    }

    /// A request of this sender (invariant 15).
    pub async fn request(&self, sender: &str, id: Uuid) -> Result<Option<Request>, StoreError> {
        let sql = super::sql::built(format!("{SELECT} WHERE id = $1 AND sender = $2"));
        let row = self.inner.database.read().await?.fetch_optional(sql, values![id, sender]).await?;
        Ok(row.as_ref().map(request_of).transpose()?)
    }

    /// A sender's requests whose ids follow `after`, at most `limit`: all, or those in this state.
    pub async fn requests(
        &self,
        sender: &str,
        state: Option<State>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<RequestPage, StoreError> {
        let state = state.map_or("", State::as_str);
        let sql = super::sql::built(format!(
            "{SELECT} WHERE sender = $1 AND id > $2 AND ($3 = '' OR state = $3) ORDER BY id LIMIT $4"
        ));
        let values = values![sender, after.unwrap_or(Uuid::nil()), state, limit.saturating_add(1)];
        let rows = self.inner.database.read().await?.fetch(sql, values).await?;
        let mut requests = rows.iter().map(request_of).collect::<Result<Vec<_>>>()?;
        let more = requests.len() > limit as usize;
        requests.truncate(limit as usize);
        Ok(RequestPage { requests, more })
    }

    /// All requests of one person, oldest first.
    pub async fn requests_of(&self, sender: &str, subscriber: Uuid) -> Result<Vec<Request>, StoreError> {
        let sql = super::sql::built(format!("{SELECT} WHERE sender = $1 AND subscriber = $2 ORDER BY id"));
        let rows = self.inner.database.read().await?.fetch(sql, values![sender, subscriber]).await?;
        Ok(rows.iter().map(request_of).collect::<Result<_>>()?)
    }

    /// How many wait, and how many of them too long by now: of every sender that ever had one.
    pub async fn request_figures(&self) -> Result<Vec<RequestFigures>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let now = session.now().await?;
        let select = "SELECT sender, CAST(sum(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS BIGINT),
                             CAST(sum(CASE WHEN state = 'open' AND due_at < $1 THEN 1 ELSE 0 END) AS BIGINT)
                      FROM requests GROUP BY sender ORDER BY sender";
        let rows = session.fetch(select, values![now]).await?;
        let figures = |row: &Row| -> Result<RequestFigures> {
            let count = |column| Ok::<_, Fault>(u64::try_from(row.int(column)?).unwrap_or(0));
            Ok(RequestFigures { sender: row.text(0)?.to_owned(), open: count(1)?, overdue: count(2)? })
        };
        Ok(rows.iter().map(figures).collect::<Result<_>>()?)
    }
}

/// The person's youngest request of the kind, if it stands for this one.
async fn asked_before(session: &mut Session, new: &NewRequest) -> Result<Option<Request>> {
    // Two at once take turns at the person's row.
    let turn = session.either(
        "SELECT id FROM subscribers WHERE id = $1 AND sender = $2",
        "SELECT id FROM subscribers WHERE id = $1 AND sender = $2 FOR UPDATE",
    );
    session.fetch_optional(turn, values![new.subscriber, new.sender.as_str()]).await?;
    let select = super::sql::built(format!(
        "{SELECT} WHERE sender = $1 AND subscriber = $2 AND kind = $3 ORDER BY id DESC LIMIT 1"
    ));
    let values = values![new.sender.as_str(), new.subscriber, new.kind.as_str()];
    let youngest = session.fetch_optional(select, values).await?.as_ref().map(request_of).transpose()?;
    let is_same = |own: &Request| match own.state {
        State::Open => true,
        State::Done => own.kind == Kind::Access && new.received.duration_since(own.received) < SAME,
        State::Refused => false,
    };
    Ok(youngest.filter(is_same))
}

async fn locked(session: &mut Session, sender: &str, id: Uuid) -> Result<Option<Request>> {
    let lock = session.either("", " FOR UPDATE");
    let sql = super::sql::built(format!("{SELECT} WHERE id = $1 AND sender = $2{lock}"));
    session.fetch_optional(sql, values![id, sender]).await?.as_ref().map(request_of).transpose()
}

/// From `SELECT`.
pub(super) fn request_of(row: &Row) -> Result<Request> {
    let unreadable = |what: &str| Fault::Unreadable(format!("a request's {what}"));
    Ok(Request {
        id: row.id(0)?,
        sender: row.text(1)?.to_owned(),
        subscriber: row.id(2)?,
        kind: Kind::parse(row.text(3)?).ok_or_else(|| unreadable("kind"))?,
        state: State::parse(row.text(4)?).ok_or_else(|| unreadable("state"))?,
        received: row.time(5)?,
        due: row.time(6)?,
        ended: row.opt_time(7)?,
        steps: row.json(8)?,
    })
}

/// The same of several, by id.
pub(super) async fn by_ids(
    session: &mut Session,
    sender: &str,
    ids: Vec<super::sql::Value>,
) -> Result<Vec<Request>> {
    const OF: &str =
        "SELECT id, sender, subscriber, kind, state, received_at, due_at, ended_at, steps FROM requests
                      WHERE sender = $1 AND id IN {}";
    super::rows::with_list(session, OF, values![sender], ids).await?.iter().map(request_of).collect()
}
