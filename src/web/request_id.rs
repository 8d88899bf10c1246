//! `X-Request-Id`: what a caller's log and ours have in common. One that came is taken if it is harmless, else
//! one is made; it is answered, and stands in each line that the request logs.
//!
//! Never takes what could be an address or break a line (invariant 11).

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use tracing::Instrument as _;

use crate::clock::Clock;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken, in octets.
const LONGEST: usize = 128;

/// Names all requests of a listener.
pub fn named(router: axum::Router, clock: Clock) -> axum::Router {
    router.layer(from_fn(move |mut request: Request, next: Next| {
        let clock = clock.clone();
        async move {
            let id = given(&request).unwrap_or_else(|| clock.id().to_string());
            let span = tracing::info_span!("request", request_id = %id);
            let value = HeaderValue::from_str(&id).ok();
            if let Some(value) = value.clone() {
                request.headers_mut().insert(X_REQUEST_ID, value);
            }
            let mut response = next.run(request).instrument(span).await;
            if let Some(value) = value {
                response.headers_mut().insert(X_REQUEST_ID, value);
            }
            response
        }
    }))
}

fn given(request: &Request) -> Option<String> {
    let text = request.headers().get(X_REQUEST_ID)?.to_str().ok()?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+/=~".contains(&byte);
    ((1..=LONGEST).contains(&text.len()) && text.bytes().all(fits)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn taken(id: &[u8]) -> bool {
        let request = Request::builder().header(X_REQUEST_ID, HeaderValue::from_bytes(id).unwrap());
        given(&request.body(Body::empty()).unwrap()).is_some()
    }

    #[test]
    fn only_a_harmless_id_is_taken() {
        assert!(taken(b"0193a000-0000-7000-8000-000000000000") && taken(b"req_1:a/b+c=~."));
        let long = [b'a'; LONGEST + 1];
        for id in [b"".as_slice(), b"a b", b"anna@example.se", b"a\"b", b"a\tb", "å".as_bytes(), &long] {
            assert!(!taken(id), "{id:?}");
        }
    }
}
