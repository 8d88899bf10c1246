//! Errors as `application/problem+json`. RFC 9457. For programs and people; never of our insides.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::consent::admit::NotAdmitted;
use crate::credential::NotVerified;
use crate::policy::Reason;
use crate::store::{RecordError, StoreError};

/// After what is unavailable, one may come again in so many seconds.
const SOON: u64 = 5;

/// What went wrong.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    /// A word of the contract, where a program may want to act on it.
    reason: Option<Reason>,
    mistakes: Vec<Mistake>,
    /// In how many seconds to come again.
    again_in: Option<u64>,
}

/// One thing wrong in a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Mistake {
    /// A JSON pointer (RFC 6901); empty for the whole body.
    pub(super) pointer: String,
    pub(super) detail: String,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Mistake],
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), reason: None, mistakes: Vec::new(), again_in: None }
    }

    /// The body can't be used; says where and why.
    pub(super) fn mistaken(mistakes: Vec<Mistake>) -> Self {
        let detail = match mistakes.as_slice() {
            [one] if one.pointer.is_empty() => one.detail.clone(),
            [one] => format!("{}: {}", one.pointer, one.detail),
            several => format!("{} things are wrong with the body", several.len()),
        };
        Self { mistakes, ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// The whole body is wrong.
    pub(super) fn unread(detail: impl Into<String>) -> Self {
        Self::mistaken(vec![Mistake { pointer: String::new(), detail: detail.into() }])
    }

    pub(super) fn wrong_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be application/json")
    }

    pub(super) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "an API key is needed: Authorization: Bearer KEY")
    }

    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "this resource has no such method")
    }

    /// What is recorded already stands against it.
    pub(super) fn conflict(reason: Option<Reason>, detail: impl Into<String>) -> Self {
        Self { reason, ..Self::new(StatusCode::CONFLICT, detail) }
    }

    pub(super) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the records can't be reached; try again")
    }

    /// RFC 6585, 4.
    pub(super) fn too_many(again_in: Duration) -> Self {
        let again_in = Some(again_in.as_secs() + 1);
        Self { again_in, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests from your address") }
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "this should not have happened")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            reason: self.reason,
            errors: &self.mistakes,
        };
        let text = serde_json::to_string(&document).unwrap_or_default();
        let mut response = (self.status, text).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"optgate\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        let wait = (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(SOON);
        if let Some(seconds) = self.again_in.or(wait) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
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
            RecordError::NotAdmitted(why @ NotAdmitted::NothingToUndo) => {
                Self::conflict(None, why.to_string())
            }
            RecordError::NotAdmitted(why @ NotAdmitted::DatedAhead) => Self::unread(why.to_string()),
            RecordError::Unknown => Self::missing("there is no such subscriber"),
            RecordError::Store(error) => error.into(),
        }
    }
}
