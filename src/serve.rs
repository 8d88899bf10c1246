//! The only wiring: config → parts → tasks → ordered drain.

mod data_dir;
mod descriptors;
mod figures;
mod keys;
mod policies;
mod readiness;
pub mod restore;
mod stage;
pub mod systemd;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::policies::Reader;
use crate::config::{Config, Essentials};
use crate::credential::Verifier;
use crate::deliver;
use crate::deliver::choice::Upstreams;
use crate::feed::Feed;
use crate::feedback::acting::Acting;
use crate::feedback::{Feedback, KeysRead};
use crate::intake::{ContentLog, Intake};
use crate::keys::LinkKeys;
use crate::limits::{KeyRate, PeerRate};
use crate::lint::Home;
use crate::mail::message::Bounds;
use crate::outcome::dsn::Notifier;
use crate::policy::PolicySet;
use crate::record::Recorder;
use crate::retention;
use crate::sign::{SignError, Signers, SigningKey};
use crate::smtp::server::{self, Greeting, Taker};
use crate::store::{Store, StoreError, StoreOptions};
use crate::telemetry::metrics;
use crate::web;
use crate::web::measure::measured;
use crate::web::request_id::named;
pub use data_dir::DryRun;
use data_dir::{DataDir, Lock};
use keys::Absent;
use policies::Follower;
pub use policies::log;
use stage::Stage;

/// How soon a rotated link key signs on every node.
const LINK_KEYS_EVERY: Duration = Duration::from_secs(2);
/// What a stage gets beyond its own bound to wind up.
const GRACE: Duration = Duration::from_secs(5);
/// Of one mail that comes back: what RFC 5321, 4.5.3.1.8, asks for.
const RETURNED_RECIPIENTS: usize = 100;

/// A gateway that runs. `drain` ends it in order; dropped, it is told to end and not waited for.
pub struct Running {
    /// In the configuration's order: `listen`, then `implicit_tls`.
    pub smtp: Vec<SocketAddr>,
    pub web: SocketAddr,
    pub api: SocketAddr,
    /// Where mail comes back, if it does.
    pub feedback: Vec<SocketAddr>,
    /// What links begin with.
    pub public_url: String,
    pub store: Store,
    pub recorder: Recorder,
    /// Always the set in force.
    pub policies: Arc<ArcSwap<PolicySet>>,
    signers: Arc<ArcSwap<Signers>>,
    /// Rung to have the policy files read.
    asked: Arc<Notify>,
    stages: Stages,
    ended: mpsc::UnboundedReceiver<&'static str>,
    drain: Duration,
    _lock: Lock,
}

/// In the order in which they end.
struct Stages {
    smtp: Stage,
    feedback: Option<Stage>,
    web: Stage,
    api: Stage,
    deliver: Stage,
    background: Vec<Stage>,
}

/// The listeners, bound before anything is promised.
struct Listeners {
    smtp: Vec<(TcpListener, Greeting)>,
    feedback: Vec<(TcpListener, Greeting)>,
    web: TcpListener,
    api: TcpListener,
}

/// What the stages share.
struct Shared {
    store: Store,
    clock: Clock,
    policies: Arc<ArcSwap<PolicySet>>,
    link_keys: Arc<ArcSwap<LinkKeys>>,
    signers: Arc<ArcSwap<Signers>>,
    recorder: Recorder,
    verifier: Verifier,
    intake: Arc<Intake>,
    queue_changed: Arc<Notify>,
    upstreams: Arc<Upstreams>,
    public_url: String,
}

impl Shared {
    fn acting(&self) -> Acting {
        Acting {
            store: self.store.clone(),
            recorder: self.recorder.clone(),
            policies: self.policies.clone(),
            hearsay: Arc::default(),
        }
    }
}

/// Starts a gateway and returns once it accepts.
pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Running> {
    metrics::start();
    descriptors::see_to_enough(&config);
    let home = DataDir::open(&config.data_dir, &clock)?;
    let lock = home.lock()?;
    let reader = Reader::of(&config);
    let (policies, seen) = policies::first(&reader)?;
    let listeners = bind(&config).await?;
    let store = open_with(&config.essentials(), &home, &clock, Absent::Made).await?;
    make_ready(&store).await?;
    policies::keep(&store, &policies).await?;
    restore::begin(&store).await?;
    let shared = share(&config, store, clock, policies, &listeners).await?;
    tracing::info!(node = %home.node, policy = %shared.policies.load().hash, "gateway starts");
    run(config, (reader, seen), shared, listeners, lock).await
}

