//! The disk runs full, the database goes away and comes back, the clock steps: nothing is lost, nothing is sent
//! twice, and the gateway recovers by itself.

use std::time::Duration;

use optgate::clock::Clock;
use sqlx::Connection as _;

use crate::support::disk::Disk;
use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::unsubscribe_path;
use crate::support::proxy::Proxy;
use crate::support::tool::{marketing_with, newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, PATIENCE, Tool, Upstream, eventually};

const ANNA: &str = "anna@example.se";
const BO: &str = "bo@example.se";
const CIA: &str = "cia@example.se";

/// What there is before the outage: a link of Anna's, and mail for Bo that the upstream has and has not answered.
struct Before {
    link: String,
    in_hand: String,
}

async fn before(gateway: &Gateway, upstream: &Upstream) -> Before {
    gateway.opt_in(ANNA, &["apparel"]).await;
    let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
    gateway.until(&message_id(&reply), "relayed").await;
    let link = unsubscribe_path(&upstream.first_for(ANNA).await);
    upstream.close();
    upstream.script(BO, Script::WaitAtEnd);
    let reply = gateway.submit(&[BO], &service_mail(BO)).await;
    upstream.somebody_waits().await;
    Before { link, in_hand: message_id(&reply) }
}

async fn is_ready(gateway: &Gateway) -> bool {
    gateway.api("GET", "/readyz", None).await.0 == 200
}

/// During the outage: told so, everywhere.
async fn refuses(gateway: &Gateway, link: &str, reply: &str) {
    let said = gateway.submit(&[CIA], &service_mail(CIA)).await;
    assert!(said.starts_with(reply), "{said}\n{}", gateway.log());
    let (status, _) = gateway.post(link, &[("List-Unsubscribe", "One-Click")]).await;
    assert_eq!(status, 503, "never done before it is recorded");
    assert!(!is_ready(gateway).await);
}

