//! Errors as `application/problem+json`. RFC 9457. For programs and people; never of our insides.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::consent::admit::NotAdmitted;
use crate::credential::NotVerified;
use crate::policy::Reason;
use crate::store::{Answer, RecordError, StoreError};

/// What a `type` begins with; docs/api.md lists them all.
const TYPES: &str = "urn:problem-type:optgate:";

/// When to come back, where it is not known better.
const SOON: Duration = Duration::from_secs(5);

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $status:ident, $name:literal, $title:literal;)*) => {
        /// One a `type`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind { $($(#[$doc])* $kind),* }

        impl Kind {
            #[cfg(test)]
            pub(super) const ALL: &[Kind] = &[$(Kind::$kind),*];

            pub(super) fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status),* }
            }

            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),* }
            }
        }
    };
}

kinds! {
    Malformed => BAD_REQUEST, "malformed", "The body is not JSON";
    Parameter => BAD_REQUEST, "parameter", "A parameter can't be used";
    Unauthorized => UNAUTHORIZED, "unauthorized", "A key is needed";
    Forbidden => FORBIDDEN, "forbidden", "The key does not open this";
    Missing => NOT_FOUND, "missing", "There is no such thing";
    Erased => NOT_FOUND, "erased", "The person was erased";
    /// It was there, and its time is over.
    Gone => GONE, "gone", "It is kept no longer";
    NotAllowed => METHOD_NOT_ALLOWED, "method-not-allowed", "There is no such method";
    NotAcceptable => NOT_ACCEPTABLE, "not-acceptable", "The answer has none of the accepted types";
    /// What is recorded already stands against it.
    Conflict => CONFLICT, "conflict", "What is recorded stands against it";
    /// Well-formed, but not to be had with this sender's policies, or at this time.
    Unfit => CONFLICT, "unfit", "It does not fit the sender's policies or the time";
    InProgress => CONFLICT, "in-progress", "The same call is being answered just now";
    TooLarge => PAYLOAD_TOO_LARGE, "too-large", "The body is too large";
    MediaType => UNSUPPORTED_MEDIA_TYPE, "media-type", "The body has another type";
    Mistaken => UNPROCESSABLE_ENTITY, "mistaken", "The body has mistakes";
    KeyReused => UNPROCESSABLE_ENTITY, "key-reused", "The Idempotency-Key was used for another body";
    TooMany => TOO_MANY_REQUESTS, "too-many", "Too many requests";
    Internal => INTERNAL_SERVER_ERROR, "internal", "This should not have happened";
    Unavailable => SERVICE_UNAVAILABLE, "unavailable", "It can't be done now";
}

/// What went wrong.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    kind: Kind,
    detail: String,
    /// A word of the contract, where a program may want to act on it.
    reason: Option<Reason>,
    mistakes: Vec<Mistake>,
    retry_after: Option<Duration>,
}

/// One thing wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Mistake {
    /// A JSON Pointer (RFC 6901) into the body; empty for the whole body.
    #[schema(example = "/scopes/0")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pointer: Option<String>,
    /// The parameter of path, query or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) parameter: Option<Cow<'static, str>>,
    pub(super) detail: String,
}

impl Mistake {
    pub(super) fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), parameter: None, detail: detail.into() }
    }
}

