//! The policies that a configuration names, and what the two demand of each other.

use std::path::Path;

use super::{Config, PolicySource};
use crate::policy::PolicySet;
use crate::policy::file::{self, Folder, Loaded};
use crate::policy::sender::DomainPattern;
use crate::sign::is_within;
use crate::toml_file::{Mistake, Severity, whole_file};

/// Reads the policies of one configuration, as often as they change.
#[derive(Clone)]
pub struct Reader {
    source: PolicySource,
    /// Domains that a key of ours signs for; `None` where every upstream signs.
    signed: Option<Vec<String>>,
    /// Credentials that networks stand for.
    trusted: Vec<String>,
}

impl Reader {
    pub fn of(config: &Config) -> Self {
        Self {
            source: config.policies.clone(),
            signed: config.signed_domains(),
            trusted: config.smtp.trusted.iter().map(|trusted| trusted.credential.clone()).collect(),
        }
    }

    /// Where they are, if they can change.
    pub fn folder(&self) -> Option<&Path> {
        match &self.source {
            PolicySource::Folder(folder) => Some(folder),
            PolicySource::Shipped => None,
        }
    }

    /// The files as they are now; `None` where they can't change.
    pub fn read(&self) -> Option<Folder> {
        self.folder().map(Folder::read)
    }

    /// Checks what was read.
    pub fn check(&self, folder: &Folder) -> Loaded {
        self.fit(folder.check())
    }

    pub fn load(&self) -> Loaded {
        match &self.source {
            PolicySource::Folder(folder) => self.fit(file::load(folder)),
            PolicySource::Shipped => self.fit(file::parse(&file::shipped())),
        }
    }

    fn fit(&self, loaded: Loaded) -> Loaded {
        let (policies, mut warnings) = loaded?;
        warnings.extend(self.unsigned(&policies));
        warnings.extend(self.unknown_senders(&policies));
        Ok((policies, warnings))
    }

    /// From domains whose mail nobody signs.
    fn unsigned(&self, policies: &PolicySet) -> Vec<Mistake> {
        let Some(own) = &self.signed else { return Vec::new() };
        let signed = |domain: &str| own.iter().any(|own| is_within(domain, own));
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
    fn unknown_senders(&self, policies: &PolicySet) -> Vec<Mistake> {
        let unknown = |credential: &&String| {
            credential.split_once('/').is_none_or(|(sender, _)| policies.sender(sender).is_none())
        };
        let warning = |credential: &String| {
            let message = format!("[[smtp.trusted]] names `{credential}`, a sender without a policy");
            whole_file("optgate.toml", Severity::Warning, message)
        };
        self.trusted.iter().filter(unknown).map(warning).collect()
    }
}
