//! A JSON body and an id in a path, read strictly: what is wrong is said with a pointer to it.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use uuid::Uuid;

use super::problem::{Mistake, Problem};

/// A body of this shape; unknown fields are mistakes.
pub(super) struct Body<T>(pub(super) T);

/// The id of a resource. What is no id names nothing: 404.
pub(super) struct Id(pub(super) Uuid);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::wrong_type());
        }
        let read = Bytes::from_request(request, state).await;
        let bytes = read.map_err(|rejection| match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
            _ => Problem::unread("the body ended early"),
        })?;
        parse(&bytes).map(Self).map_err(|mistake| Problem::mistaken(vec![mistake]))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        let id = text.and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or_else(|| Problem::missing("there is nothing under this id"))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Mistake> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Mistake { pointer: pointer(error.path()), detail: error.inner().to_string() })?;
    json.end().map_err(|error| Mistake { pointer: String::new(), detail: error.to_string() })?;
    Ok(value)
}

/// RFC 6901, 3.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    segments.collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::policy::Scope;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        #[expect(dead_code, reason = "only parsed")]
        scopes: Vec<Scope>,
    }

    fn mistake(text: &str) -> Mistake {
        parse::<Shape>(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_mistake_is_pointed_to() {
        assert_eq!(mistake(r#"{"scopes":["a","A b"]}"#).pointer, "/scopes/1");
        assert_eq!(mistake(r#"{"scopes":1}"#).pointer, "/scopes");
        let unknown = mistake(r#"{"scopes":[],"x/y":1}"#);
        assert_eq!(unknown.pointer, "/x~1y");
        assert!(unknown.detail.starts_with("unknown field"), "{}", unknown.detail);
        assert_eq!(mistake("{}").pointer, "");
    }

    #[test]
    fn what_follows_the_document_is_a_mistake() {
        assert!(parse::<Shape>(b"{\"scopes\":[]}").is_ok());
        assert!(parse::<Shape>(b"{\"scopes\":[]} {}").is_err());
        assert!(parse::<Shape>(b"").is_err());
    }
}