/// An error, RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document<'a> {
    /// Which problem it is; docs/api.md lists them all.
    #[schema(example = "urn:problem-type:optgate:mistaken")]
    r#type: String,
    title: &'a str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened this time, for people.
    detail: &'a str,
    /// The word of the contract behind it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Reason>,
    /// All that is wrong, each with its place.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [Mistake],
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let retry_after = (kind.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(SOON);
        Self { kind, detail: detail.into(), reason: None, mistakes: Vec::new(), retry_after }
    }

    /// The body has these mistakes; says where and why.
    pub(super) fn mistaken(mistakes: Vec<Mistake>) -> Self {
        Self::listing(Kind::Mistaken, mistakes)
    }

    /// The body is well-formed, but the sender's policies or the clock stand against it.
    pub(super) fn unfit(mistakes: Vec<Mistake>) -> Self {
        Self::listing(Kind::Unfit, mistakes)
    }

    /// The whole body is no JSON.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::listing(Kind::Malformed, vec![Mistake::at("", detail)])
    }

    /// A parameter of path, query or header.
    pub(super) fn parameter(name: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        let mistake = Mistake { pointer: None, parameter: Some(name.into()), detail: detail.into() };
        Self::listing(Kind::Parameter, vec![mistake])
    }

    fn listing(kind: Kind, mistakes: Vec<Mistake>) -> Self {
        let place =
            |one: &Mistake| one.pointer.clone().or_else(|| one.parameter.as_deref().map(str::to_owned));
        let detail = match mistakes.as_slice() {
            [one] => match place(one).filter(|place| !place.is_empty()) {
                Some(place) => format!("{place}: {}", one.detail),
                None => one.detail.clone(),
            },
            several => format!("{} things are wrong", several.len()),
        };
        Self { mistakes, ..Self::new(kind, detail) }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(Kind::Unauthorized, "an API key is needed: Authorization: Bearer KEY")
    }

    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, detail)
    }

    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::new(Kind::Missing, detail)
    }

    /// What is recorded already stands against it.
    pub(super) fn conflict(reason: Option<Reason>, detail: impl Into<String>) -> Self {
        Self { reason, ..Self::new(Kind::Conflict, detail) }
    }

    /// More requests than are taken from this caller; when to come back. RFC 6585, 4.
    pub(super) fn too_many(wait: Duration) -> Self {
        let retry_after = Some(wait + Duration::from_secs(1));
        Self { retry_after, ..Self::new(Kind::TooMany, "more requests than are taken from here: slow down") }
    }

    /// GDPR 17: what was there is gone for good.
    pub(super) fn erased() -> Self {
        let detail = "the person was erased; nothing personal is kept";
        Self { reason: Some(Reason::Erased), ..Self::new(Kind::Erased, detail) }
    }

    pub(super) fn unavailable() -> Self {
        Self::new(Kind::Unavailable, "the records can't be reached; try again")
    }

    pub(super) fn internal() -> Self {
        Self::new(Kind::Internal, "this should not have happened")
    }

    /// As JSON.
    pub(super) fn document(&self) -> Document<'_> {
        Document {
            r#type: format!("{TYPES}{}", self.kind.name()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            reason: self.reason,
            errors: &self.mistakes,
        }
    }

    /// As an answer that may be given again.
    pub(super) fn answer(&self) -> Answer {
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        Answer { status: self.kind.status().as_u16(), body }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = respond(self.answer());
        let headers = response.headers_mut();
        if self.kind == Kind::Unauthorized {
            let scheme = HeaderValue::from_static("Bearer realm=\"optgate\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
        response
    }
}

/// An answer as it goes out: a problem if it is an error, JSON if it says anything.
pub(super) fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if answer.body.is_empty() {
        return status.into_response();
    }
    let error = status.is_client_error() || status.is_server_error();
    let kind = if error { "application/problem+json" } else { "application/json" };
    (status, [(header::CONTENT_TYPE, kind)], answer.body).into_response()
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "an API call can't reach the store");
        Self::unavailable()
    }
}

impl From<NotVerified> for Problem {
    fn from(error: NotVerified) -> Self {
        match error {
            NotVerified::Wrong => Self::unauthorized(),
            NotVerified::Refused { again_in } => Self {
                detail: "too many wrong keys came from your address".to_owned(),
                ..Self::too_many(again_in)
            },
            NotVerified::Busy => Self::unavailable(),
            NotVerified::Store(error) => error.into(),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::NotAdmitted(why @ NotAdmitted::Erased) => {
                Self::conflict(Some(Reason::Erased), why.to_string())
            }
            RecordError::NotAdmitted(
                why @ (NotAdmitted::NothingToUndo
                | NotAdmitted::NothingToConfirm
                | NotAdmitted::PressedTooOften),
            ) => Self::conflict(None, why.to_string()),
            RecordError::NotAdmitted(
                why @ (NotAdmitted::DatedAhead | NotAdmitted::DatedTooEarly | NotAdmitted::PauseOutOfBounds),
            ) => Self::new(Kind::Unfit, why.to_string()),
            RecordError::Unknown => Self::missing("there is no such subscriber"),
            // Who makes calls that are done once answers them from what was kept.
            RecordError::Repeated(_) => Self::internal(),
            RecordError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_problem_has_a_type_of_its_own_that_the_docs_list() {
        let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md")).unwrap();
        let mut names = HashSet::new();
        for kind in Kind::ALL {
            assert!(names.insert(kind.name()), "{kind:?}");
            let row = format!("| `{}` | {} |", kind.name(), kind.status().as_u16());
            assert!(docs.contains(&row), "docs/api.md lacks {row}");
        }
    }
}