/// After it: all that was accepted has gone out once, and the gateway takes what it is given.
async fn recovers(gateway: &mut Gateway, upstream: &Upstream, before: &Before) {
    eventually("it is ready", || async { is_ready(gateway).await.then_some(()) }).await;
    gateway.until(&before.in_hand, "relayed").await;
    assert_eq!(upstream.captured_for(BO).len(), 1);
    let reply = gateway.submit(&[CIA], &service_mail(CIA)).await;
    assert!(reply.starts_with("250"), "{reply}\n{}", gateway.log());
    gateway.until(&message_id(&reply), "relayed").await;
    assert_eq!(upstream.captured_for(CIA).len(), 1, "what was answered 4xx was not taken");
    assert_eq!(gateway.post(&before.link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
    let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
    assert!(reply.contains("refused [withdrawn]"), "{reply}");
    assert!(gateway.is_alive());
}

/// Lines of warnings and errors so far.
fn complaints(gateway: &Gateway) -> usize {
    let log = gateway.log();
    log.lines()
        .filter(|line| line.contains("\"level\":\"ERROR\"") || line.contains("\"level\":\"WARN\""))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_a_full_disk_is_a_452_and_nothing_is_lost_or_sent_twice() {
    let database = Database::sqlite();
    let (upstream, disk) = (Upstream::start().await, Disk::new(database.folder()));
    let mut gateway = Setup::new(&database, &upstream).lease("5s").start().await;
    gateway.terminate().await;
    disk.environment(None).iter().for_each(|(name, value)| gateway.set_variable(name, value));
    gateway.start().await;
    let before = before(&gateway, &upstream).await;
    disk.fill();
    refuses(&gateway, &before.link, "452 4.3.1").await;
    // Sent, and its outcome can't be written down for longer than its lease.
    upstream.open();
    upstream.first_for(BO).await;
    let mut tool = gateway.tool().await;
    let end = tokio::time::Instant::now() + Duration::from_secs(8);
    let mut refused = 0;
    while tokio::time::Instant::now() < end {
        let reply = tool.submit("b@shop.example", &[CIA], &service_mail(CIA)).await;
        assert!(reply.starts_with("452 4.3.1"), "after {refused}: {reply}\n{}", gateway.log());
        refused += 1;
    }
    assert!(complaints(&gateway) < 150, "{} complaints about {refused}", complaints(&gateway));
    disk.make_room();
    recovers(&mut gateway, &upstream, &before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_a_database_without_room_is_a_452_and_nothing_is_lost_or_sent_twice() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).start().await;
    let before = before(&gateway, &upstream).await;
    // As PostgreSQL says it: SQLSTATE 53100.
    let mut full = String::from(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;",
    );
    for table in ["messages", "deliveries", "consent_events", "meta"] {
        full += &format!(
            "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION full_disk();"
        );
    }
    database.tamper(&full).await;
    refuses(&gateway, &before.link, "452 4.3.1").await;
    upstream.open();
    database.tamper("DROP FUNCTION full_disk CASCADE").await;
    recovers(&mut gateway, &upstream, &before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i14_a_no_that_the_journal_cannot_keep_is_not_done_and_mail_goes_on() {
    let database = Database::sqlite();
    let (upstream, disk) = (Upstream::start().await, Disk::new(database.folder()));
    let mut gateway = Setup::new(&database, &upstream).start().await;
    gateway.terminate().await;
    disk.environment(Some("/journal/")).iter().for_each(|(name, value)| gateway.set_variable(name, value));
    gateway.start().await;
    gateway.opt_in(ANNA, &["apparel"]).await;
    gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
    let link = unsubscribe_path(&upstream.first_for(ANNA).await);
    disk.fill();
    assert_eq!(gateway.post(&link, &[("List-Unsubscribe", "One-Click")]).await.0, 503);
    assert_eq!(database.count("SELECT count(*) FROM consent_events WHERE kind = 'withdrawal'").await, 0);
    let reply = gateway.submit(&[BO], &service_mail(BO)).await;
    gateway.until(&message_id(&reply), "relayed").await;
    disk.make_room();
    assert_eq!(gateway.post(&link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
    gateway.command(&["journal", "verify"]).expect_success();
    gateway.command(&["journal", "show"]).expect_success();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_held_while_a_no_was_brought_in_after_a_full_disk_leaves_at_once() {
    let database = Database::sqlite();
    let (upstream, disk) = (Upstream::start().await, Disk::new(database.folder()));
    let mut gateway = Setup::new(&database, &upstream).start().await;
    gateway.terminate().await;
    // The journal has room, the database has none.
    disk.environment(Some("optgate.db")).iter().for_each(|(name, value)| gateway.set_variable(name, value));
    gateway.set_failpoints("replay=1*sleep(5000)->off");
    gateway.start().await;
    gateway.opt_in(BO, &["apparel"]).await;
    // What every start has to release is released by then, and nothing is due.
    tokio::time::sleep(Duration::from_secs(6)).await;
    disk.fill();
    let no = serde_json::json!({"email": ANNA, "source": {"channel": "phone"}});
    assert_eq!(gateway.api("POST", "/v1/withdrawals", Some(no)).await.0, 503);
    disk.make_room();
    let held =
        "SELECT count(*) FROM deliveries WHERE state = 'held' AND next_attempt_at > spooled_at + 300000000";
    let mut number = 0;
    eventually("one is held by the second decision", || {
        number += 1;
        let to_bo = marketing_with(BO, &format!("X-Optgate-Scope: apparel\r\nX-Number: {number}\r\n"));
        let (gateway, database) = (&gateway, &database);
        async move {
            gateway.submit(&[BO], &to_bo).await;
            (database.count(held).await > 0).then_some(())
        }
    })
    .await;
    eventually("all of them leave", || async {
        let waiting = "SELECT count(*) FROM deliveries WHERE state IN ('held', 'queued', 'claimed')";
        (database.count(waiting).await == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_another_keeps_locked_is_a_451_until_it_lets_go() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).start().await;
    let before = before(&gateway, &upstream).await;
    let mut other = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
    sqlx::query("PRAGMA busy_timeout = 10000").execute(&mut other).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    refuses(&gateway, &before.link, "451 4.3.0").await;
    // Whatever the database does, who asks is answered before any health check gives up.
    let api = gateway.api_url("");
    gateway.set_variable("OPTGATE__API__LISTEN", api.trim_start_matches("http://"));
    let asked = gateway.command(&["check", "--ready"]);
    assert_eq!(asked.status(), 1);
    assert!(
        asked.stderr().contains("the database does not answer, or takes no writes"),
        "{}",
        asked.stderr()
    );
    shows(&gateway, "optgate_ready 0").await;
    upstream.open();
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    recovers(&mut gateway, &upstream, &before).await;
    shows(&gateway, "optgate_ready 1").await;
    let log = gateway.log();
    assert!(log.contains("not ready: the database takes no writes") && log.contains("ready again"), "{log}");
}

/// Waits until `/metrics` has this line.
async fn shows(gateway: &Gateway, sample: &str) {
    eventually(sample, || async { gateway.metrics().await.lines().any(|line| line == sample).then_some(()) })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_be_looked_up_is_counted_as_turned_away_by_the_database() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    let mut tool = gateway.tool().await;
    database.tamper("ALTER TABLE credentials RENAME TO out_of_reach").await;
    // Who was looked up before is not looked up again for five seconds.
    let refused = async {
        loop {
            let reply = tool.submit("b@shop.example", &[BO], &service_mail(BO)).await;
            if !reply.starts_with("250") {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let reply = tokio::time::timeout(PATIENCE, refused).await.expect("it is looked up again");
    assert!(reply.starts_with("451 4.3.0"), "{reply}");
    shows(&gateway, "optgate_intake_failures_total{why=\"unavailable\"} 1").await;
    let mut new = Tool::connect(gateway.smtp()).await;
    new.say("EHLO tool.test").await;
    let reply = new.try_authenticate("demo-shop/tool", gateway.secret("demo-shop/tool")).await;
    assert!(reply.starts_with("454 4.7.0"), "{reply}");
    shows(&gateway, "optgate_logins_total{door=\"smtp\",result=\"unavailable\"} 1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_is_a_451_until_it_is_back() {
    let Some(database) = Database::postgres().await else { return };
    let (scheme, rest) = database.url.split_once('@').expect("a user");
    let (server, name) = rest.split_once('/').expect("a name");
    let proxy = Proxy::towards(server.to_owned()).await;
    let url = format!("{scheme}@{}/{name}", proxy.address);
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).database_url(url).start().await;
    let before = before(&gateway, &upstream).await;
    proxy.cut();
    // Who was logged in before is not asked again.
    refuses(&gateway, &before.link, "451 4.3.0").await;
    upstream.open();
    proxy.mend();
    recovers(&mut gateway, &upstream, &before).await;
}

fn clock() -> Clock {
    Clock::driven(Clock::system().now())
}

/// The gateway's own clock judges on SQLite; what a step of PostgreSQL's does, the store's rules tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i9_a_clock_that_goes_back_keeps_nothing_waiting_for_as_long() {
    let (database, clock) = (Database::sqlite(), clock());
    let upstream = Upstream::start().await;
    upstream.script(BO, Script::Rcpt("451 4.3.0 later"));
    let gateway = Setup::new(&database, &upstream).start_on(clock.clone()).await;
    let id = message_id(&gateway.submit(&[BO], &service_mail(BO)).await);
    eventually("the first attempt", || async {
        gateway.deliveries(&id).await[0]["last_response"].is_string().then_some(())
    })
    .await;
    upstream.mend(BO);
    let before = clock.now();
    clock.set(before.checked_sub(jiff::SignedDuration::from_hours(3)).unwrap());
    eventually("it is due as much sooner", || async {
        let next =
            gateway.deliveries(&id).await[0]["next_attempt_at"].as_str()?.parse::<jiff::Timestamp>().ok()?;
        (next < before.checked_sub(jiff::SignedDuration::from_hours(2)).unwrap()).then_some(())
    })
    .await;
    clock.advance(Duration::from_secs(120));
    gateway.until(&id, "relayed").await;
    let reply = gateway.submit(&[CIA], &service_mail(CIA)).await;
    gateway.until(&message_id(&reply), "relayed").await;
    assert_eq!(upstream.captured().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_clock_that_goes_ahead_sends_what_was_in_hand_once() {
    let (database, clock) = (Database::sqlite(), clock());
    let upstream = Upstream::start().await;
    upstream.script(CIA, Script::Rcpt("451 4.3.0 later"));
    let gateway = Setup::new(&database, &upstream).lease("5s").start_on(clock.clone()).await;
    gateway.opt_in(CIA, &["apparel"]).await;
    let held = message_id(&gateway.submit(&[CIA], &newsletter(CIA, "apparel")).await);
    eventually("it waits where it can be held", || async {
        gateway.deliveries(&held).await[0]["last_response"].is_string().then_some(())
    })
    .await;
    gateway.command(&["queue", "hold", "--to", CIA]).expect_success();
    upstream.close();
    upstream.script(BO, Script::WaitAtEnd);
    let id = message_id(&gateway.submit(&[BO], &service_mail(BO)).await);
    upstream.somebody_waits().await;
    // Marketing has a day, service mail has five.
    clock.advance(Duration::from_secs(25 * 3600));
    // The sweep that ends what is past its deadline has looked for leases that ran out before.
    gateway.until(&held, "withheld").await;
    upstream.open();
    gateway.until(&id, "relayed").await;
    assert_eq!(upstream.captured_for(BO).len(), 1);
}
