//! A gateway's HTTP side on loopback, with a clock that the test drives.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use jiff::Timestamp;
use optgate::clock::Clock;
use optgate::consent::event::{Acquaintance, OptIn};
use optgate::consent::token::{self, Link, Purpose};
use optgate::consent::{Event, EventKind};
use optgate::credential::{self, Patience, Verifier};
use optgate::deliver::choice::Upstreams;
use optgate::feed::Feed;
use optgate::intake::{ContentLog, Intake};
use optgate::keys::{Keys, LinkKeys};
use optgate::limits::{KeyRate, PeerRate};
use optgate::mail::Address;
use optgate::mail::message::Bounds;
use optgate::outcome::dsn::Notifier;
use optgate::policy::shaping::{Per, Rate};
use optgate::policy::{PolicySet, Scope, file};
use optgate::record::{Provenance, Recorder};
use optgate::store::{Role, Store, StoreOptions, Subscriber, Who};
use optgate::web::request_id::named;
use optgate::web::{api, pages};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The delivery that the links of these tests came with.
pub const DELIVERY: Uuid = Uuid::from_u128(77);
pub const ANNA: &str = "anna@example.se";

/// `one_click` is left out here; `senders` adds it.
const SHOP: &str = r#"
id = "shop"
name = "Demo <Shop> & Co"
postal_address = "Storgatan 1, 111 22 Stockholm, Sweden"
from_domains = ["shop.example"]
default_jurisdiction = "se"
default_locale = "sv"

[scopes.apparel]
title = { en = "Clothing", sv = "Kläder", de = "Kleidung" }
[scopes."apparel.tshirts"]
title = { en = "T-shirts", sv = "T-shirts" }
[scopes."apparel.trousers"]
title = { en = "Trousers", sv = "Byxor" }
[scopes."furniture.office"]
title = { en = "Office furniture" }

[[similar]]
bought = "apparel.tshirts"
allows = ["apparel"]
"#;

pub struct Gateway {
    pub store: Store,
    pub recorder: Recorder,
    pub clock: Clock,
    pub feed: Feed,
    pub http: reqwest::Client,
    pub policies: Arc<ArcSwap<PolicySet>>,
    link_keys: Arc<ArcSwap<LinkKeys>>,
    web: String,
    api: String,
    _folder: tempfile::TempDir,
}

impl Gateway {
    pub async fn start() -> Self {
        Self::with("").await
    }

    /// With more lines in the sender's file.
    pub async fn with(more: &str) -> Self {
        Self::limited(more, 100_000, 100_000).await
    }

    /// Where another pack judges whom nothing else tells of.
    pub async fn with_pack(id: &str, pack: &str) -> Self {
        Self::on(policies("", Some((id, pack))), 100_000, 100_000).await
    }

    /// With so many pages and calls a minute for an address.
    pub async fn limited(more: &str, pages_rate: u32, calls_rate: u32) -> Self {
        Self::on(policies(more, None), pages_rate, calls_rate).await
    }

