//! What is shown when a page can't do what was asked. It never says what was wrong with a link, and never
//! that something was done.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;

use super::view::{Message, Words, show};
use super::visitor::Visitor;
use crate::consent::admit::NotAdmitted;
use crate::intake::NotSent;
use crate::store::{RecordError, StoreError};

/// Why there is no page, or not the one that was asked for.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// No such page; a link that is not ours, whatever is wrong with it.
    Missing,
    /// The link of an erased person.
    NothingKept,
    /// The store does not answer.
    Later,
    /// The visitor's address comes too often; how long to wait.
    TooMany(Duration),
    /// The body can't be read.
    Unread,
    TooLarge,
    NotAllowed,
}

impl Trouble {
    pub(super) fn page(&self, visitor: &Visitor) -> Response {
        let (status, title, body) = match self {
            Self::Missing => (StatusCode::NOT_FOUND, "missing-title", "missing-body"),
            Self::NothingKept => (StatusCode::OK, "nothing-title", "nothing-body"),
            Self::Later => (StatusCode::SERVICE_UNAVAILABLE, "later-title", "later-body"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "many-title", "many-body"),
            Self::Unread => (StatusCode::BAD_REQUEST, "unread-title", "unread-body"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "unread-title", "unread-body"),
            Self::NotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "unread-title", "unread-body"),
        };
        let words = Words::new(visitor.language.unwrap_or("en"), "");
        let mut response = show(status, &Message { words, title, body, choose: None });
        let wait = match self {
            Self::Later => Some(120),
            Self::TooMany(wait) => Some(wait.as_secs() + 1),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a page can't reach the store");
        Self::Later
    }
}

impl From<NotSent> for Trouble {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::Store(error) => error.into(),
            error => {
                tracing::error!(%error, "a page can't send a mail");
                Self::Later
            }
        }
    }
}

impl From<RecordError> for Trouble {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::NotAdmitted(NotAdmitted::Erased) => Self::NothingKept,
            RecordError::Unknown => Self::Missing,
            RecordError::Store(error) => error.into(),
            // No page makes calls that are done once.
            error @ (RecordError::NotAdmitted(_) | RecordError::Repeated(_)) => {
                tracing::error!(%error, "a choice made on a page was not admitted");
                Self::Later
            }
        }
    }
}
