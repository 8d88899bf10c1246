//! Each limit of docs/limits.md is counted when somebody meets it, or the page says where else to look.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use regex::Regex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{HERE, NEXT_DOOR};
use crate::support::gateway::Setup;
use crate::support::mailbox::unsubscribe_path;
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Gateway, Tool, Upstream, eventually};

/// Door and limit, as `optgate_limited_total` has them.
type Counted = (&'static str, &'static str);

/// Section of the page, key, and how it is counted; nothing for those of which the page has to tell why.
#[rustfmt::skip]
const LIMITS: &[(&str, &str, &[Counted])] = &[
    ("SMTP: connections", "max_connections", &[("smtp", "max_connections")]),
    ("SMTP: connections", "max_connections_per_address", &[("smtp", "max_connections_per_address")]),
    ("SMTP: connections", "[smtp.loopback] max_connections", &[("smtp", "max_connections_per_address")]),
    ("SMTP: connections", "[[smtp.trusted]] max_connections", &[("smtp", "trusted_max_connections")]),
    ("SMTP: connections", "kept_for_functional", &[("smtp", "kept_for_functional")]),
    ("SMTP: connections", "max_handshakes", &[]),
    ("SMTP: time and pace", "handshake_timeout", &[]),
    ("SMTP: time and pace", "login_timeout", &[("smtp", "timeout")]),
    ("SMTP: time and pace", "idle_timeout", &[("smtp", "timeout")]),
    ("SMTP: time and pace", "data_timeout", &[("smtp", "timeout")]),
    ("SMTP: time and pace", "min_data_pace", &[("smtp", "timeout")]),
    ("SMTP: time and pace", "session_timeout", &[("smtp", "session_timeout")]),
    ("SMTP: size and patience", "max_message_size", &[("smtp", "max_message_size")]),
    ("SMTP: size and patience", "max_recipients", &[("smtp", "max_recipients")]),
    ("SMTP: size and patience", "max_command_length", &[("smtp", "max_command_length")]),
    ("SMTP: size and patience", "max_line_length", &[("smtp", "max_line_length")]),
    ("SMTP: size and patience", "max_header_size", &[("smtp", "max_header_size")]),
    ("SMTP: size and patience", "max_errors", &[("smtp", "max_errors")]),
    ("SMTP: size and patience", "max_commands_without_mail", &[("smtp", "max_commands_without_mail")]),
    ("SMTP: size and patience", "max_in_hand", &[("smtp", "max_in_hand")]),
    ("Failed logins, by SMTP and API alike", "max_failures", &[("smtp", "max_failures"), ("api", "max_failures")]),
    ("Failed logins, by SMTP and API alike", "window", &[]),
    ("Failed logins, by SMTP and API alike", "max_delay", &[]),
    ("Pages and API", "rate", &[("web", "rate"), ("api", "rate")]),
    ("Pages and API", "max_connections", &[]),
    ("Pages and API", "max_connections_per_address",
        &[("web", "max_connections_per_address"), ("api", "max_connections_per_address")]),
    ("Pages and API", "idle_timeout", &[]),
    ("Pages and API", "body_limit", &[("web", "body_limit"), ("api", "body_limit")]),
    ("Pages and API", "signups_per_ip", &[("api", "signups_per_ip")]),
    ("Pages and API", "signups_per_key", &[("api", "signups_per_key")]),
];

/// Keys that stand beside limits and are none.
const NO_LIMITS: &[&str] = &["log_peer"];

#[test]
fn each_limit_of_the_page_is_counted_or_the_page_says_why_not() {
    let page = include_str!("../../../docs/limits.md");
    let (mut section, mut told) = ("", BTreeSet::new());
    for line in page.lines() {
        section = line.strip_prefix("## ").unwrap_or(section);
        let Some(keys) = line.strip_prefix("| `").and_then(|row| row.split(" |").next()) else { continue };
        let keys = keys.trim_end_matches('`').split("`, `");
        told.extend(keys.filter(|key| !NO_LIMITS.contains(key)).map(|key| (section, key)));
    }
    let known: BTreeSet<_> = LIMITS.iter().map(|(section, key, _)| (*section, *key)).collect();
    assert_eq!(told, known);
    let reasons = page.split("\n\n").find(|text| text.starts_with("Not counted there: ")).unwrap();
    for (_, key, _) in LIMITS.iter().filter(|(_, _, counted)| counted.is_empty()) {
        assert!(reasons.contains(&format!("`{key}`")), "{key}");
    }
}