    async fn on(policies: PolicySet, pages_rate: u32, calls_rate: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::driven("2026-11-21T12:00:00Z".parse().unwrap());
        let options = StoreOptions {
            url: format!("sqlite://{}", folder.path().join("optgate.db").display()),
            node: Uuid::from_u128(1),
            lease: Duration::from_secs(60),
        };
        let store = Store::open(&options, Arc::new(Keys::generate()), clock.clone()).await.unwrap();
        store.migrate().await.unwrap();
        store.bind_keys().await.unwrap();
        let policies = Arc::new(ArcSwap::from_pointee(policies));
        let link_keys = Arc::new(ArcSwap::from_pointee(store.link_keys().await.unwrap()));
        let recorder = Recorder::new(store.clone(), Arc::new(Notify::new()));
        let patience = Patience { slowest: Duration::from_millis(16), ..Patience::default() };
        let upstreams = Arc::new(Upstreams::new(Vec::new(), "gateway.test"));
        let intake = Arc::new(Intake {
            store: store.clone(),
            clock: clock.clone(),
            policies: policies.clone(),
            notifier: Notifier { hostname: "gateway.test".into(), upstream: upstreams.null_sender_mail() },
            queue_changed: Arc::new(Notify::new()),
            bounds: Bounds::MOST,
            home: Default::default(),
            told: ContentLog::default(),
        });
        let web = serve(pages::router(pages::Pages {
            store: store.clone(),
            intake: intake.clone(),
            recorder: recorder.clone(),
            clock: clock.clone(),
            policies: policies.clone(),
            link_keys: link_keys.clone(),
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
            body_limit: 64 * 1024,
            rate: rate(pages_rate),
        }))
        .await;
        let feed = Feed::new(store.clone());
        let api = api::router(api::Api {
            store: store.clone(),
            intake,
            recorder: recorder.clone(),
            clock: clock.clone(),
            policies: policies.clone(),
            verifier: Verifier::new(store.clone(), clock.clone(), patience),
            upstreams,
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
            rate: rate(calls_rate),
            signups: Arc::new(api::SignupRates {
                per_ip: PeerRate::new(Rate { permits: 20, per: Per::Hour }),
                per_key: KeyRate::new(Rate { permits: 100, per: Per::Day }),
            }),
            feed: feed.clone(),
            stopping: CancellationToken::new(),
            in_hand: api::InHand::default(),
        });
        let api = serve(named(documented(api), clock.clone())).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { store, recorder, clock, feed, http, policies, link_keys, web, api, _folder: folder }
    }

    /// A confirmed opt-in, some days ago.
    pub async fn opted_in(&self, address: &str, scopes: &[&str]) -> Uuid {
        let scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        self.fact(address, EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes }).await
    }

    pub async fn bought(&self, address: &str, scope: &str) -> Uuid {
        let scope = scope.parse().unwrap();
        self.fact(address, EventKind::Acquainted { how: Acquaintance::Purchase, scope, notice: true }).await
    }

    async fn fact(&self, address: &str, kind: EventKind) -> Uuid {
        let who = Who::Address(address.parse().unwrap());
        let at: Timestamp = "2026-11-10T08:00:00Z".parse().unwrap();
        let provenance = Provenance { channel: "test".into(), ..Provenance::default() };
        self.recorder.record("shop", who, kind, Some(at), provenance).await.unwrap().subscriber.id
    }

    /// Someone whose recorded language is this.
    pub async fn speaks(&self, address: &str, locale: &str) -> Uuid {
        let who = Who::Address(address.parse().unwrap());
        let kind = EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec!["apparel".parse().unwrap()] };
        let provenance =
            Provenance { channel: "test".into(), locale: Some(locale.into()), ..Provenance::default() };
        self.recorder.record("shop", who, kind, None, provenance).await.unwrap().subscriber.id
    }

    /// A fact that somebody tells now.
    pub async fn tell(&self, address: &str, kind: EventKind) {
        let who = Who::Address(address.parse().unwrap());
        let provenance = Provenance { channel: "test".into(), ..Provenance::default() };
        self.recorder.record("shop", who, kind, None, provenance).await.unwrap();
    }

    pub fn token(&self, purpose: Purpose, subscriber: Uuid, scope: Option<&str>) -> String {
        let scope: Option<Scope> = scope.map(|scope| scope.parse().unwrap());
        let link = Link { purpose, subscriber, scope, delivery: DELIVERY };
        token::seal(&self.link_keys.load(), &link)
    }

    /// As it is mailed by this delivery.
    pub fn token_of(&self, purpose: Purpose, subscriber: Uuid, delivery: Uuid) -> String {
        token::seal(&self.link_keys.load(), &Link { purpose, subscriber, scope: None, delivery })
    }

    pub fn unsubscribe_link(&self, subscriber: Uuid, scope: Option<&str>) -> String {
        format!("{}/u/{}", self.web, self.token(Purpose::Unsubscribe, subscriber, scope))
    }

    pub fn preferences_link(&self, subscriber: Uuid) -> String {
        format!("{}/p/{}", self.web, self.token(Purpose::Preferences, subscriber, None))
    }

    pub fn web(&self, path: &str) -> String {
        format!("{}{path}", self.web)
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}{path}", self.api)
    }

    /// The link keys as the database has them now.
    pub async fn reload_link_keys(&self) {
        self.link_keys.store(Arc::new(self.store.link_keys().await.unwrap()));
    }

    pub async fn get(&self, url: &str) -> (u16, String) {
        answer(self.http.get(url).send().await.unwrap()).await
    }

    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> (u16, String) {
        answer(self.http.post(url).form(form).send().await.unwrap()).await
    }

    pub async fn history(&self, subscriber: Uuid) -> Vec<(Event, Option<serde_json::Value>)> {
        self.store.history("shop", subscriber).await.unwrap()
    }

    pub async fn kinds(&self, subscriber: Uuid) -> Vec<EventKind> {
        self.history(subscriber).await.into_iter().map(|(event, _)| event.kind).collect()
    }

    pub async fn known(&self, sender: &str, address: &str) -> Option<Subscriber> {
        let address: Address = address.parse().unwrap();
        self.store.consent_of(sender, &[address]).await.unwrap().pop().unwrap()
    }

    /// A new key for the API.
    pub async fn key(&self, sender: &str, role: Role) -> String {
        let name = format!("key-{}", self.clock.id());
        let made = credential::make(&self.clock, sender, &name, role, Vec::new()).await;
        self.store.add_credential(&made.credential).await.unwrap();
        made.secret.expose_secret().to_owned()
    }
}

