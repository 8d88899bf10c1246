//! Several upstreams: who takes what, what happens when one is down, refuses us, or is down for a day.

use std::time::Duration;

use optgate::clock::Clock;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::header;
use crate::support::tool::{newsletter, service_mail};
use crate::support::upstream::{Nowhere, Script};
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

/// A further `[[upstream]]`.
fn another(name: &str, upstream: &Upstream, keys: &str) -> String {
    let address = upstream.address;
    format!("[[upstream]]\nname = \"{name}\"\naddress = \"{address}\"\ntls = \"none\"\n{keys}\n")
}

async fn send(gateway: &Gateway, recipient: &str) -> String {
    let reply = gateway.submit(&[recipient], &service_mail(recipient)).await;
    assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
    message_id(&reply)
}

fn lines(gateway: &Gateway, message: &str) -> usize {
    gateway.log().lines().filter(|line| line.contains(message)).count()
}

on_both_databases! {
    async fn mail_leaves_by_the_next_while_the_first_is_down_and_by_the_first_when_it_is_back(database: Database) {
        let (first, backup) = (Nowhere::new(), Upstream::start().await);
        let gateway = Setup::towards(&database, first.address)
            .config(&another("backup", &backup, "priority = 10"))
            .start().await;
        for number in 0..5 {
            let id = send(&gateway, &format!("r{number}@example.se")).await;
            let delivery = gateway.until(&id, "relayed").await;
            assert_eq!(delivery["attempts"], 1, "what the first could not take is no attempt: {delivery}");
        }
        assert_eq!(backup.captured().len(), 5);
        assert_eq!(lines(&gateway, "upstream down"), 1, "{}", gateway.log());
        let metrics = gateway.metrics().await;
        assert!(metrics.contains("optgate_upstream_up{upstream=\"primary\"} 0"), "{metrics}");
        let first = first.listen();
        let mut number = 5;
        while first.captured().is_empty() {
            assert!(number < 1_000, "it is never tried again");
            let id = send(&gateway, &format!("r{number}@example.se")).await;
            gateway.until(&id, "relayed").await;
            number += 1;
        }
        eventually("it is back", || async { (lines(&gateway, "upstream back") == 1).then_some(()) }).await;
        let before = backup.captured().len();
        for number in 0..5 {
            let id = send(&gateway, &format!("late{number}@example.se")).await;
            gateway.until(&id, "relayed").await;
        }
        assert_eq!(backup.captured().len(), before, "the backup is for outages");
        assert_eq!(lines(&gateway, "upstream down"), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_the_upstream_drops_or_hangs_on_hold_up_no_others() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    for number in 0..3 {
        let to = format!("dropped{number}@example.se");
        upstream.script(&to, Script::Drop);
        send(&gateway, &to).await;
    }
    eventually("it is left alone", || async { (lines(&gateway, "upstream down") > 0).then_some(()) }).await;
    // The first to be tried then.
    upstream.script("hanging@example.se", Script::Hang);
    send(&gateway, "hanging@example.se").await;
    let mut sent = Vec::new();
    for number in 0..10 {
        sent.push(send(&gateway, &format!("r{number}@example.se")).await);
    }
    for id in &sent {
        gateway.until(id, "relayed").await;
    }
    let metrics = gateway.metrics().await;
    assert!(metrics.contains("optgate_upstream_up{upstream=\"primary\"} 1"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_of_one_priority_share_by_weight() {
    let database = Database::sqlite();
    let (one, three) = (Upstream::start().await, Upstream::start().await);
    let gateway = Setup::new(&database, &one).config(&another("three", &three, "weight = 3")).start().await;
    let mut tool = gateway.tool().await;
    for number in 0..80 {
        let to = format!("r{number}@example.se");
        let reply = tool.submit("b@shop.example", &[&to], &service_mail(&to)).await;
        gateway.until(&message_id(&reply), "relayed").await;
    }
    assert_eq!((one.captured().len(), three.captured().len()), (20, 60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_an_upstream_holds_for_it_alone() {
    let database = Database::sqlite();
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    let shaping = "[[limit]]\nname = \"new\"\nmatch = { upstream = \"primary\" }\nrate = [\"3/day\"]\n";
    let gateway = Setup::new(&database, &first)
        .config(&another("second", &second, ""))
        .policy("shaping.toml", shaping)
        .start()
        .await;
    for number in 0..10 {
        let id = send(&gateway, &format!("r{number}@example.se")).await;
        gateway.until(&id, "relayed").await;
    }
    assert_eq!((first.captured().len(), second.captured().len()), (3, 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_leaves_only_by_who_takes_mail_from_nobody() {
    let database = Database::sqlite();
    let (ses, own) = (Upstream::start().await, Upstream::start().await);
    ses.script("gone@example.se", Script::Rcpt("550 5.1.1 no such user"));
    let gateway = Setup::new(&database, &ses)
        .upstream("tls = \"none\"\nkind = \"ses\"")
        .config(&another("own", &own, "priority = 10"))
        .start()
        .await;
    let id = send(&gateway, "here@example.se").await;
    gateway.until(&id, "relayed").await;
    let copy = ses.first_for("here@example.se").await;
    let delivery = gateway.deliveries(&id).await.remove(0);
    let tag = format!("optgate-delivery={}", delivery["delivery"].as_str().unwrap());
    assert_eq!(header(&copy, "X-SES-MESSAGE-TAGS"), [tag], "{}", copy.text());
    let signature = header(&copy, "DKIM-Signature").concat().to_ascii_lowercase();
    assert!(signature.contains("d=shop.example"), "{signature}");
    assert!(!signature.contains("message-id") && !signature.contains(":date"), "{signature}");
    let id = send(&gateway, "gone@example.se").await;
    gateway.until(&id, "rejected").await;
    let report = own.first_for("bounce@shop.example").await;
    assert!(report.sender.is_empty() && report.text().contains("Action: failed"), "{}", report.text());
    assert!(ses.captured_for("bounce@shop.example").is_empty());
}

/// Takes connections and refuses every login; how many it saw.
async fn refuses_logins() -> (std::net::SocketAddr, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counting = seen.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let seen = counting.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(socket);
                stream.write_all(b"220 up\r\n").await?;
                let mut line = String::new();
                while stream.read_line(&mut line).await? > 0 {
                    let answer = match line.get(..4) {
                        Some("EHLO") => "250-up\r\n250 AUTH PLAIN\r\n",
                        Some("AUTH") => {
                            seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            "535 5.7.8 authentication failed\r\n"
                        }
                        _ => "221 bye\r\n",
                    };
                    stream.write_all(answer.as_bytes()).await?;
                    line.clear();
                }
                std::io::Result::Ok(())
            });
        }
    });
    (address, seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_is_the_operators_and_never_the_recipients_fault() {
    let database = Database::sqlite();
    let (address, seen) = refuses_logins().await;
    let password = database.folder().join("password");
    std::fs::write(&password, "wrong").unwrap();
    std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let keys = format!("tls = \"none\"\nusername = \"us\"\npassword_file = \"{}\"", password.display());
    let gateway = Setup::towards(&database, address).upstream(&keys).start().await;
    let id = send(&gateway, "anna@example.se").await;
    let delivery = eventually("an attempt", || async {
        let delivery = gateway.deliveries(&id).await.remove(0);
        delivery["last_response"].is_string().then_some(delivery)
    })
    .await;
    assert_eq!(delivery["state"], "queued", "{delivery}");
    let told = delivery["last_response"].as_str().unwrap();
    assert_eq!(told, "primary: the upstream refuses our login: 535 5.7.8 authentication failed");
    for number in 0..20 {
        send(&gateway, &format!("r{number}@example.se")).await;
    }
    let (status, ready) = gateway.api("GET", "/readyz", None).await;
    assert_eq!((status, &ready["status"]), (200, &"ready".into()), "mail is accepted: {ready}");
    let shown = &ready["upstreams"][0];
    assert_eq!(
        (&shown["name"], &shown["standing"], &shown["trouble"]),
        (&"primary".into(), &"down".into(), &"login".into())
    );
    let line = gateway.log().lines().find(|line| line.contains("upstream down")).unwrap().to_owned();
    assert!(line.contains("\"trouble\":\"login\"") && line.contains("password_file"), "{line}");
    let metrics = gateway.metrics().await;
    let failures = "optgate_upstream_failures_total{upstream=\"primary\",stage=\"login\"} ";
    assert!(metrics.contains(failures) && !metrics.contains(&format!("{failures}0\n")), "{metrics}");
    let logins = seen.load(std::sync::atomic::Ordering::SeqCst);
    assert!(logins <= 3, "a provider locks out whom it refuses too often: {logins}");
    assert_eq!(gateway.deliveries(&id).await[0]["state"], "queued");
}

async fn count(database: &Database, state: &str) -> i64 {
    database.count(&format!("SELECT count(*) FROM deliveries WHERE state = '{state}'")).await
}

on_both_databases! {
    async fn an_upstream_that_is_down_for_a_day_loses_nothing_and_is_not_flooded(database: Database) {
        let nowhere = Nowhere::new();
        let shaping = "[[limit]]\nname = \"all\"\nmatch = {}\nrate = [\"1/s\"]\n";
        let clock = Clock::driven(Clock::system().now());
        let gateway = Setup::towards(&database, nowhere.address)
            .policy("shaping.toml", shaping)
            .start_on_both(&clock)
            .await;
        let hour = Duration::from_secs(3600);
        for number in 0..10 {
            gateway.opt_in(&format!("m{number}@example.se"), &["apparel"]).await;
        }
        for number in 0..5 {
            let to = format!("m{number}@example.se");
            gateway.submit(&[&to], &newsletter(&to, "apparel")).await;
            send(&gateway, &format!("f{number}@example.se")).await;
        }
        database.advance(&clock, 20 * hour).await;
        for number in 5..10 {
            let to = format!("m{number}@example.se");
            gateway.submit(&[&to], &newsletter(&to, "apparel")).await;
        }
        database.advance(&clock, 5 * hour).await;
        // Marketing has a day: the first five have had it, and their sender is told.
        eventually("the early marketing has expired", || async {
            (count(&database, "expired").await == 5).then_some(())
        }).await;
        eventually("all else waits, the five notifications too", || async {
            (count(&database, "queued").await == 15).then_some(())
        }).await;
        // Whatever an attempt has put off is due by then: the longest wait, and its spread.
        database.advance(&clock, 5 * hour).await;
        let upstream = nowhere.listen();
        let mut seconds = 0;
        while upstream.captured().len() < 15 {
            seconds += 1;
            assert!(seconds < 600, "{} of 15: {:?}", upstream.captured().len(), count(&database, "queued").await);
            database.advance(&clock, Duration::from_secs(1)).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            // One by one, since what is claimed together may overtake one another on the way.
            eventually("what was claimed has left", || async {
                (count(&database, "claimed").await == 0).then_some(())
            }).await;
            assert!(upstream.captured().len() <= seconds + 1, "{} in {seconds} s", upstream.captured().len());
        }
        let captured = upstream.captured();
        let place = |wanted: &dyn Fn(&str) -> bool| {
            captured.iter().enumerate().filter(|(_, one)| wanted(&one.recipient)).map(|(place, _)| place).collect::<Vec<_>>()
        };
        let marketing = place(&|to| to.starts_with('m'));
        let functional = place(&|to| to.starts_with('f') || to.starts_with("bounce"));
        assert_eq!((marketing.len(), functional.len()), (5, 10));
        assert!(functional.iter().max() < marketing.iter().min(), "functional first: {functional:?} {marketing:?}");
    }
}
