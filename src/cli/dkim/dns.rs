//! TXT records as DNS has them, asked of the system's resolver or of one that was named. Bounded in time.
//!
//! That DNS does not answer is not the same as that there is nothing.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use mail_auth::MessageAuthenticator;
use mail_auth::hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use mail_auth::hickory_resolver::proto::rr::{Name, RData};
use mail_auth::hickory_resolver::system_conf::read_system_conf;
use tokio::time::timeout;

/// Records at one name that are looked at.
const MOST: usize = 20;
/// For how long an answer is waited for, before it is asked for again, and then given up.
const PATIENCE: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;
/// After so many names in a row without an answer nobody is asked for the others.
const MOST_SILENCES: usize = 3;

/// A resolver.
pub struct Dns {
    authenticator: MessageAuthenticator,
    /// Names in a row that nobody answered for.
    silences: AtomicUsize,
}

/// What DNS says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Found {
        /// Each record's strings joined.
        texts: Vec<Vec<u8>>,
        /// Where the name points by CNAME, if it does.
        alias: Option<String>,
    },
    Nothing,
    /// Nobody answered, or not to the point; for people.
    Silence(String),
}

impl Dns {
    /// The system's, or `server`.
    pub fn new(server: Option<SocketAddr>) -> anyhow::Result<Self> {
        let (config, mut options) = match server {
            Some(server) => (only(server), ResolverOpts::default()),
            None => {
                read_system_conf().context("the system's resolver is not set up: name one by --resolver")?
            }
        };
        options.timeout = PATIENCE;
        options.attempts = ATTEMPTS;
        // What was published a moment ago is what people want to hear of.
        options.cache_size = 0;
        let authenticator = MessageAuthenticator::new(config, options).context("no resolver can be made")?;
        Ok(Self { authenticator, silences: AtomicUsize::new(0) })
    }

    /// For verifying signatures.
    pub fn authenticator(&self) -> &MessageAuthenticator {
        &self.authenticator
    }

    /// The TXT records at this name, which is absolute.
    pub async fn texts(&self, name: &str) -> Answer {
        if self.silences.load(Ordering::Relaxed) >= MOST_SILENCES {
            return Answer::Silence("not asked, since nobody answered before".to_owned());
        }
        let answer = self.ask(name).await;
        match &answer {
            Answer::Silence(_) => self.silences.fetch_add(1, Ordering::Relaxed),
            Answer::Found { .. } | Answer::Nothing => self.silences.swap(0, Ordering::Relaxed),
        };
        answer
    }

    async fn ask(&self, name: &str) -> Answer {
        let Ok(name) = Name::from_ascii(format!("{}.", name.trim_end_matches('.'))) else {
            return Answer::Silence("no name in DNS".to_owned());
        };
        let asked = timeout(PATIENCE * 4, self.authenticator.resolver().txt_lookup(name)).await;
        let lookup = match asked {
            Err(_) => return Answer::Silence("no answer in time".to_owned()),
            Ok(Err(error)) if error.is_no_records_found() => return Answer::Nothing,
            Ok(Err(error)) => return Answer::Silence(error.to_string().chars().take(200).collect()),
            Ok(Ok(lookup)) => lookup,
        };
        let (mut texts, mut alias) = (Vec::new(), None);
        for record in lookup.answers() {
            match &record.data {
                RData::TXT(text) if texts.len() < MOST => texts.push(text.txt_data.concat()),
                RData::CNAME(target) => alias = Some(target.to_ascii().trim_end_matches('.').to_owned()),
                _ => {}
            }
        }
        if texts.is_empty() { Answer::Nothing } else { Answer::Found { texts, alias } }
    }
}

fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut way| {
        way.port = server.port();
        way
    });
    ResolverConfig::from_parts(
        None,
        vec![],
        vec![NameServerConfig::new(server.ip(), true, connections.into())],
    )
}
