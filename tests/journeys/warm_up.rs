//! A domain that providers don't know yet: how much of its marketing leaves in a day, and who comes first.

use serde_json::{Value, json};

use crate::spacing::{Week, one, opt_in, shop, submit};
use crate::support::gateway::{Setup, message_id};
use crate::support::tool::service_mail;
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const CURVE: &str = "[[warm_up]]\ndomain = \"shop.example\"\ncurve = [2, 4]\n";

async fn start(week: &Week, database: &Database, upstream: &Upstream, deadline: &str) -> Gateway {
    let setup = Setup::new(database, upstream)
        .policy("senders/demo-shop.toml", &shop(deadline, ""))
        .policy("shaping.toml", CURVE);
    setup.start_on_both(week.clock()).await
}

async fn send(gateway: &Gateway, to: &str) -> String {
    opt_in(gateway, to, "UTC").await;
    submit(gateway, to, "apparel").await.0
}

async fn held(gateway: &Gateway, message: &str) -> Value {
    eventually(&format!("{message} waits for room"), || async {
        let own = one(gateway, message).await;
        (own["state"] == "held" && own["verdict"]["reason"] == "warm_up").then_some(own)
    })
    .await
}

fn relayed(upstream: &Upstream) -> usize {
    upstream.captured().len()
}

on_both_databases! {
    async fn what_is_too_much_for_the_day_waits_for_the_next_and_functional_mail_never(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = start(&week, &database, &upstream, "72h").await;
        let service = gateway.submit(&["r0@example.se"], &service_mail("r0@example.se")).await;
        gateway.until(&message_id(&service), "relayed").await;
        // It counts, so that there is one place left.
        let first = send(&gateway, "r1@example.se").await;
        gateway.until(&first, "relayed").await;
        let mut waiting = Vec::new();
        for number in 2..5 {
            let own = send(&gateway, &format!("r{number}@example.se")).await;
            let told = held(&gateway, &own).await;
            assert!(told["verdict"]["text"].as_str().unwrap().contains("shop.example warms up"), "{told}");
            waiting.push(own);
        }
        let service = gateway.submit(&["r1@example.se"], &service_mail("r1@example.se")).await;
        gateway.until(&message_id(&service), "relayed").await;
        // Another provider knows as little, and has a curve of its own.
        let other = send(&gateway, "r1@example.nl").await;
        gateway.until(&other, "relayed").await;
        let shown = gateway.command(&["queue", "warm-up"]).expect_success().stdout();
        assert!(shown.contains("shop.example") && shown.contains("example.se") && shown.contains("NEXT DAY"), "{shown}");
        let overview = gateway.command(&["queue"]).expect_success().stdout();
        assert!(overview.contains("warm_up") && overview.contains("the next day's room"), "{overview}");
        eventually("the metric tells", || async {
            let metrics = gateway.metrics().await;
            let taken = metrics.lines().find(|line| line.starts_with("optgate_warm_up_taken{"))?.to_owned();
            (taken.contains("shop.example") && taken.ends_with(" 3")).then_some(())
        }).await;
        assert_eq!(relayed(&upstream), 4);
        week.go_to(&database, 0, "23:59:00").await;
        let late = send(&gateway, "r9@example.se").await;
        held(&gateway, &late).await;
        assert_eq!(relayed(&upstream), 4);
        // The second day has four places; three wait from the first, and one from its last minute.
        week.go_to(&database, 1, "01:00:00").await;
        for own in waiting.iter().chain([&late]) {
            gateway.until(own, "relayed").await;
        }
        held(&gateway, &send(&gateway, "r5@example.se").await).await;
        // That was the end of the curve.
        week.go_to(&database, 2, "01:00:00").await;
        for number in 10..20 {
            let own = send(&gateway, &format!("r{number}@example.se")).await;
            gateway.until(&own, "relayed").await;
        }
    }

    async fn the_best_grounded_come_first_when_the_day_opens(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = start(&week, &database, &upstream, "72h").await;
        for number in 0..2 {
            let own = send(&gateway, &format!("r{number}@example.se")).await;
            gateway.until(&own, "relayed").await;
        }
        let mut soft = Vec::new();
        for number in 0..4 {
            let to = format!("soft{number}@example.se");
            gateway.purchase(&to, "apparel.tshirts", "2026-10-01T10:00:00Z", "se").await;
            let own = submit(&gateway, &to, "apparel").await.0;
            held(&gateway, &own).await;
            soft.push(own);
        }
        let mut double = Vec::new();
        for number in 0..4 {
            let own = send(&gateway, &format!("double{number}@example.se")).await;
            held(&gateway, &own).await;
            double.push(own);
        }
        week.go_to(&database, 1, "08:00:00").await;
        for own in &double {
            gateway.until(own, "relayed").await;
        }
        for own in &soft {
            held(&gateway, own).await;
        }
        assert_eq!(relayed(&upstream), 6);
    }

    async fn what_waits_for_room_to_its_deadline_is_withheld(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = start(&week, &database, &upstream, "12h").await;
        for number in 0..2 {
            let own = send(&gateway, &format!("r{number}@example.se")).await;
            gateway.until(&own, "relayed").await;
        }
        let late = send(&gateway, "late@example.se").await;
        held(&gateway, &late).await;
        week.go_to(&database, 0, "23:00:00").await;
        let ended = gateway.until(&late, "withheld").await;
        assert_eq!(ended["verdict"]["reason"], json!("warm_up"), "{ended}");
    }

    async fn what_the_provider_puts_off_gives_its_place_back(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = start(&week, &database, &upstream, "72h").await;
        upstream.script("r0@example.se", Script::Rcpt("450 4.2.0 greylisted"));
        let put_off = send(&gateway, "r0@example.se").await;
        eventually("it was tried", || async {
            one(&gateway, &put_off).await["last_response"].is_string().then_some(())
        }).await;
        for number in 1..3 {
            let own = send(&gateway, &format!("r{number}@example.se")).await;
            gateway.until(&own, "relayed").await;
        }
        held(&gateway, &send(&gateway, "r3@example.se").await).await;
    }
}
