//! `[smtp]`, `[web]` and `[api]`: how tools, subscribers and programs come in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use super::super::certificate::CertificateFiles;
use super::super::raw::{RawApi, RawSmtp, RawTrusted, RawWeb};
use super::super::{Api, Smtp, Web};
use super::{Checker, host, is_loopback, loopback};
use crate::policy::shaping::{Per, Rate};
use crate::smtp::server::{Limits, Trusted};
use crate::toml_file::Given;

/// How often an address may ask for pages: enough for the people behind a company's one address.
const PAGES: Rate = Rate { permits: 60, per: Per::Minute };
/// How often one may call the API: enough for a shop that works off its day, and not for a loop gone wild.
const CALLS: Rate = Rate { permits: 30_000, per: Per::Minute };
/// An office behind one address signs up, and a robot gives up.
const SIGNUPS_PER_IP: Rate = Rate { permits: 20, per: Per::Hour };
const SIGNUPS_PER_KEY: Rate = Rate { permits: 100_000, per: Per::Day };

impl Checker<'_> {
    pub(super) fn smtp(&self, raw: RawSmtp) -> Smtp {
        let plaintext = raw.allow_plaintext_auth.as_ref().is_some_and(|given| given.value);
        let listeners = raw.listen.iter().flat_map(|given| &given.value);
        for listener in listeners.filter(|given| plaintext && !given.value.ip().is_loopback()) {
            let message =
                "no passwords in clear over a network: `allow_plaintext_auth` is for loopback alone";
            self.source.error(&listener.span, message);
        }
        let certificate = self.certificate(raw.certificate, raw.key);
        if let Some(implicit) = raw.implicit_tls.as_ref().filter(|_| certificate.is_none()) {
            self.source.error(&implicit.span, "`implicit_tls` needs `certificate` and `key`");
        }
        if certificate.is_none() && !plaintext && raw.trusted.is_empty() {
            let message =
                "nobody can log in: AUTH needs `certificate`, or `allow_plaintext_auth` on loopback";
            match &raw.listen {
                Some(listen) => self.source.warning(&listen.span, message),
                None => self.source.warning_of_file(message),
            }
        }
        let max_recipients = raw.max_recipients.map(|given| Given {
            value: usize::try_from(given.value).unwrap_or(usize::MAX),
            span: given.span,
            rule: given.rule,
        });
        // RFC 5321, 4.5.3.1.7 asks for 64 KiB at least. A message is held in memory whole.
        let max_message_size =
            self.bounded(raw.max_message_size, 64 << 10..=256 << 20, "octets (256 MiB)", 25 << 20);
        let (max_line, max_header) = self.message_bounds(&raw.limits);
        let limits = self.smtp_limits(raw.limits, max_message_size);
        let trusted = raw.trusted.into_iter().filter_map(|trusted| self.trusted(trusted, &limits)).collect();
        Smtp {
            listen: addresses(raw.listen).unwrap_or_else(|| vec![loopback(2525)]),
            implicit_tls: addresses(raw.implicit_tls).unwrap_or_default(),
            max_message_size,
            max_recipients: self.bounded(max_recipients, 1..=100_000, "recipients", 1_000),
            allow_plaintext_auth: plaintext,
            certificate,
            trusted,
            balancers: self.balancers(raw.proxy_protocol),
            limits,
            max_line,
            max_header,
        }
    }

    fn balancers(&self, given: Option<Given<Vec<Given<IpNet>>>>) -> Vec<IpNet> {
        let networks = given.map(|given| given.value).unwrap_or_default();
        for everybody in networks.iter().filter(|network| network.value.prefix_len() == 0) {
            let message = "this lets everybody say who they are: name the balancers' own networks";
            self.source.error(&everybody.span, message);
        }
        networks.into_iter().map(|network| network.value).collect()
    }

    fn certificate(
        &self,
        certificate: Option<Given<PathBuf>>,
        key: Option<Given<PathBuf>>,
    ) -> Option<CertificateFiles> {
        let (certificate, key) = match (certificate, key) {
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(one), None) | (None, Some(one)) => {
                self.source.error(&one.span, "`certificate` and `key` belong together");
                return None;
            }
            (None, None) => return None,
        };
        let files = CertificateFiles {
            certificate: self.folder.join(&certificate.value),
            key: self.folder.join(&key.value),
        };
        self.rights(&files.key, &key.span);
        if let Err(message) = files.load() {
            self.source.error(&certificate.span, message);
        }
        Some(files)
    }

    fn trusted(&self, raw: RawTrusted, limits: &Limits) -> Option<Trusted> {
        let credential = raw.credential?;
        let parts = credential.value.split_once('/');
        if parts.is_none_or(|(sender, name)| sender.is_empty() || name.is_empty()) {
            self.source.error(&credential.span, "a credential is named `SENDER/NAME`");
        }
        let networks = raw.networks?.value.into_iter().map(|given| given.value).collect();
        let max_connections = self.network_connections(raw.max_connections, limits);
        Some(Trusted { networks, credential: credential.value, max_connections })
    }

    pub(super) fn web(&self, raw: RawWeb) -> Option<Web> {
        let public_url = match raw.public_url {
            Some(given) => public_url(&given.value)
                .inspect_err(|message| self.source.error(&given.span, message.as_str()))
                .ok(),
            None => {
                let message = "`public_url` is missing in [web]: what links in mail begin with";
                self.source.error_of_file(message);
                None
            }
        };
        let body_limit = self.bounded(raw.body_limit, 1 << 10..=16 << 20, "octets (16 MiB)", 64 << 10);
        let (limits, rate) = self.web_limits(raw.limits, PAGES);
        Some(Web {
            listen: raw.listen.map_or(loopback(8080), |given| given.value),
            public_url: public_url?,
            trusted_proxies: match raw.trusted_proxies {
                Some(given) => given.value.into_iter().map(|network| network.value).collect(),
                None => vec![IpAddr::from(Ipv4Addr::LOCALHOST).into()],
            },
            body_limit,
            limits,
            rate,
        })
    }

    pub(super) fn api(&self, raw: RawApi) -> Api {
        let (limits, rate) = self.web_limits(raw.limits, CALLS);
        let typed = |given: Option<Given<Rate>>, default| given.map_or(default, |given| given.value);
        Api {
            listen: raw.listen.map_or(loopback(8081), |given| given.value),
            limits,
            rate,
            signups_per_ip: typed(raw.signups_per_ip, SIGNUPS_PER_IP),
            signups_per_key: typed(raw.signups_per_key, SIGNUPS_PER_KEY),
        }
    }
}

