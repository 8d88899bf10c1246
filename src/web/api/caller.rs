//! Who calls, and what the key's role opens. CONTRACT.md: `api` writes and reads its own sender's
//! subscribers, `compliance` erases too, `ops` sees no addresses. What a handler asks for in its arguments
//! is what its callers need.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use secrecy::SecretString;
use uuid::Uuid;

use super::Api;
use super::problem::Problem;
use crate::credential::NotVerified;
use crate::policy::PolicySet;
use crate::policy::sender::SenderPolicy;
use crate::store::{Credential, Role};
use crate::telemetry::metrics;
use crate::web::client;

/// The longest key, in octets; ours are far shorter.
const KEY_LIMIT: usize = 256;

/// A verified key of any role of the API.
pub(super) struct Caller {
    credential: Arc<Credential>,
    pub(super) policy: Arc<PolicySet>,
}

/// May read and write its sender's subscribers.
pub(super) struct OfSubscribers(pub(super) Caller);

/// May erase them too.
pub(super) struct OfCompliance(pub(super) Caller);

impl Caller {
    /// The sender whose data this key opens, and no other's (invariant 15).
    pub(super) fn sender(&self) -> &str {
        &self.credential.sender
    }

    pub(super) fn role(&self) -> Role {
        self.credential.role
    }

    pub(super) fn credential_id(&self) -> Uuid {
        self.credential.id
    }

    /// `SENDER/NAME`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.credential.sender, self.credential.name)
    }

    /// The sender's policy, if it has one now.
    pub(super) fn known_policy(&self) -> Option<&SenderPolicy> {
        self.policy.sender(self.sender())
    }

    /// The sender's policy, where nothing can be answered without.
    pub(super) fn sender_policy(&self) -> Result<&SenderPolicy, Problem> {
        self.known_policy().ok_or_else(|| Problem::forbidden("the key's sender has no policy file"))
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let key = bearer(&parts.headers).ok_or_else(Problem::unauthorized)?;
        let from = client::of(parts, &api.trusted_proxies);
        let found = api.verifier.key(from, &key).await;
        metrics::login("api", found.as_ref().map_or_else(NotVerified::word, |_| "done"));
        match &found {
            Err(NotVerified::Wrong) => tracing::warn!(peer = api.verifier.shown(from), "API login failed"),
            Err(NotVerified::Refused { .. }) => metrics::limited("api", "max_failures"),
            _ => {}
        }
        let credential = found?;
        match credential.role {
            Role::Smtp => Err(Problem::forbidden("a credential for SMTP opens no API")),
            Role::Api | Role::Compliance | Role::Ops => {
                Ok(Self { credential, policy: api.policies.load_full() })
            }
        }
    }
}

impl From<OfSubscribers> for Caller {
    fn from(OfSubscribers(caller): OfSubscribers) -> Self {
        caller
    }
}

impl From<OfCompliance> for Caller {
    fn from(OfCompliance(caller): OfCompliance) -> Self {
        caller
    }
}

impl FromRequestParts<Api> for OfSubscribers {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        match caller.role() {
            Role::Api | Role::Compliance => Ok(Self(caller)),
            Role::Smtp | Role::Ops => Err(Problem::forbidden("this needs a key of role api or compliance")),
        }
    }
}

impl FromRequestParts<Api> for OfCompliance {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        match caller.role() {
            Role::Compliance => Ok(Self(caller)),
            Role::Smtp | Role::Api | Role::Ops => {
                Err(Problem::forbidden("this needs a key of role compliance"))
            }
        }
    }
}

/// RFC 6750, 2.1. What is there and can be no key is an attempt like any other: an empty one stands for it.
fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, key) = text.split_once(' ').unwrap_or_default();
    let usable = scheme.eq_ignore_ascii_case("bearer") && key.len() <= KEY_LIMIT;
    Some(if usable { key.trim() } else { "" }.into())
}