/// The store that a configuration names, for a command that runs beside a gateway: refuses a schema that
/// is not this program's, and keys that are not the database's.
pub async fn open(config: &Essentials, clock: &Clock) -> anyhow::Result<Store> {
    let home = DataDir::open(&config.data_dir, clock)?;
    let store = open_with(config, &home, clock, Absent::Refused).await?;
    store.check_schema().await?;
    store.bind_keys().await?;
    Ok(store)
}

/// Brings the schema to this program's version. Returns (from, to).
pub async fn migrate(config: &Essentials, clock: &Clock) -> anyhow::Result<(i64, i64)> {
    let home = DataDir::open(&config.data_dir, clock)?;
    let options = options(config, &home);
    let keys = keys::of(&home, &options, clock, Absent::Made).await?;
    let store = Store::open(&options, Arc::new(keys), clock.clone()).await?;
    let versions = store.migrate().await?;
    store.bind_keys().await?;
    store.close().await;
    Ok(versions)
}

async fn open_with(
    config: &Essentials,
    home: &DataDir,
    clock: &Clock,
    absent: Absent,
) -> anyhow::Result<Store> {
    let options = options(config, home);
    let keys = Arc::new(keys::of(home, &options, clock, absent).await?);
    Ok(Store::open_keeping(&options, keys, clock.clone(), home.journal()?).await?)
}

fn options(config: &Essentials, home: &DataDir) -> StoreOptions {
    StoreOptions { url: config.database.expose_secret().to_owned(), node: home.node, lease: config.lease }
}

/// An empty database is made ready; one of another version waits for `optgate migrate`, since other
/// nodes may still run on it.
async fn make_ready(store: &Store) -> anyhow::Result<()> {
    match store.check_schema().await {
        Err(StoreError::Schema { found: 0, .. }) => {
            let (_, version) = store.migrate().await?;
            tracing::info!(version, "the database was empty and is ready now");
        }
        other => other?,
    }
    store.bind_keys().await?;
    Ok(())
}

async fn bind(config: &Config) -> anyhow::Result<Listeners> {
    let one = async |address: SocketAddr| {
        TcpListener::bind(address).await.with_context(|| format!("can't listen on {address}"))
    };
    let mut smtp = Vec::new();
    for address in &config.smtp.listen {
        smtp.push((one(*address).await?, Greeting::Plain));
    }
    for address in &config.smtp.implicit_tls {
        smtp.push((one(*address).await?, Greeting::ImplicitTls));
    }
    let mut feedback = Vec::new();
    for address in config.feedback.iter().flat_map(|feedback| &feedback.listen) {
        feedback.push((one(*address).await?, Greeting::Plain));
    }
    Ok(Listeners { smtp, feedback, web: one(config.web.listen).await?, api: one(config.api.listen).await? })
}

async fn share(
    config: &Config,
    store: Store,
    clock: Clock,
    policies: PolicySet,
    listeners: &Listeners,
) -> anyhow::Result<Shared> {
    let queue_changed = Arc::new(Notify::new());
    let link_keys = store.link_keys().await?;
    let port = listeners.web.local_addr()?.port();
    let policies = Arc::new(ArcSwap::from_pointee(policies));
    let upstreams = Arc::new(Upstreams::new(config.upstreams.clone(), &config.hostname));
    let public_url = match config.web.public_url.strip_suffix(":0") {
        Some(host) => format!("{host}:{port}"),
        None => config.web.public_url.clone(),
    };
    let intake = Intake {
        store: store.clone(),
        clock: clock.clone(),
        policies: policies.clone(),
        notifier: Notifier { hostname: config.hostname.clone(), upstream: upstreams.null_sender_mail() },
        queue_changed: queue_changed.clone(),
        bounds: Bounds { line: config.smtp.max_line, header: config.smtp.max_header },
        home: Home { public_url: Some(public_url.clone()), signed: config.signed_domains() },
        told: ContentLog::default(),
    };
    Ok(Shared {
        intake: Arc::new(intake),
        recorder: Recorder::new(store.clone(), queue_changed.clone()),
        verifier: Verifier::new(store.clone(), clock.clone(), config.logins),
        policies,
        link_keys: Arc::new(ArcSwap::from_pointee(link_keys)),
        signers: Arc::new(ArcSwap::from_pointee(Signers::new(config.dkim.clone())?)),
        public_url,
        queue_changed,
        upstreams,
        store,
        clock,
    })
}

