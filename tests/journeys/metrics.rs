//! What `/metrics` of the real binary shows, and that boards and alerts ask for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::support::gateway::Setup;
use crate::support::tool::{marketing_with, newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Tool, Upstream, eventually, on_both_databases};

/// A page, taken apart by the rules of Prometheus' text format.
struct Page {
    /// Kind by family.
    families: BTreeMap<String, String>,
    /// Name, labels, value.
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

impl Page {
    #[track_caller]
    fn parse(text: &str) -> Self {
        let sample = Regex::new(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$").unwrap();
        let label = Regex::new(r#"([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)"#).unwrap();
        let (mut families, mut helped, mut samples) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a text");
                assert!(!help.is_empty() && helped.insert(name.to_owned()), "told once: {line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a kind");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(families.insert(name.to_owned(), kind.to_owned()).is_none(), "told once: {line}");
            } else {
                let found = sample.captures(line).unwrap_or_else(|| panic!("no sample: {line:?}"));
                let labels = found.get(2).map_or("", |labels| labels.as_str());
                let read: Vec<_> = label.captures_iter(labels).collect();
                let length: usize = read.iter().map(|label| label[0].len()).sum();
                assert_eq!(length, labels.len(), "labels of {line:?}");
                let read = read.iter().map(|label| (label[1].to_owned(), label[2].to_owned())).collect();
                samples.push((found[1].to_owned(), read, found[3].parse().expect("a number")));
            }
        }
        assert_eq!(families.keys().collect::<Vec<_>>(), helped.iter().collect::<Vec<_>>());
        let page = Self { families, samples };
        for (name, _, _) in &page.samples {
            assert!(page.family(name).is_some(), "{name} has no type");
        }
        page
    }

    fn family(&self, sample: &str) -> Option<&String> {
        let of_histogram = ["_bucket", "_sum", "_count"].iter().filter_map(|end| sample.strip_suffix(end));
        let names =
            of_histogram.filter(|name| self.families.get(*name).is_some_and(|kind| kind == "histogram"));
        names.chain([sample]).find_map(|name| self.families.get_key_value(name)).map(|(name, _)| name)
    }

    /// The sum over all series of a name that have these labels.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let wanted = |own: &BTreeMap<String, String>| {
            labels.iter().all(|(key, value)| own.get(*key).is_some_and(|own| own == value))
        };
        self.samples
            .iter()
            .filter(|(own, has, _)| own == name && wanted(has))
            .map(|(_, _, value)| value)
            .sum()
    }
}

on_both_databases! {
    async fn i11_metrics_tell_what_happened_and_to_whom_never(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        upstream.script("rejected@example.se", Script::Rcpt("550 5.1.1 no such user"));
        for (number, to) in ["anna@example.se", "stranger@elsewhere.example"].into_iter().enumerate() {
            let headers = format!("X-Optgate-Scope: apparel\r\nX-Optgate-Campaign: secret-campaign-{number}\r\n");
            gateway.submit(&[to], &marketing_with(to, &headers)).await;
        }
        // Sent before she says no, or it would be withheld.
        upstream.first_for("anna@example.se").await;
        gateway.submit(&["rejected@example.se"], &service_mail("rejected@example.se")).await;
        gateway.withdraw("anna@example.se").await;
        gateway.get("/u/nonsense-token").await;
        let mut stranger = Tool::connect(gateway.smtp()).await;
        stranger.say("EHLO hostile.example").await;
        stranger.say("NONSENSE\u{1b}[2J").await;
        let page = eventually("everything is measured", || async {
            let page = Page::parse(&gateway.metrics().await);
            // Hers, the stranger's, the rejected one, and the notification of it.
            let done = page.sum("optgate_outcomes_total", &[]) == 4.0
                && page.sum("optgate_queue_counted_timestamp_seconds", &[]) > 0.0;
            done.then_some(page)
        })
        .await;
        for (name, labels, value) in [
            ("optgate_verdicts_total", &[("sender", "demo-shop"), ("verdict", "deliver"), ("stream", "marketing")][..], 1.0),
            ("optgate_verdicts_total", &[("verdict", "refuse"), ("reason", "no_ground")], 1.0),
            ("optgate_messages_total", &[("sender", "demo-shop")], 3.0),
            ("optgate_outcomes_total", &[("outcome", "refused"), ("stream", "marketing")], 1.0),
            ("optgate_outcomes_total", &[("outcome", "relayed")], 2.0),
            ("optgate_outcomes_total", &[("outcome", "relayed"), ("stream", "marketing")], 1.0),
            ("optgate_outcomes_total", &[("outcome", "rejected"), ("stream", "functional")], 1.0),
            ("optgate_accept_seconds_count", &[("class", "2xx")], 3.0),
            ("optgate_decide_seconds_count", &[("decision", "first")], 3.0),
            ("optgate_upstream_responses_total", &[("upstream", "primary"), ("class", "5xx")], 1.0),
            ("optgate_facts_total", &[("kind", "withdrawal")], 1.0),
            ("optgate_http_request_seconds_count", &[("listener", "web"), ("route", "/u/{token}"), ("class", "4xx")], 1.0),
            ("optgate_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0),
            ("optgate_policy_info", &[], 1.0),
            ("optgate_smtp_connections", &[], 1.0),
        ] {
            assert_eq!(page.sum(name, labels), value, "{name} {labels:?}");
        }
        for some in ["optgate_commit_jobs_count", "optgate_commit_seconds_count", "optgate_in_hand_capacity", "process_resident_memory_bytes", "optgate_smtp_replies_total"] {
            assert!(page.sum(some, &[]) > 0.0, "{some}");
        }
        let text = gateway.metrics().await;
        for personal in ["anna", "stranger", "example.se", "elsewhere", "hostile", "secret-campaign", "nonsense", "@"] {
            assert!(!text.contains(personal), "{personal} in\n{text}");
        }
    }

    async fn the_queue_is_counted_by_state_with_its_age(database: Database) {
        let upstream = Upstream::start().await;
        upstream.close();
        let gateway = Setup::new(&database, &upstream).start().await;
        for to in ["a@example.se", "b@example.se", "c@example.se"] {
            gateway.submit(&[to], &service_mail(to)).await;
        }
        upstream.somebody_waits().await;
        let counted = |state: &'static str| {
            let gateway = &gateway;
            async move {
                let page = Page::parse(&gateway.metrics().await);
                let all = page.sum("optgate_queue_deliveries", &[]);
                (all == 3.0).then(|| (page.sum("optgate_queue_deliveries", &[("state", state)]), page))
            }
        };
        let (claimed, page) = eventually("the queue is counted", || counted("claimed")).await;
        assert!(claimed >= 1.0);
        assert!(page.sum("optgate_queue_oldest_seconds", &[("state", "claimed")]) > 0.0);
        assert!(page.sum("optgate_in_hand", &[]) >= 1.0);
        upstream.open();
    }
}

