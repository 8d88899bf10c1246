//! What was found wrong in content, as the log and the metrics tell it: counted once a message, logged once a
//! campaign and day, however many recipients it has. It decides nothing.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::limits::Recent;
use crate::policy::finding::{FindingName, Handling};
use crate::policy::{Facts, PolicySet};
use crate::telemetry::metrics;

/// How long a finding of a campaign is old news.
const NEWS_FOR: Duration = Duration::from_secs(24 * 3600);
/// So many findings of campaigns are remembered.
const REMEMBERED: usize = 10_000;

/// Sender, campaign and finding.
type Subject = (String, Option<String>, FindingName);

/// Which findings of which campaigns were logged of late.
#[derive(Debug)]
pub struct ContentLog {
    recent: Mutex<Recent<Subject>>,
}

impl Default for ContentLog {
    fn default() -> Self {
        Self { recent: Mutex::new(Recent::new(NEWS_FOR, REMEMBERED)) }
    }
}

impl ContentLog {
    /// Tells of a message that was taken, or refused for good.
    pub(super) fn tell(&self, facts: &Facts, policy: &PolicySet, now: Timestamp) {
        let Some(sender) = policy.sender(&facts.sender) else { return };
        for found in &facts.findings.content {
            let (handling, rule) = sender.stream(facts.stream).handling(found.name);
            if handling == Handling::Ignore {
                continue;
            }
            metrics::content_finding(&facts.sender, facts.stream, found.name);
            let subject = (facts.sender.clone(), facts.campaign.clone(), found.name);
            let times = self.recent.lock().unwrap_or_else(PoisonError::into_inner).add(subject, now);
            if times == 1 {
                tracing::warn!(
                    sender = %facts.sender,
                    credential = %facts.credential,
                    stream = facts.stream.as_str(),
                    campaign = facts.campaign.as_deref(),
                    finding = found.name.as_str(),
                    handling = handling.as_str(),
                    rule = %rule.file,
                    detail = found.detail.as_deref(),
                    "content has something wrong"
                );
            }
        }
    }
}
