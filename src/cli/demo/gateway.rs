//! The demo's gateway: a configuration that needs nothing but free loopback ports and a folder, and the
//! two logins that a shop would have.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::clock::Clock;
use crate::config::{Api, Config, PolicySource, Queue, Smtp, Web};
use crate::credential;
use crate::deliver::upstream::{Kind, Settings, Timeouts, Tls};
use crate::mail::message::Bounds;
use crate::policy::Stream;
use crate::policy::shaping::{Per, Rate};
use crate::sign::SigningKey;
use crate::store::{Role, Store};

/// The sender of the shipped policies.
pub const SENDER: &str = "demo-shop";

/// Nobody but the person at the keyboard comes.
const OFTEN: Rate = Rate { permits: 100, per: Per::Second };

/// Ports of 0 are replaced by free ones, in the links too.
pub fn config(data_dir: &Path, upstream: SocketAddr, key: SigningKey) -> Config {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Config {
        feedback: None,
        hostname: "gateway.shop.example".to_owned(),
        data_dir: data_dir.to_owned(),
        policies: PolicySource::Shipped,
        database: format!("sqlite://{}", data_dir.join("optgate.db").display()).into(),
        queue: Queue { lease: Duration::from_secs(60), drain: Duration::from_secs(5) },
        smtp: Smtp {
            listen: vec![free],
            implicit_tls: Vec::new(),
            max_message_size: 25 << 20,
            max_recipients: 1_000,
            allow_plaintext_auth: true,
            certificate: None,
            trusted: Vec::new(),
            balancers: Vec::new(),
            limits: Default::default(),
            max_line: Bounds::MOST.line,
            max_header: Bounds::MOST.header,
        },
        web: Web {
            listen: free,
            public_url: "http://127.0.0.1:0".to_owned(),
            trusted_proxies: Vec::new(),
            body_limit: 64 << 10,
            limits: Default::default(),
            rate: OFTEN,
        },
        api: Api {
            listen: free,
            limits: Default::default(),
            rate: OFTEN,
            signups_per_ip: OFTEN,
            signups_per_key: OFTEN,
        },
        logins: Default::default(),
        webhooks: Vec::new(),
        upstreams: vec![Settings {
            name: "capture".to_owned(),
            host: upstream.ip().to_string(),
            port: upstream.port(),
            tls: Tls::None,
            login: None,
            connections: 2,
            priority: 0,
            weight: 1,
            region: None,
            kind: Kind::Generic,
            signs: false,
            headers: Vec::new(),
            extra_roots: Vec::new(),
            timeouts: Timeouts::default(),
        }],
        dkim: vec![key],
    }
}

/// The secrets of the demo's logins.
pub struct Logins {
    pub smtp: SecretString,
    pub api: SecretString,
}

/// Makes them anew; those of an earlier demo in the same folder end.
pub async fn logins(store: &Store, clock: &Clock) -> anyhow::Result<Logins> {
    let make = async |name: &str, role: Role, streams: Vec<Stream>| -> anyhow::Result<SecretString> {
        store.revoke_credential(SENDER, name).await?;
        let made = credential::make(clock, SENDER, name, role, streams).await;
        store.add_credential(&made.credential).await?;
        Ok(made.secret)
    };
    Ok(Logins {
        smtp: make(SMTP_LOGIN, Role::Smtp, vec![Stream::Marketing, Stream::Functional]).await?,
        api: make("shop-system", Role::Api, Vec::new()).await?,
    })
}

/// The name of the login that submits.
pub const SMTP_LOGIN: &str = "campaigns";

/// Where the demo keeps its data: a folder that was named and stays, or one that goes with it.
pub struct Folder {
    pub path: PathBuf,
    pub temporary: bool,
}

impl Folder {
    pub fn new(named: Option<PathBuf>, clock: &Clock) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let temporary = named.is_none();
        let own = || std::env::temp_dir().join(format!("optgate-demo-{}", clock.id()));
        let path = named.unwrap_or_else(own);
        std::fs::DirBuilder::new().recursive(!temporary).mode(0o700).create(&path)?;
        Ok(Self { path: std::path::absolute(path)?, temporary })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