async fn run(
    config: Config,
    (reader, seen): (Reader, String),
    shared: Shared,
    listeners: Listeners,
    lock: Lock,
) -> anyhow::Result<Running> {
    let (ended, on_end) = mpsc::unbounded_channel();
    let (smtp_addresses, feedback_addresses) = (addresses(&listeners.smtp)?, addresses(&listeners.feedback)?);
    let (web_address, api_address) = (listeners.web.local_addr()?, listeners.api.local_addr()?);
    let drain = config.queue.drain;
    let (mut background, tls) = background(&config, &shared, &ended)?;
    let asked = follow_policies((reader, seen), &shared, &ended, &mut background);
    let smtp = smtp(&config, &shared, listeners.smtp, tls.clone(), &ended);
    let feedback = feedback(&config, &shared, listeners.feedback, tls, &ended);
    let feed = Feed::new(shared.store.clone());
    background.push(Stage::start("feed", &ended, |stop| feed.clone().run(stop)));
    let (store, policies) = (shared.store.clone(), shared.policies.clone());
    background.push(Stage::start("retention", &ended, |stop| retention::run(store, policies, stop)));
    let pages = pages(&config, &shared)?;
    let door = |name, listener, router, limits: &web::listener::Limits| {
        let (limits, proxies) = (limits.clone(), config.web.trusted_proxies.clone());
        move |stop| web::listener::serve(name, listener, router, limits, proxies, stop)
    };
    let web = Stage::start("web", &ended, door("web", listeners.web, pages, &config.web.limits));
    let api = Stage::start("api", &ended, |stop| {
        let api = api(&config, &shared, feed, stop.clone());
        door("api", listeners.api, api, &config.api.limits)(stop)
    });
    let deliver = departure(config, &shared, &ended)?;
    background.shrink_to_fit();
    let returned = feedback.as_ref().map(|_| tracing::field::debug(&feedback_addresses));
    tracing::info!(smtp = ?smtp_addresses, feedback = returned, web = %web_address, api = %api_address, "gateway accepts");
    systemd::ready();
    Ok(Running {
        smtp: smtp_addresses,
        web: web_address,
        api: api_address,
        feedback: feedback_addresses,
        public_url: shared.public_url,
        store: shared.store,
        recorder: shared.recorder,
        policies: shared.policies,
        signers: shared.signers,
        asked,
        stages: Stages { smtp, feedback, web, api, deliver, background },
        ended: on_end,
        drain,
        _lock: lock,
    })
}

fn pages(config: &Config, shared: &Shared) -> anyhow::Result<web::Router> {
    let pages = web::pages::router(web::pages::Pages {
        store: shared.store.clone(),
        intake: shared.intake.clone(),
        recorder: shared.recorder.clone(),
        clock: shared.clock.clone(),
        policies: shared.policies.clone(),
        link_keys: shared.link_keys.clone(),
        trusted_proxies: config.web.trusted_proxies.clone(),
        body_limit: config.web.body_limit,
        rate: Arc::new(PeerRate::new(config.web.rate)),
    });
    let pages = if config.webhooks.is_empty() { pages } else { pages.merge(hooks(config, shared)?) };
    Ok(named(measured(pages, "web"), shared.clock.clone()))
}

/// Where providers tell what came back.
fn hooks(config: &Config, shared: &Shared) -> anyhow::Result<web::Router> {
    let https = web::hooks::Https::new().map_err(anyhow::Error::msg)?;
    Ok(web::hooks::router(web::hooks::Hooks {
        webhooks: config.webhooks.clone(),
        store: shared.store.clone(),
        clock: shared.clock.clone(),
        policies: shared.policies.clone(),
        act: Arc::new(shared.acting()),
        certificates: Arc::new(web::hooks::Certificates::new(Arc::new(https))),
        trusted_proxies: config.web.trusted_proxies.clone(),
        refusals: Arc::new(PeerRate::new(config.web.rate)),
    }))
}