/// What a gateway has counted.
fn counted(page: &str) -> BTreeSet<(String, String)> {
    let sample = Regex::new(r#"optgate_limited_total\{door="(\w+)",limit="(\w+)"\} [1-9]"#).unwrap();
    sample.captures_iter(page).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

async fn sees(gateway: &Gateway, door: &'static str, limits: &[&str]) -> Vec<(String, String)> {
    let wanted: Vec<_> = limits.iter().map(|limit| (door.to_owned(), (*limit).to_owned())).collect();
    eventually(&format!("{wanted:?} are counted"), || async {
        let seen = counted(&gateway.metrics().await);
        wanted.iter().all(|own| seen.contains(own)).then_some(())
    })
    .await;
    wanted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_meets_a_limit_is_counted() {
    let mut met = BTreeSet::new();
    met.extend(sizes_and_patience().await);
    met.extend(times().await);
    met.extend(places().await);
    met.extend(pages_and_calls().await);
    met.extend(sign_ups().await);
    for (section, key, how) in LIMITS {
        for (door, limit) in *how {
            assert!(met.contains(&((*door).to_owned(), (*limit).to_owned())), "{section}: {key} at {door}");
        }
    }
}

async fn sizes_and_patience() -> Vec<(String, String)> {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "allow_plaintext_auth = true\nmax_message_size = \"64 KiB\"\nmax_recipients = 1\n\
                max_line_length = \"1 KiB\"\nmax_header_size = \"4 KiB\"\nmax_command_length = \"2 KiB\"\n\
                max_errors = 3\nmax_commands_without_mail = 10\nmax_in_hand = \"128 KiB\"";
    let gateway = Setup::new(&database, &upstream).smtp(keys.to_owned()).start().await;
    let mail = service_mail("a@example.se");
    let mut tool = gateway.tool().await;
    assert!(tool.say("MAIL FROM:<b@shop.example> SIZE=65537").await.starts_with("552 "));
    tool.say("MAIL FROM:<b@shop.example>").await;
    tool.say("RCPT TO:<a@example.se>").await;
    assert!(tool.say("RCPT TO:<c@example.se>").await.starts_with("452 4.5.3 "));
    tool.say("RSET").await;
    for refused in [
        format!("{mail}\r\n{}", "x".repeat(1_025)),
        format!("{}{mail}", format!("X-Filler: {}\r\n", "x".repeat(500)).repeat(9)),
    ] {
        let reply = tool.submit("b@shop.example", &["a@example.se"], &refused).await;
        assert!(reply.starts_with("550 5.7.1 [unparsable]"), "{reply}");
    }
    assert!(tool.say(&"x".repeat(2_047)).await.starts_with("500 "));
    for _ in 0..11 {
        tool.say("RSET").await;
    }
    let mut stranger = Tool::connect(gateway.smtp()).await;
    for _ in 0..3 {
        stranger.say("NONSENSE").await;
    }
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut tool = gateway.tool().await;
        for command in ["MAIL FROM:<b@shop.example>", "RCPT TO:<a@example.se>", "DATA"] {
            tool.say(command).await;
        }
        tool.send(b"x").await;
        open.push(tool);
    }
    eventually("no room is left", || async {
        let reply = gateway.tool().await.say("MAIL FROM:<b@shop.example>").await;
        reply.starts_with("452 4.3.1 ").then_some(())
    })
    .await;
    let limits = [
        "max_message_size",
        "max_recipients",
        "max_line_length",
        "max_header_size",
        "max_command_length",
        "max_errors",
        "max_commands_without_mail",
        "max_in_hand",
    ];
    sees(&gateway, "smtp", &limits).await
}

async fn times() -> Vec<(String, String)> {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "allow_plaintext_auth = true\nlogin_timeout = \"1s\"\nsession_timeout = \"3s\"";
    let gateway = Setup::new(&database, &upstream).smtp(keys.to_owned()).start().await;
    let mut stranger = Tool::connect(gateway.smtp()).await;
    assert!(stranger.reply().await.starts_with("421 4.4.2 "));
    eventually("a session comes to its end", || async {
        let mut tool =
            Tool::try_login(gateway.smtp(), "demo-shop/tool", gateway.secret("demo-shop/tool")).await?;
        tool.reply().await.starts_with("421 4.4.2 ").then_some(())
    })
    .await;
    sees(&gateway, "smtp", &["timeout", "session_timeout"]).await
}

async fn places() -> Vec<(String, String)> {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "allow_plaintext_auth = true\nmax_connections = 4\nkept_for_functional = 1\n\
                max_connections_per_address = 2\n[[smtp.trusted]]\nnetworks = [\"127.0.0.2\"]\n\
                credential = \"demo-shop/tool\"\nmax_connections = 1";
    let mut gateway = Setup::new(&database, &upstream).smtp(keys.to_owned()).start().await;
    gateway.add_credential("demo-shop", "campaigns", "smtp", &["--streams", "marketing"]);
    let mut held = Vec::new();
    for from in [HERE, HERE, NEXT_DOOR] {
        let (tool, greeting) = Tool::hear(gateway.smtp(), from).await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        held.push(tool);
    }
    for from in [HERE, NEXT_DOOR] {
        let (_, reply) = Tool::hear(gateway.smtp(), from).await;
        assert!(reply.starts_with("421 4.3.2 "), "{reply}");
    }
    eventually("the last place is kept", || async {
        let (mut tool, greeting) = Tool::hear(gateway.smtp(), [127, 0, 0, 3]).await;
        if !greeting.starts_with("220 ") {
            return None;
        }
        tool.say("EHLO tool.test").await;
        let campaigns = "demo-shop/campaigns";
        let reply = tool.try_authenticate(campaigns, gateway.secret(campaigns)).await;
        reply.starts_with("421 4.3.2 ").then_some(())
    })
    .await;
    for last in [3, 4, 5] {
        held.push(Tool::hear(gateway.smtp(), [127, 0, 0, last]).await.0);
    }
    let limits =
        ["max_connections", "max_connections_per_address", "trusted_max_connections", "kept_for_functional"];
    sees(&gateway, "smtp", &limits).await
}

async fn pages_and_calls() -> Vec<(String, String)> {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys =
        "trusted_proxies = []\nmax_connections_per_address = 10\nrate = \"3/minute\"\nbody_limit = \"1 KiB\"";
    let gateway = Setup::new(&database, &upstream)
        .web(keys)
        .api("max_connections_per_address = 10\nrate = \"5/minute\"")
        .config("[logins]\nmax_failures = 1\nmax_delay = \"1s\"\n")
        .start()
        .await;
    gateway.opt_in("anna@example.se", &["apparel"]).await;
    gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
    let link = unsubscribe_path(&upstream.first_for("anna@example.se").await);
    for _ in 0..2 {
        let mut tool = Tool::connect(gateway.smtp()).await;
        tool.say("EHLO tool.test").await;
        tool.try_authenticate("demo-shop/guessed", "guess").await;
    }
    let guess = format!("{}guess", gateway.secret("demo-shop/officer"));
    let path = "/v1/subscribers/lookup";
    for status in [401, 429] {
        let person = serde_json::json!({"email": "a@b.example"});
        assert_eq!(gateway.ask(Some(&guess), "POST", path, Some(&person)).await.0, status);
    }
    let large = serde_json::json!({ "email": "x".repeat(1 << 20) });
    assert_eq!(gateway.api("POST", path, Some(large)).await.0, 413);
    assert_eq!(gateway.post(&link, &[("scope", &"x".repeat(1_024))]).await.0, 413);
    for _ in 0..4 {
        gateway.api("POST", path, Some(serde_json::json!({"email": "a@b.example"}))).await;
        gateway.get("/u/none").await;
    }
    let api = gateway.api_url("").trim_start_matches("http://").parse().unwrap();
    open_too_many(gateway.web()).await;
    open_too_many(api).await;
    let web = sees(&gateway, "web", &["rate", "max_connections_per_address", "body_limit"]).await;
    let api = ["rate", "max_connections_per_address", "body_limit", "max_failures"];
    let api = sees(&gateway, "api", &api).await;
    [web, api, sees(&gateway, "smtp", &["max_failures"]).await].concat()
}

async fn sign_ups() -> Vec<(String, String)> {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "signups_per_ip = \"1/hour\"\nsignups_per_key = \"2/day\"";
    let gateway = Setup::new(&database, &upstream).api(keys).start().await;
    for (ip, status) in [("192.0.2.1", 202), ("192.0.2.1", 429), ("192.0.2.2", 202), ("192.0.2.3", 429)] {
        let source = serde_json::json!({"channel": "web", "ip": ip});
        let signup = serde_json::json!({"email": "a@b.example", "scopes": ["apparel"], "source": source});
        assert_eq!(gateway.api("POST", "/v1/subscriptions", Some(signup)).await.0, status, "{ip}");
    }
    sees(&gateway, "api", &["signups_per_ip", "signups_per_key"]).await
}

/// Opens connections, each of which is served before the next, until one is too many.
async fn open_too_many(address: SocketAddr) {
    let mut held = Vec::new();
    for _ in 0..=10 {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it reads");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("it answers");
        if &answer == b"HTTP/1.1 503" {
            return;
        }
        held.push(stream);
    }
    panic!("{} connections to {address} were served", held.len());
}
