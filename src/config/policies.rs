//! The policies that a configuration names, and what the two demand of each other.

use super::{Config, PolicySource};
use crate::policy::PolicySet;
use crate::policy::file::{self, Loaded};
use crate::policy::sender::DomainPattern;
use crate::toml_file::{Mistake, Severity, whole_file};

/// Reads the policies; what doesn't fit the configuration is among the warnings.
pub fn load(config: &Config) -> Loaded {
    let (policies, mut warnings) = match &config.policies {
        PolicySource::Folder(folder) => file::load(folder)?,
        PolicySource::Shipped => file::parse(&file::shipped())?,
    };
    warnings.extend(unsigned(config, &policies));
    warnings.extend(unknown_senders(config, &policies));
    Ok((policies, warnings))
}

/// From domains whose mail nobody signs.
fn unsigned(config: &Config, policies: &PolicySet) -> Vec<Mistake> {
    if config.upstreams.iter().all(|upstream| upstream.signs) {
        return Vec::new();
    }
    let signed = |domain: &str| {
        let serves =
            |own: &str| domain.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        config.dkim.iter().any(|key| serves(&key.domain))
    };
    let mut warnings = Vec::new();
    for sender in policies.senders.values() {
        for pattern in &sender.from_domains {
            let (DomainPattern::Exact(domain) | DomainPattern::Below(domain)) = pattern;
            if !signed(domain) {
                let message = format!(
                    "mail from {domain} goes unsigned: it has no [[dkim]] key, and not every [[upstream]] signs"
                );
                warnings.push(whole_file(&sender.rule.file, Severity::Warning, message));
            }
        }
    }
    warnings
}

/// Networks that stand for a credential of a sender whom no policy knows.
fn unknown_senders(config: &Config, policies: &PolicySet) -> Vec<Mistake> {
    let unknown = |credential: &&str| {
        credential.split_once('/').is_none_or(|(sender, _)| policies.sender(sender).is_none())
    };
    let credentials = config.smtp.trusted.iter().map(|trusted| trusted.credential.as_str());
    let warning = |credential: &str| {
        let message = format!("[[smtp.trusted]] names `{credential}`, a sender without a policy");
        whole_file("optgate.toml", Severity::Warning, message)
    };
    credentials.filter(unknown).map(warning).collect()
}