fn api(config: &Config, shared: &Shared, feed: Feed, stopping: CancellationToken) -> web::Router {
    let api = web::api::router(web::api::Api {
        store: shared.store.clone(),
        intake: shared.intake.clone(),
        recorder: shared.recorder.clone(),
        clock: shared.clock.clone(),
        policies: shared.policies.clone(),
        verifier: shared.verifier.clone(),
        upstreams: shared.upstreams.clone(),
        trusted_proxies: config.web.trusted_proxies.clone(),
        rate: Arc::new(PeerRate::new(config.api.rate)),
        signups: Arc::new(web::api::SignupRates {
            per_ip: PeerRate::new(config.api.signups_per_ip),
            per_key: KeyRate::new(config.api.signups_per_key),
        }),
        feed,
        stopping,
        in_hand: web::api::InHand::default(),
    });
    named(measured(api, "api"), shared.clock.clone())
}

type Ended = mpsc::UnboundedSender<&'static str>;
type ServerTls = Option<Arc<rustls::ServerConfig>>;

fn background(config: &Config, shared: &Shared, ended: &Ended) -> anyhow::Result<(Vec<Stage>, ServerTls)> {
    let (store, link_keys, counted) = (shared.store.clone(), shared.link_keys.clone(), shared.store.clone());
    let (journal_of, queue_changed) = (shared.store.clone(), shared.queue_changed.clone());
    let asked = shared.store.clone();
    let mut stages = vec![
        Stage::start("link keys", ended, |stop| follow_link_keys(store, link_keys, stop)),
        Stage::start("journal", ended, |stop| restore::follow(journal_of, queue_changed, stop)),
        Stage::start("metrics", ended, metrics::upkeep),
        Stage::start("service manager", ended, systemd::live),
        Stage::start("queue figures", ended, |stop| figures::follow(counted, stop)),
        Stage::start("readiness", ended, |stop| readiness::follow(asked, stop)),
    ];
    let mut tls = None;
    if let Some(files) = config.smtp.certificate.clone() {
        let certificate = tls::Certificate::load(files)?;
        tls = Some(certificate.server_config()?);
        stages.push(Stage::start("certificate", ended, |stop| certificate.follow(stop)));
    }
    Ok((stages, tls))
}

/// Returns what is rung to have the files read at once.
fn follow_policies(
    (reader, seen): (Reader, String),
    shared: &Shared,
    ended: &Ended,
    stages: &mut Vec<Stage>,
) -> Arc<Notify> {
    let asked = Arc::new(Notify::new());
    let follower = Follower {
        reader,
        clock: shared.clock.clone(),
        store: shared.store.clone(),
        in_force: shared.policies.clone(),
        seen,
        asked: asked.clone(),
        queue_changed: shared.queue_changed.clone(),
    };
    stages.push(Stage::start("policies", ended, |stop| follower.follow(stop)));
    asked
}

fn smtp(
    config: &Config,
    shared: &Shared,
    listeners: Vec<(TcpListener, Greeting)>,
    tls: ServerTls,
    ended: &Ended,
) -> Stage {
    let settings = server::Settings {
        hostname: config.hostname.clone(),
        max_message_size: config.smtp.max_message_size,
        max_recipients: config.smtp.max_recipients,
        allow_plaintext_auth: config.smtp.allow_plaintext_auth,
        tls,
        trusted: config.smtp.trusted.clone(),
        balancers: config.smtp.balancers.clone(),
        limits: config.smtp.limits.clone(),
    };
    let taker = Taker::Submission(shared.intake.clone());
    let (verifier, drain) = (shared.verifier.clone(), config.queue.drain);
    Stage::start("smtp", ended, |stop| server::serve(listeners, settings, taker, verifier, stop, drain))
}

