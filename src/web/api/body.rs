//! A JSON body, an id in a path and a query, read strictly: what is wrong is said with its place.

mod mistakes;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::Segment;
use utoipa::PartialSchema;
use uuid::Uuid;

use super::problem::{Kind, Mistake, Problem};

/// A body of this shape; unknown fields are mistakes.
pub(super) struct Body<T>(pub(super) T);

/// The id of a resource. What is no id names nothing: 404.
pub(super) struct Id(pub(super) Uuid);

/// The parameters of a query; unknown ones are mistakes.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned + PartialSchema, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Ok(Self(read(&octets(request, state).await?)?))
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

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        let Query(asked) = read.map_err(|error| unreadable(&error.body_text()))?;
        Ok(Self(asked))
    }
}

/// What axum says of a query, as `…: NAME: what is wrong`, told with the parameter's name.
fn unreadable(told: &str) -> Problem {
    let told = told.strip_prefix("Failed to deserialize query string: ").unwrap_or(told);
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match told.split_once(": ") {
        Some((name, detail)) if is_name(name) => Problem::parameter(name.to_owned(), detail),
        _ => Problem::new(Kind::Parameter, told),
    }
}

/// The octets of a JSON body, within the limit.
pub(super) async fn octets<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(Kind::MediaType, "the body must be application/json"));
    }
    let read = Bytes::from_request(request, state).await;
    read.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::TooLarge, "the body is too large"),
        _ => Problem::malformed("the body ended early"),
    })
}

/// The media type of a body, in lower case, without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = media_type(headers);
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// A document of this shape and nothing behind it; else all that is wrong with it.
pub(super) fn read<T: DeserializeOwned + PartialSchema>(octets: &[u8]) -> Result<T, Problem> {
    parse(octets).map_err(|first| match mistakes::all::<T>(octets) {
        all if all.is_empty() => first,
        all => Problem::mistaken(all),
    })
}

/// The same; what is wrong first.
pub(super) fn parse<T: DeserializeOwned>(octets: &[u8]) -> Result<T, Problem> {
    if octets.trim_ascii().is_empty() {
        return Err(Problem::malformed("the body is empty"));
    }
    // Whether it is JSON at all is another question than whether it is of this shape.
    serde_json::from_slice::<IgnoredAny>(octets).map_err(|error| Problem::malformed(error.to_string()))?;
    // A list would be read as an object's fields in their order.
    if !octets.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::mistaken(vec![Mistake::at("", "the body must be a JSON object")]));
    }
    let mut json = serde_json::Deserializer::from_slice(octets);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        Problem::mistaken(vec![Mistake::at(pointer(error.path()), error.inner().to_string())])
    })
}

/// RFC 6901, 3.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(pointer_to(key)),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    segments.collect()
}

/// One step of it.
fn pointer_to(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};
    use utoipa::ToSchema;

    use super::*;
    use crate::policy::Scope;

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        #[expect(dead_code, reason = "only parsed")]
        scopes: Vec<Scope>,
    }

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Larger {
        name: String,
        count: u32,
        scopes: Vec<Scope>,
        inner: Option<Inner>,
        at: Option<u32>,
    }

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Inner {
        given: bool,
        text: Option<String>,
    }

    fn told(text: &str) -> Value {
        let problem = read::<Shape>(text.as_bytes()).map(|_| ()).unwrap_err();
        serde_json::to_value(problem.document()).unwrap()
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let told = |text: &str| {
            let problem = read::<Larger>(text.as_bytes()).map(|_| ()).unwrap_err();
            let told = serde_json::to_value(problem.document()).unwrap();
            let errors = told["errors"].as_array().unwrap().iter();
            let place = |error: &Value| error["pointer"].as_str().unwrap().to_owned();
            let mut places: Vec<String> = errors.map(place).collect();
            places.sort();
            places
        };
        assert_eq!(
            told(r#"{"count":"x","scopes":["a","A b","c","D e"],"inner":{"given":1,"x/y":2},"bogus":3}"#),
            ["", "/bogus", "/count", "/inner/given", "/inner/x~1y", "/scopes/1", "/scopes/3"]
        );
        assert_eq!(told("{}"), ["", "", ""], "each missing field");
        assert_eq!(told(r#"{"name":"a","count":1,"scopes":[],"inner":{}}"#), ["/inner"]);
        assert_eq!(told(r#"{"name":"a","name":"b","count":1,"scopes":[]}"#).len(), 1, "twice");
        assert_eq!(
            told(r#"{"name":"a","count":1,"scopes":7,"inner":[],"at":-1}"#),
            ["/at", "/inner", "/scopes"]
        );
        let many: Vec<String> = (0..500).map(|number| format!("\"x{number}\":1")).collect();
        assert_eq!(told(&format!("{{{}}}", many.join(","))).len(), 100, "and no end of them is not");
    }

    #[test]
    fn a_mistake_is_pointed_to() {
        let pointer = |text: &str| told(text)["errors"][0]["pointer"].clone();
        assert_eq!(pointer(r#"{"scopes":["a","A b"]}"#), "/scopes/1");
        assert_eq!(pointer(r#"{"scopes":1}"#), "/scopes");
        assert_eq!(pointer("{}"), "");
        for other in ["[[\"a\"]]", "[]", " null", "\"scopes\""] {
            assert_eq!(told(other)["detail"], "the body must be a JSON object", "{other}");
        }
        let unknown = told(r#"{"scopes":[],"x/y":1}"#);
        assert_eq!((&unknown["status"], &unknown["errors"][0]["pointer"]), (&json!(422), &json!("/x~1y")));
        assert!(unknown["detail"].as_str().unwrap().starts_with("/x~1y: unknown field"), "{unknown}");
    }

    #[test]
    fn what_is_no_document_is_told_from_one_with_mistakes() {
        assert!(parse::<Shape>(b"{\"scopes\":[]}").is_ok());
        for text in ["{\"scopes\":[]} {}", "", "{", &"[".repeat(10_000)] {
            assert_eq!(told(text)["status"], 400, "{text}");
        }
    }
}
