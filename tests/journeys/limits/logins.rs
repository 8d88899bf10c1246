//! What guessing costs.

use std::time::Duration;

use optgate::clock::Clock;

use super::{HERE, NEXT_DOOR};
use crate::support::gateway::Setup;
use crate::support::{Database, Gateway, Tool, Upstream, eventually};

const LOGINS: &str = "[logins]\nmax_failures = 4\nwindow = \"10m\"\nmax_delay = \"1s\"\n";

async fn attempt(gateway: &Gateway, from: [u8; 4], user: &str, password: &str) -> String {
    let (mut tool, _) = Tool::hear(gateway.smtp(), from).await;
    tool.say("EHLO tool.test").await;
    tool.try_authenticate(user, password).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guesser_is_refused_for_a_time_and_whom_it_guesses_at_is_not() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let clock = Clock::driven(Clock::system().now());
    let gateway = Setup::new(&database, &upstream).config(LOGINS).start_on(clock.clone()).await;
    for _ in 0..4 {
        let reply = attempt(&gateway, HERE, "demo-shop/tool", "guess").await;
        assert!(reply.starts_with("535 5.7.8 "), "{reply}");
    }
    let secret = gateway.secret("demo-shop/tool");
    for password in ["guess", secret] {
        let reply = attempt(&gateway, HERE, "demo-shop/tool", password).await;
        assert!(reply.starts_with("421 4.7.0 too many failed logins, try again in "), "{reply}");
    }
    // A credential can't be locked by strangers; and on one machine no program locks out its neighbour.
    let reply = attempt(&gateway, NEXT_DOOR, "demo-shop/tool", secret).await;
    assert!(reply.starts_with("235 "), "{reply}");
    clock.advance(Duration::from_secs(11 * 60));
    let reply = attempt(&gateway, HERE, "demo-shop/tool", secret).await;
    assert!(reply.starts_with("235 "), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_with_an_old_password_does_not_lock_out_its_neighbour() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let mut gateway = Setup::new(&database, &upstream).config(LOGINS).start().await;
    gateway.add_credential("demo-shop", "other", "smtp", &[]);
    for _ in 0..4 {
        attempt(&gateway, HERE, "demo-shop/other", "old").await;
    }
    let reply = attempt(&gateway, HERE, "demo-shop/other", "old").await;
    assert!(reply.starts_with("421 4.7.0 "), "{reply}");
    let reply = attempt(&gateway, HERE, "demo-shop/tool", gateway.secret("demo-shop/tool")).await;
    assert!(reply.starts_with("235 "), "{reply}");
}

/// The filter that docs/operate.md has operators install, as fail2ban reads it.
fn shipped_filter() -> regex::Regex {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/fail2ban/optgate.conf");
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("failregex = ")).expect("a failregex");
    regex::Regex::new(&line.replace("<ADDR>", r"([0-9a-f.:]+)")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fail2ban_finds_every_address_that_guessed_too_often() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = Setup::new(&database, &upstream).config("[logins]\nmax_failures = 1\n").start().await;
    let filter = shipped_filter();
    // More than the log takes of the same warning at once. On this machine each login is refused by itself.
    for number in 0..8 {
        for from in [HERE, NEXT_DOOR] {
            attempt(&gateway, from, &format!("demo-shop/{number}"), "guess").await;
        }
    }
    eventually("each is told of", || async {
        let log = gateway.log();
        let found: Vec<_> =
            log.lines().filter_map(|line| Some(filter.captures(line)?[1].to_owned())).collect();
        let all = |from: &str| found.iter().filter(|peer| *peer == from).count() == 8;
        (all("127.0.0.1") && all("127.0.0.2")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i11_no_address_of_a_peer_is_logged_where_operators_say_so() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let logins = "[logins]\nmax_failures = 1\nlog_peer = \"network\"\n";
    let gateway = Setup::new(&database, &upstream).config(logins).start().await;
    attempt(&gateway, NEXT_DOOR, "demo-shop/tool", "guess").await;
    let (mut browser, _) = Tool::hear(gateway.smtp(), NEXT_DOOR).await;
    browser.say("POST / HTTP/1.1").await;
    let lines = ["SMTP login failed", "refused for a while", "something else than SMTP"];
    let log = eventually("all lines", || async {
        let log = gateway.log();
        lines.iter().all(|line| log.contains(line)).then_some(log)
    })
    .await;
    let [a, b, c, d] = NEXT_DOOR;
    assert!(log.contains(&format!("{a}.{b}.{c}.0/24")), "{log}");
    assert!(!log.contains(&format!("{a}.{b}.{c}.{d}\"")), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_that_opens_a_hundred_gets_in_although_its_neighbour_failed() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = Setup::new(&database, &upstream).start().await;
    assert!(attempt(&gateway, HERE, "demo-shop/other", "old").await.starts_with("535 "));
    let (address, secret) = (gateway.smtp(), gateway.secret("demo-shop/tool").to_owned());
    let mut sessions = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let secret = secret.clone();
        sessions.spawn(async move {
            let (mut tool, _) = Tool::hear(address, HERE).await;
            tool.say("EHLO tool.test").await;
            tool.try_authenticate("demo-shop/tool", &secret).await
        });
    }
    for reply in sessions.join_all().await {
        assert!(reply.starts_with("235 "), "{reply}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_from_many_addresses_only_slow_a_credential() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = Setup::new(&database, &upstream).config(LOGINS).start().await;
    for address in 10..30 {
        let reply = attempt(&gateway, [127, 0, 0, address], "demo-shop/tool", "guess").await;
        assert!(reply.starts_with("535 5.7.8 "), "{reply}");
    }
    let reply = attempt(&gateway, HERE, "demo-shop/tool", gateway.secret("demo-shop/tool")).await;
    assert!(reply.starts_with("235 "), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_credential_is_told_at_the_next_message() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let clock = Clock::driven(Clock::system().now());
    let gateway = Setup::new(&database, &upstream).start_on(clock.clone()).await;
    let mut tool = gateway.tool().await;
    gateway.command(&["credential", "revoke", "demo-shop/tool"]).expect_success();
    clock.advance(Duration::from_secs(5));
    let reply = tool.say("MAIL FROM:<b@shop.example>").await;
    assert_eq!(reply, "535 5.7.8 the credential is no longer in force");
    assert!(tool.say("RCPT TO:<a@example.se>").await.starts_with("503 "));
}
