//! The demo's DKIM key, made at every start, and the check that a signature verifies under it without DNS.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use mail_auth::{
    AuthenticatedMessage, DkimResult, Error, MessageAuthenticator, Parameters, ResolverCache, Txt,
};

use crate::sign::SigningKey;
use crate::sign::key::{Algorithm, LEAST_BITS, PrivateKey};

const DOMAIN: &str = "shop.example";
const SELECTOR: &str = "demo";

/// The private half for the gateway, the public half for whoever verifies.
pub struct DemoKey {
    record: Txt,
}

impl DemoKey {
    pub fn generate() -> anyhow::Result<(SigningKey, Self)> {
        let (key, pem) = PrivateKey::generate(Algorithm::Rsa, LEAST_BITS)?;
        let parsed = DomainKey::parse(key.record().as_bytes()).map_err(|error| anyhow!("{error}"))?;
        let signing = SigningKey { domain: DOMAIN.into(), selector: SELECTOR.into(), pem };
        Ok((signing, Self { record: Txt::DomainKey(Arc::new(parsed)) }))
    }

    /// The header fields that a valid signature of ours covers, in lower case; an error if there is none.
    pub async fn verify(&self, message: &[u8]) -> anyhow::Result<Vec<String>> {
        let parsed = AuthenticatedMessage::parse(message).context("it can't be parsed")?;
        // Every look-up is answered by the cache, so the resolver is never asked.
        let resolver = MessageAuthenticator::new_cloudflare().map_err(|error| anyhow!("{error}"))?;
        let outputs = resolver.verify_dkim(Parameters::new(&parsed).with_txt_cache(self)).await;
        let ours = outputs.iter().filter(|output| {
            output.signature().is_some_and(|signature| signature.d == DOMAIN && signature.s == SELECTOR)
        });
        let mut failure = "it carries no DKIM signature of ours".to_owned();
        for output in ours {
            match (output.result(), output.signature()) {
                (DkimResult::Pass, Some(signature)) => {
                    return Ok(signature.h.iter().map(|name| name.to_ascii_lowercase()).collect());
                }
                (result, _) => failure = format!("the DKIM signature does not verify: {result:?}"),
            }
        }
        Err(anyhow!(failure))
    }
}

/// All the DNS that the demo needs: one record, and no for everything else.
impl ResolverCache<Box<str>, Txt> for DemoKey {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let own: Box<str> = format!("{SELECTOR}._domainkey.{DOMAIN}.").into();
        let asked_for_ours = <Box<str> as Borrow<Q>>::borrow(&own) == name;
        Some(if asked_for_ours { self.record.clone() } else { Txt::Error(Error::NoHeadersFound) })
    }

    fn remove<Q>(&self, _name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _name: Box<str>, _record: Txt, _valid_until: Instant) {}
}
