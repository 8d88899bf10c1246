//! The certificates that SNS signs with, as its host has them: fetched once, kept for a day, never more than a few.
//! One that can't be had is not asked for again at once, so that nobody makes us knock at that door.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::https::{Fetch, Fetched, NotFetched};
use crate::feedback::webhook::ses::{Certificate, Place};

/// So many are kept: SNS has one at a time, and a new one now and then.
const MOST: usize = 8;
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// After a failure nothing is asked for so long.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// Asks, and keeps what it got.
pub struct Certificates {
    fetch: Arc<dyn Fetch>,
    kept: Mutex<Vec<Kept>>,
    /// One at a time asks; when it last came to nothing.
    failed: tokio::sync::Mutex<Option<Timestamp>>,
}

struct Kept {
    place: Place,
    certificate: Arc<Certificate>,
    since: Timestamp,
}

impl Certificates {
    pub fn new(fetch: Arc<dyn Fetch>) -> Self {
        Self { fetch, kept: Mutex::new(Vec::new()), failed: tokio::sync::Mutex::new(None) }
    }

    /// The certificate at this place.
    pub(super) async fn at(&self, place: &Place, now: Timestamp) -> Result<Arc<Certificate>, NotFetched> {
        if let Some(certificate) = self.known(place, now) {
            return Ok(certificate);
        }
        let mut failed = self.failed.lock().await;
        // Somebody else may have fetched it while this one waited.
        if let Some(certificate) = self.known(place, now) {
            return Ok(certificate);
        }
        if failed.is_some_and(|at| now.duration_since(at).abs() < PAUSE) {
            return Err(NotFetched::Paused);
        }
        let read = match self.fetch.fetch(place).await {
            Ok(pem) => Certificate::read(&pem).map_err(|_| NotFetched::NoCertificate),
            Err(error) => Err(error),
        };
        *failed = read.is_err().then_some(now);
        let certificate = Arc::new(read?);
        self.keep(place, certificate.clone(), now);
        Ok(certificate)
    }

    /// Whatever else is at such a place.
    pub(super) async fn fetch(&self, place: &Place) -> Result<Fetched, NotFetched> {
        self.fetch.fetch(place).await
    }

    fn known(&self, place: &Place, now: Timestamp) -> Option<Arc<Certificate>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |one: &&Kept| one.place == *place && now.duration_since(one.since) < KEPT;
        kept.iter().find(is_it).map(|one| one.certificate.clone())
    }

    fn keep(&self, place: &Place, certificate: Arc<Certificate>, since: Timestamp) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.place != *place);
        if kept.len() >= MOST {
            kept.remove(0);
        }
        kept.push(Kept { place: place.clone(), certificate, since });
    }
}