fn addresses(given: Option<Given<Vec<Given<SocketAddr>>>>) -> Option<Vec<SocketAddr>> {
    given.map(|list| list.value.into_iter().map(|given| given.value).collect())
}

/// `https://host[:port][/path]`, http on loopback alone; without the final slash.
fn public_url(text: &str) -> Result<String, String> {
    let (rest, secure) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return Err(format!("`{text}` is no web address such as `https://mail.example.com`")),
    };
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#@\"<>\\".contains(&byte);
    let host = host(rest.split('/').next().unwrap_or_default());
    if host.is_empty() || !rest.bytes().all(plain) {
        return Err("only scheme, host, port and path: links are made from it".to_owned());
    }
    if !secure && !is_loopback(host) {
        return Err(
            "links in mail must be https: mail clients pass over one-click links that are not".to_owned()
        );
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::public_url;

    #[test]
    fn links_are_https_but_on_loopback() {
        assert_eq!(public_url("https://a.example/x/").as_deref(), Ok("https://a.example/x"));
        assert!(public_url("http://127.0.0.1:8080").is_ok() && public_url("http://[::1]:0").is_ok());
        for text in ["http://a.example", "a.example", "https://", "https://a?b", "https://u@a", "https://a b"]
        {
            assert!(public_url(text).is_err(), "{text}");
        }
    }
}
