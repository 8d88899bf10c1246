//! `[[webhook]]`: what each provider's feed is proved by.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::super::raw::RawWebhook;
use super::Checker;
use crate::deliver::upstream::Kind;
use crate::feedback::webhook::mailgun::Mailgun;
use crate::feedback::webhook::postmark::Postmark;
use crate::feedback::webhook::sendgrid::Sendgrid;
use crate::feedback::webhook::ses::{Certificate, Ses, Topic};
use crate::feedback::webhook::{Provider, Webhook};
use crate::toml_file::Given;

/// It is a part of a URL, and of log lines.
const LONGEST_NAME: usize = 64;

impl Checker<'_> {
    pub(super) fn webhooks(&self, raw: Vec<RawWebhook>) -> Vec<Arc<Webhook>> {
        let mut seen = BTreeSet::new();
        for name in raw.iter().filter_map(|one| one.name.as_ref()) {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if name.value.len() > LONGEST_NAME || !name.value.bytes().all(plain) {
                let message =
                    format!("`{}` can't be part of a URL: letters, digits, `-` and `_`", name.value);
                self.source.error(&name.span, message);
            }
            if !seen.insert(&name.value) {
                self.source.error(&name.span, format!("a webhook named `{}` stands above", name.value));
            }
        }
        raw.into_iter().filter_map(|one| self.webhook(one)).map(Arc::new).collect()
    }

    /// `None` where it can't be used; it has been noted then.
    fn webhook(&self, raw: RawWebhook) -> Option<Webhook> {
        let kind = raw.kind.as_ref()?.value;
        let provider = match kind {
            Kind::Ses => {
                if let Some(file) = &raw.key_file {
                    self.source.error(&file.span, "`ses` has no `key_file`: it signs with a certificate");
                }
                self.ses(raw.topic, raw.certificate_file, &raw.span)
            }
            Kind::Sendgrid | Kind::Mailgun | Kind::Postmark | Kind::Generic => {
                let topic = raw.topic.map(|given| (given.span, "topic"));
                let certificate = raw.certificate_file.map(|given| (given.span, "certificate_file"));
                for (span, key) in topic.into_iter().chain(certificate) {
                    self.source.error(&span, format!("`{key}` belongs to `ses` alone"));
                }
                self.keyed(kind, raw.key_file, &raw.span)
            }
        };
        Some(Webhook { name: raw.name?.value, provider: provider? })
    }

    fn keyed(&self, kind: Kind, file: Option<Given<PathBuf>>, hook: &Range<usize>) -> Option<Provider> {
        let Some(file) = file else {
            self.source.error(hook, "`key_file` is missing: what this provider proves itself with");
            return None;
        };
        let key: SecretString = self.secret(&file)?;
        let provider = match kind {
            Kind::Sendgrid => Sendgrid::new(key.expose_secret()).map(Provider::Sendgrid),
            Kind::Postmark => Postmark::new(key).map(Provider::Postmark),
            Kind::Mailgun => Ok(Provider::Mailgun(Mailgun::new(key))),
            Kind::Ses | Kind::Generic => return None,
        };
        let path = self.folder.join(&file.value);
        let noted = |error: &String| self.source.error(&file.span, format!("{} {error}", path.display()));
        provider.inspect_err(noted).ok()
    }

    fn ses(
        &self,
        topic: Option<Given<String>>,
        file: Option<Given<PathBuf>>,
        hook: &Range<usize>,
    ) -> Option<Provider> {
        let pinned = file.map(|file| self.pinned(&file));
        let Some(topic) = topic else {
            self.source.error(hook, "`topic` is missing: the only one that is believed");
            return None;
        };
        let topic =
            Topic::new(&topic.value).inspect_err(|error| self.source.error(&topic.span, error.clone()));
        let pinned = match pinned {
            None => None,
            Some(certificate) => Some(certificate?),
        };
        Some(Provider::Ses(Ses::new(topic.ok()?, pinned)))
    }

    fn pinned(&self, file: &Given<PathBuf>) -> Option<Certificate> {
        let path = self.folder.join(&file.value);
        let read = std::fs::read(&path).map_err(|error| error.to_string());
        let read = read.and_then(|pem| Certificate::read(&pem));
        read.inspect_err(|error| self.source.error(&file.span, format!("{}: {error}", path.display()))).ok()
    }
}