pub async fn answer(response: reqwest::Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

pub fn withdrawal(scopes: &[&str]) -> EventKind {
    let scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
    EventKind::Withdrawal { scopes, complaint: false }
}

fn policies(more: &str, pack: Option<(&str, &str)>) -> PolicySet {
    let packs = file::shipped().into_iter().filter(|(name, _)| name.starts_with("jurisdictions/"));
    let default = pack.map_or("se", |(id, _)| id);
    let own = SHOP.replace("default_jurisdiction = \"se\"", &format!("default_jurisdiction = \"{default}\""));
    let shop = ("senders/shop.toml".to_owned(), format!("{own}\n{more}"));
    let pack = pack.map(|(id, text)| (format!("jurisdictions/{id}.toml"), text.to_owned()));
    let other = SHOP.replace("\"shop\"", "\"other\"").replace("shop.example", "other.example");
    let other = ("senders/other.toml".to_owned(), other);
    let files: Vec<_> = packs.chain([shop, other]).chain(pack).collect();
    file::parse(&files).map_err(|mistakes| format!("{mistakes:?}")).unwrap().0
}

pub fn rate(permits: u32) -> Arc<PeerRate> {
    Arc::new(PeerRate::new(Rate { permits, per: Per::Minute }))
}

/// Answers 599 in place of whatever the OpenAPI document does not promise: a status, or what kind of body goes
/// with it.
pub fn documented(api: axum::Router) -> axum::Router {
    let document: Arc<Value> = Arc::new(serde_json::from_str(&api::openapi()).unwrap());
    api.layer(from_fn(move |request: Request, next: Next| {
        let document = document.clone();
        async move {
            let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
            let method = request.method().as_str().to_lowercase();
            let response = next.run(request).await;
            let operation = route.as_ref().map(|route| &document["paths"][route][&method]);
            let Some(operation) = operation.filter(|operation| operation.is_object()) else {
                return response;
            };
            let status = response.status().as_u16().to_string();
            let promised = &operation["responses"][&status];
            let promised = match promised["$ref"].as_str() {
                Some(name) => document.pointer(name.trim_start_matches('#')).unwrap(),
                None => promised,
            };
            let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap());
            let kinds = promised["content"].as_object().map(|content| content.keys().collect::<Vec<_>>());
            let fits = promised.is_object()
                && match (kind, &kinds) {
                    (None, None) => true,
                    (Some(kind), Some(kinds)) => kinds.iter().any(|promised| *promised == kind),
                    _ => false,
                };
            if fits {
                return response;
            }
            let told = format!("{method} {route:?} answers {status} {kind:?}, the document says {kinds:?}");
            (StatusCode::from_u16(599).unwrap(), told).into_response()
        }
    }))
}

pub async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    format!("http://{address}")
}