/// Where mail comes back, if configuration says so. Nobody is trusted and nobody logs in.
fn feedback(
    config: &Config,
    shared: &Shared,
    listeners: Vec<(TcpListener, Greeting)>,
    tls: ServerTls,
    ended: &Ended,
) -> Option<Stage> {
    let own = config.feedback.as_ref()?;
    let settings = server::Settings {
        hostname: config.hostname.clone(),
        max_message_size: own.max_message_size,
        max_recipients: RETURNED_RECIPIENTS,
        allow_plaintext_auth: false,
        tls,
        trusted: Vec::new(),
        balancers: config.smtp.balancers.clone(),
        limits: own.limits.clone(),
    };
    let taker = Taker::Feedback(Arc::new(Feedback {
        domain: own.domain.clone(),
        store: shared.store.clone(),
        clock: shared.clock.clone(),
        recorder: shared.recorder.clone(),
        acting: shared.acting(),
        notifier: shared.intake.notifier.clone(),
        policies: shared.policies.clone(),
        link_keys: shared.link_keys.clone(),
        keys_read: KeysRead::default(),
        queue_changed: shared.queue_changed.clone(),
    }));
    let (verifier, drain) = (shared.verifier.clone(), config.queue.drain);
    Some(Stage::start("feedback", ended, |stop| {
        server::serve(listeners, settings, taker, verifier, stop, drain)
    }))
}

fn addresses(listeners: &[(TcpListener, Greeting)]) -> std::io::Result<Vec<SocketAddr>> {
    listeners.iter().map(|(listener, _)| listener.local_addr()).collect()
}

fn departure(config: Config, shared: &Shared, ended: &Ended) -> anyhow::Result<Stage> {
    let parts = deliver::Parts {
        store: shared.store.clone(),
        clock: shared.clock.clone(),
        policies: shared.policies.clone(),
        link_keys: shared.link_keys.clone(),
        signers: shared.signers.clone(),
        upstreams: shared.upstreams.clone(),
        hostname: config.hostname,
        public_url: shared.public_url.clone(),
        acting: shared.acting(),
        feedback_domain: config.feedback.map(|own| own.domain),
        lease: config.queue.lease,
        queue_changed: shared.queue_changed.clone(),
    };
    let drain = config.queue.drain;
    Ok(Stage::start("deliver", ended, |stop| deliver::run(parts, stop, drain)))
}

/// A rotation on any node is in force here soon; while the store can't be read the old keys serve.
async fn follow_link_keys(store: Store, link_keys: Arc<ArcSwap<LinkKeys>>, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(LINK_KEYS_EVERY)).await.is_some() {
        match shutdown.run_until_cancelled(store.link_keys()).await {
            Some(Ok(keys)) => link_keys.store(Arc::new(keys)),
            Some(Err(error)) => tracing::warn!(%error, "link keys can't be read anew"),
            None => return,
        }
    }
}

impl Running {
    /// Waits until a part ends that should not; its name. Then it is time to drain.
    pub async fn part_ended(&mut self) -> &'static str {
        self.ended.recv().await.unwrap_or("gateway")
    }

    /// Has the policy files read now, changed or not.
    pub fn reload(&self) {
        self.asked.notify_one();
    }

    /// Signs with these keys from the next copy on. With keys that can't be used the old ones stay.
    pub fn sign_with(&self, keys: Vec<SigningKey>) -> Result<(), SignError> {
        let signers = Signers::new(keys)?;
        let name = |(domain, selector, _): (&str, &str, _)| format!("{selector}._domainkey.{domain}");
        let keys: Vec<String> = signers.keys().map(name).collect();
        tracing::info!(?keys, "DKIM keys are read anew");
        self.signers.store(Arc::new(signers));
        Ok(())
    }

    /// Takes no more, finishes what is in hand within bounds, leaves the rest spooled.
    pub async fn drain(self) {
        let bound = self.drain + GRACE;
        systemd::stopping();
        tracing::info!("gateway drains");
        let feedback = async {
            if let Some(feedback) = self.stages.feedback {
                feedback.end(bound).await;
            }
        };
        tokio::join!(self.stages.smtp.end(bound), feedback);
        tokio::join!(self.stages.web.end(bound), self.stages.api.end(bound));
        self.stages.deliver.end(bound).await;
        for stage in self.stages.background {
            stage.end(GRACE).await;
        }
        if tokio::time::timeout(bound, self.store.close()).await.is_err() {
            tracing::warn!("the database did not close in time");
        }
        tracing::info!("gateway ended");
    }
}
