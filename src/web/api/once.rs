//! Writes that are done once, however often they are sent: an `Idempotency-Key` names the call, and its first
//! answer is its only one for 24 hours. draft-ietf-httpapi-idempotency-key-header.
//!
//! Only what was done is kept: a call that was refused for a mistake, or met no database, may come again under
//! its key.

use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::PartialSchema;

use super::Api;
use super::body;
use super::caller::{Caller, OfSubscribers};
use super::problem::{Kind, Problem, respond};
use crate::store::{Answer, CallKey, MakeAnswer, NewFact, RecordError, Recorded, Repeated};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The longest key, in octets.
const LONGEST: usize = 255;

/// Calls with a key that are being answered by this process. As many as there are connections at most.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<Mutex<HashSet<[u8; 32]>>>);

/// A write: who calls, under which key, with which body; `May` is what the caller must be.
pub(super) struct Write<T, May = OfSubscribers> {
    pub(super) caller: Caller,
    pub(super) call: Call,
    pub(super) body: T,
    may: PhantomData<May>,
}

/// A write whose body says nothing; `May` is what the caller must be.
pub(super) struct Bare<May> {
    pub(super) caller: Caller,
    pub(super) call: Call,
    may: PhantomData<May>,
}

/// A call, perhaps with a key.
pub(super) struct Call(Option<Keyed>);

struct Keyed {
    key: CallKey,
    in_hand: Calls,
}

impl Drop for Keyed {
    fn drop(&mut self) {
        locked(&self.in_hand).remove(&self.key.call);
    }
}

impl<T: DeserializeOwned + PartialSchema, May> FromRequest<Api> for Write<T, May>
where
    May: FromRequestParts<Api, Rejection = Problem> + Into<Caller>,
{
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (mut parts, content) = request.into_parts();
        let caller = May::from_request_parts(&mut parts, api).await.map_err(Problem::into_response)?.into();
        let head = parts.clone();
        let request = Request::from_parts(parts, content);
        let octets = body::octets(request, api).await.map_err(Problem::into_response)?;
        let call = Call::begin(api, &caller, &head, &octets).await?;
        let body = body::read(&octets).map_err(Problem::into_response)?;
        Ok(Self { caller, call, body, may: PhantomData })
    }
}

impl<May> FromRequestParts<Api> for Bare<May>
where
    May: FromRequestParts<Api, Rejection = Problem> + Into<Caller>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Response> {
        let caller = May::from_request_parts(parts, api).await.map_err(Problem::into_response)?.into();
        let call = Call::begin(api, &caller, parts, b"").await?;
        Ok(Self { caller, call, may: PhantomData })
    }
}

impl Call {
    /// Takes the call in hand; what it was answered, if it was made before.
    async fn begin(api: &Api, caller: &Caller, head: &Parts, body: &[u8]) -> Result<Self, Response> {
        let Some(name) = name(&head.headers).map_err(Problem::into_response)? else { return Ok(Self(None)) };
        let (method, path) = (head.method.as_str().as_bytes(), head.uri.path().as_bytes());
        let credential = caller.credential_id();
        let key = api.store.call_key(&[credential.as_bytes(), method, path, &name], body);
        if !locked(&api.in_hand.calls).insert(key.call) {
            let detail = "a call with this Idempotency-Key is being answered just now: try again in a moment";
            return Err(Problem::new(Kind::InProgress, detail).into_response());
        }
        let keyed = Keyed { key, in_hand: api.in_hand.calls.clone() };
        match api.store.answered(key).await {
            Ok(None) => Ok(Self(Some(keyed))),
            Ok(Some(repeated)) => Err(again(repeated)),
            Err(error) => Err(Problem::from(error).into_response()),
        }
    }

    /// Records the fact that the call is about; its answer, made of what was recorded, is kept in the same
    /// transaction.
    pub(super) async fn record(
        self,
        api: &Api,
        fact: NewFact,
        answer: impl Fn(&Recorded) -> Result<Answer, Problem> + Send + Sync + 'static,
    ) -> Response {
        let answer: MakeAnswer = Arc::new(move |result| {
            let answered = result.map_err(|why| why.clone().into()).and_then(&answer);
            answered.unwrap_or_else(|problem| problem.answer())
        });
        let recorded = match &self.0 {
            Some(keyed) => api.recorder.record_once(fact, keyed.key, answer.clone()).await,
            None => api.recorder.record_fact(fact).await,
        };
        match recorded {
            Err(RecordError::Repeated(repeated)) => again(repeated),
            Err(RecordError::Store(error)) => Problem::from(error).into_response(),
            other => respond(answer(other.as_ref())),
        }
    }

    /// Answers a call that does no harm if it is done twice.
    pub(super) async fn answer(self, api: &Api, answer: Answer) -> Response {
        if let Some(keyed) = &self.0
            && let Err(error) = api.store.keep_answer(keyed.key, &answer).await
        {
            return Problem::from(error).into_response();
        }
        respond(answer)
    }
}

/// An answer of this status that says this.
pub(super) fn answer(status: u16, body: &impl Serialize) -> Answer {
    Answer { status, body: serde_json::to_vec(body).unwrap_or_default() }
}

fn again(repeated: Repeated) -> Response {
    match repeated {
        Repeated::Answered(answer) => respond(answer),
        Repeated::OtherRequest => {
            let detail = "this Idempotency-Key was used for another body: a new call needs a new key";
            Problem::new(Kind::KeyReused, detail).into_response()
        }
    }
}

/// The key as it came, quotes and all: who repeats a call repeats its octets.
fn name(headers: &HeaderMap) -> Result<Option<Vec<u8>>, Problem> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    let Some(value) = given.next() else { return Ok(None) };
    let octets = value.as_bytes();
    let fits =
        (1..=LONGEST).contains(&octets.len()) && octets.iter().all(|octet| (0x20..0x7f).contains(octet));
    if !fits || given.next().is_some() {
        let detail = "one key of 1 to 255 printable ASCII characters";
        return Err(Problem::parameter("Idempotency-Key", detail));
    }
    Ok(Some(octets.to_vec()))
}

/// No panic leaves the set half-written.
fn locked(in_hand: &Calls) -> MutexGuard<'_, HashSet<[u8; 32]>> {
    in_hand.0.lock().unwrap_or_else(PoisonError::into_inner)
}
