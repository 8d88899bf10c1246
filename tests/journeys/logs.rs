//! What is logged when strangers write the words: every line stays a line, and nobody is named.

use base64::Engine as _;

use crate::support::gateway::Setup;
use crate::support::mailbox::{data_path, path_in, unsubscribe_path};
use crate::support::tool::{marketing_with, newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Tool, Upstream, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i11_hostile_words_stay_on_their_line_and_name_nobody() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).prepare();
    gateway.set_variable("OPTGATE_LOG", "warn,optgate=trace");
    gateway.command(&["migrate"]).expect_success();
    gateway.add_credential("demo-shop", "tool", "smtp", &["--streams", "marketing,functional"]);
    gateway.add_credential("demo-shop", "api", "api", &[]);
    gateway.start().await;
    let hostile = "x\u{1b}[2Jy\u{7f}\u{9b}31m{\"level\":\"FORGED\"}";
    gateway.opt_in("anna.secret@example.se", &["apparel"]).await;
    for reply in [
        "550 5.1.1 \u{1b}[2J<anna.secret@example.se>\u{7} forged\rline",
        "451 4.3.0 \u{9b}31m anna.secret@example.se",
    ] {
        upstream.script("anna.secret@example.se", Script::Rcpt(reply));
        let headers =
            format!("X-Optgate-Scope: apparel\r\nX-Optgate-Campaign: {hostile}\r\nX-Other: {hostile}\r\n");
        gateway
            .submit(&["anna.secret@example.se"], &marketing_with("anna.secret@example.se", &headers))
            .await;
    }
    gateway.submit(&["anna.secret@example.se"], &newsletter("anna.secret@example.se", "apparel")).await;
    let mut tool = Tool::connect(gateway.smtp()).await;
    tool.say(&format!("EHLO {hostile}")).await;
    tool.say("EHLO tool.test").await;
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let login = encode(&format!("\0demo-shop/{hostile}\r\nforged line\0hunter2-secret"));
    tool.say(&format!("AUTH PLAIN {login}")).await;
    tool.say(&format!("MAIL FROM:<{hostile}>")).await;
    tool.say(&format!("{hostile} {hostile}")).await;
    gateway.get("/u/%1b%5b2J%0aforged").await;
    let (status, _) = gateway
        .api(
            "POST",
            "/v1/withdrawals",
            Some(serde_json::json!({
                "email": "anna.secret@example.se", "source": {"channel": hostile},
            })),
        )
        .await;
    assert_eq!(status, 201);
    // Nor does what was recorded steer the terminal of whoever looks at it.
    for way in [&["--json"][..], &[]] {
        let person = ["consent", "show", "anna.secret@example.se", "--sender", "demo-shop"];
        let shown = gateway.command(&[&person[..], way].concat()).expect_success().stdout();
        assert!(shown.contains("FORGED") && !shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
    let log = eventually("all of it is logged", || async {
        let log = gateway.log();
        ["SMTP login failed", "delivery tried", "fact recorded"]
            .iter()
            .all(|own| log.contains(own))
            .then_some(log)
    })
    .await;
    for line in log.lines() {
        let parsed: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert_ne!(parsed["level"], "FORGED", "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    for secret in
        ["anna.secret", "hunter2-secret", gateway.secret("demo-shop/tool"), gateway.secret("demo-shop/api")]
    {
        assert!(!log.contains(secret), "{secret} in\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i11_a_panic_is_a_line_that_says_where_and_not_of_whom() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).prepare();
    gateway.set_failpoints("deliver_before_send=1*panic(of anna.secret@example.se\n{\"level\":\"FORGED\"})");
    gateway.command(&["migrate"]).expect_success();
    gateway.add_credential("demo-shop", "tool", "smtp", &["--streams", "marketing,functional"]);
    gateway.add_credential("demo-shop", "api", "api", &[]);
    gateway.start().await;
    gateway.submit(&["anna.secret@example.se"], &service_mail("anna.secret@example.se")).await;
    let log = eventually("the panic is told", || async {
        let log = gateway.log();
        log.contains("the gateway panicked").then_some(log)
    })
    .await;
    let told = log.lines().find(|line| line.contains("the gateway panicked")).unwrap();
    let told: serde_json::Value = serde_json::from_str(told).unwrap();
    assert_eq!(told["level"], "ERROR");
    assert!(told["place"].as_str().is_some_and(|place| place.contains(".rs:")), "{told}");
    assert!(!log.contains("anna.secret") && !log.contains("FORGED"), "{log}");
    // One departure failed, not the gateway.
    gateway.submit(&["bo@example.se"], &service_mail("bo@example.se")).await;
    upstream.first_for("bo@example.se").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i11_no_link_is_logged_however_much_else_is() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).prepare();
    gateway.set_variable("OPTGATE_LOG", "trace");
    gateway.command(&["migrate"]).expect_success();
    gateway.add_credential("demo-shop", "tool", "smtp", &["--streams", "marketing,functional"]);
    gateway.add_credential("demo-shop", "api", "api", &[]);
    gateway.start().await;
    gateway.opt_in("anna.secret@example.se", &["apparel"]).await;
    gateway.submit(&["anna.secret@example.se"], &newsletter("anna.secret@example.se", "apparel")).await;
    let link = unsubscribe_path(&upstream.first_for("anna.secret@example.se").await);
    assert_eq!(gateway.post(&link, &[("rights", "ask")]).await.0, 200);
    let letter = eventually("the letter", || async {
        let all = upstream.captured_for("anna.secret@example.se");
        all.into_iter().find(|own| path_in(own, "/d/").is_some())
    })
    .await;
    let data = data_path(&letter);
    for path in [&link, &link.replace("/u/", "/p/"), &data, &format!("{data}/more"), &format!("{link}?x=1")] {
        gateway.get(path).await;
        gateway.post(path, &[("right", "take"), ("email", "anna.secret@example.se")]).await;
    }
    assert_eq!(gateway.post(&link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
    let log = eventually("all of it is logged", || async {
        let log = gateway.log();
        (log.contains("fact recorded") && log.contains("TRACE")).then_some(log)
    })
    .await;
    for secret in [&link[3..], &data[3..], "anna.secret", gateway.secret("demo-shop/api")] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} in {line:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_any_more_stops_nothing() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    gateway.leave_log_unread();
    for number in 0..20 {
        let to = format!("r{number}@example.se");
        // Each is logged when it is taken, and when it leaves.
        let reply = gateway.submit(&[&to], &service_mail(&to)).await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
        upstream.first_for(&to).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failed_login_is_told_with_its_peer_by_smtp_and_api() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = Setup::new(&database, &upstream).start().await;
    // More than the log takes of the same warning at once.
    let peers: Vec<[u8; 4]> = (10..22).map(|last| [127, 0, 0, last]).collect();
    for peer in &peers {
        let (mut tool, _) = Tool::hear(gateway.smtp(), *peer).await;
        tool.say("EHLO tool.test").await;
        // Of one name they would be slowed.
        let reply = tool.try_authenticate(&format!("demo-shop/{}", peer[3]), "guess").await;
        assert!(reply.starts_with("535 "), "{reply}");
    }
    let guess = format!("{}guess", gateway.secret("demo-shop/api"));
    assert_eq!(gateway.ask(Some(&guess), "GET", "/v1/suppressions", None).await.0, 401);
    eventually("each is told", || async {
        let log = gateway.log();
        let told = |message: &str, peer: &str| {
            log.lines().any(|line| line.contains(message) && line.contains(&format!("\"{peer}\"")))
        };
        let by_smtp = |[a, b, c, d]: &[u8; 4]| told("SMTP login failed", &format!("{a}.{b}.{c}.{d}"));
        (peers.iter().all(by_smtp) && told("API login failed", "127.0.0.1")).then_some(())
    })
    .await;
}