/// `rate` and `increase` don't see the count with which a series appears.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_alert_waits_for_is_zero_before_it_happens() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let new =
        "id = \"new\"\nname = \"New\"\nfrom_domains = [\"new.example\"]\ndefault_jurisdiction = \"se\"\n";
    let mut gateway = Setup::new(&database, &upstream).start().await;
    let begun = |page: &Page, name: &str, labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        page.samples.contains(&(name.to_owned(), labels, 0.0))
    };
    let expired = |sender| [("sender", sender), ("stream", "marketing"), ("outcome", "expired")];
    let page = eventually("the senders are known", || async {
        let page = Page::parse(&gateway.metrics().await);
        begun(&page, "optgate_outcomes_total", &expired("demo-shop")).then_some(page)
    })
    .await;
    for (name, labels) in [
        ("optgate_possible_duplicates_total", &[][..]),
        ("optgate_leases_taken_over_total", &[]),
        ("optgate_intake_failures_total", &[("why", "full")]),
        ("optgate_logins_total", &[("door", "api"), ("result", "wrong")]),
        ("optgate_limited_total", &[("door", "smtp"), ("limit", "max_connections")]),
        ("optgate_policy_reloads_total", &[("result", "failed")]),
        ("optgate_upstream_failures_total", &[("upstream", "primary"), ("stage", "certificate")]),
        ("optgate_upstream_responses_total", &[("upstream", "primary"), ("class", "5xx")]),
        ("optgate_facts_total", &[("sender", "demo-shop"), ("kind", "withdrawal")]),
        ("optgate_messages_total", &[("sender", "demo-shop"), ("stream", "functional")]),
        (
            "optgate_verdicts_total",
            &[
                ("sender", "demo-shop"),
                ("stream", "marketing"),
                ("verdict", "refuse"),
                ("reason", "withdrawn"),
            ],
        ),
    ] {
        assert!(begun(&page, name, labels), "{name} {labels:?}");
    }
    assert!(!begun(&page, "optgate_outcomes_total", &expired("new")));
    std::fs::write(gateway.data_dir.join("policies/senders/new.toml"), new).unwrap();
    gateway.hang_up();
    eventually("a sender that is new begins too", || async {
        let page = Page::parse(&gateway.metrics().await);
        begun(&page, "optgate_outcomes_total", &expired("new")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_stranger_can_make_the_page_grow() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    let series = |text: &str| Page::parse(text).samples.len();
    let mut sizes = Vec::new();
    for round in 0..3 {
        for number in 0..20 {
            let to = format!("p{round}-{number}@d{round}-{number}.example");
            let headers = format!("X-Optgate-Scope: apparel\r\nX-Optgate-Campaign: c{round}-{number}\r\n");
            gateway.submit(&[&to], &marketing_with(&to, &headers)).await;
            gateway.get(&format!("/u/{round}-{number}")).await;
            gateway.get(&format!("/path-{round}-{number}")).await;
        }
        let mut tool = Tool::connect(gateway.smtp()).await;
        tool.say(&format!("EHLO h{round}.example")).await;
        tool.say(&format!("V{round}")).await;
        sizes.push(series(&gateway.metrics().await));
    }
    // Sixty strangers a round; a series more is one of ours that had not happened before.
    assert!(sizes[2] <= sizes[1] + 10 && sizes[2] < 1_000, "{sizes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boards_and_alerts_ask_for_metrics_that_there_are() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    gateway.opt_in("anna@example.se", &["apparel"]).await;
    gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
    upstream.first_for("anna@example.se").await;
    let page = Page::parse(&gateway.metrics().await);
    let name = Regex::new(r"\b(?:optgate|process)_[a-z0-9_]+\b").unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docker");
    for file in ["grafana/optgate.json", "prometheus/alerts.yml"] {
        let text =
            std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let asked: BTreeSet<&str> = name.find_iter(&text).map(|found| found.as_str()).collect();
        assert!(asked.len() > 10, "{file} asks for {asked:?}");
        for asked in asked {
            assert!(page.family(asked).is_some(), "{file} asks for {asked}, which nothing measures");
        }
    }
    let board = std::fs::read_to_string(folder.join("grafana/optgate.json")).unwrap();
    let board: serde_json::Value = serde_json::from_str(&board).expect("the board is JSON");
    let panels = board["panels"].as_array().expect("panels");
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().expect("an id")).collect();
    assert_eq!(ids.len(), panels.len(), "every panel has an id of its own");
}
