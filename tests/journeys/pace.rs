//! How fast mail leaves where somebody resists: who is slowed, who isn't, and how ops see and undo it.

use std::time::Duration;

use optgate::clock::Clock;
use serde_json::Value;

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, Tool, Upstream, eventually, on_both_databases};

/// One a second where nobody resists; a fiftieth of it once somebody does.
const SHAPING: &str = r#"
[[provider]]
id = "google"
domains = ["gmail.com"]
[[limit]]
name = "google"
match = { provider = "google" }
rate = ["60/minute"]
[adaptive]
decrease = 0.02
[[response]]
provider = "google"
pattern = '4\.7\.99'
action = "suspend"
for = "1h"
"#;

async fn start(database: &Database, upstream: &Upstream) -> (Gateway, Clock) {
    let clock = Clock::driven(Clock::system().now());
    let gateway = Setup::new(database, upstream).policy("shaping.toml", SHAPING).start_on_both(&clock).await;
    (gateway, clock)
}

async fn send(gateway: &Gateway, recipient: &str) -> String {
    message_id(&gateway.submit(&[recipient], &service_mail(recipient)).await)
}

async fn send_newsletter(gateway: &Gateway, recipient: &str) -> String {
    gateway.opt_in(recipient, &["apparel"]).await;
    message_id(&gateway.submit(&[recipient], &newsletter(recipient, "apparel")).await)
}

fn throttles(gateway: &Gateway) -> Vec<Value> {
    gateway.command(&["queue", "throttles", "--json"]).json().as_array().expect("a list").clone()
}

/// Who resists is known to the gateway that met it.
async fn slowed(gateway: &Gateway, who: &str) -> Value {
    eventually(&format!("{who} is slowed"), || async {
        throttles(gateway).into_iter().find(|own| own["name"] == who)
    })
    .await
}

on_both_databases! {
    async fn a_provider_that_resists_is_slowed_alone_and_its_pace_is_given_back_by_hand(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script("first@gmail.com", Script::Rcpt("421 4.7.28 unusual rate of mail, first@gmail.com"));
        let (gateway, clock) = start(&database, &upstream).await;
        send(&gateway, "first@gmail.com").await;
        let throttle = slowed(&gateway, "google").await;
        // The command goes by this machine's clock, where the database has none of its own.
        let share = throttle["share"].as_f64().unwrap();
        assert!(throttle["party"] == "provider" && (0.02..0.1).contains(&share), "{throttle}");
        let cause = throttle["cause"].as_str().unwrap();
        assert!(cause.contains("421 4.7.28") && !cause.contains("first@"), "{cause}");
        upstream.mend("first@gmail.com");
        // The limit itself would let these go, a second apart.
        let mut sent = Vec::new();
        for number in 0..4 {
            sent.push(send(&gateway, &format!("r{number}@gmail.com")).await);
        }
        for number in 0..10 {
            let other = send(&gateway, &format!("r{number}@example.se")).await;
            gateway.until(&other, "relayed").await;
        }
        for _ in 0..5 {
            database.advance(&clock, Duration::from_secs(1)).await;
            gateway.until(&send(&gateway, "again@example.se").await, "relayed").await;
        }
        let relayed = || upstream.captured().iter().filter(|own| own.recipient.ends_with("@gmail.com")).count();
        assert!(relayed() <= 1, "one a minute: {}", relayed());
        let overview = gateway.command(&["queue"]).expect_success().stdout();
        assert!(overview.contains("provider google is at "), "{overview}");
        assert!(overview.contains("of its pace: 421 4.7.28"), "{overview}");
        assert!(overview.contains("optgate queue unthrottle --provider google"), "{overview}");
        eventually("the metric tells", || async {
            let metrics = gateway.metrics().await;
            metrics.contains("optgate_throttle_share{party=\"provider\",name=\"google\"} 0.0").then_some(())
        }).await;
        gateway.command(&["queue", "unthrottle", "--provider", "google"]).expect_success();
        assert_eq!(gateway.command(&["queue", "unthrottle", "--provider", "google"]).status(), 1);
        assert_eq!(throttles(&gateway), Vec::<Value>::new());
        eventually("the rest leaves at its limit", || async {
            database.advance(&clock, Duration::from_secs(1)).await;
            (relayed() >= 4).then_some(())
        }).await;
    }

    async fn a_suspended_provider_gets_no_marketing_until_then_and_service_mail_all_along(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script("first@gmail.com", Script::End("421 4.7.99 not today"));
        let (gateway, clock) = start(&database, &upstream).await;
        send_newsletter(&gateway, "first@gmail.com").await;
        let throttle = slowed(&gateway, "google").await;
        assert!(throttle["suspended_until"].is_string(), "{throttle}");
        upstream.mend("first@gmail.com");
        let newsletter = send_newsletter(&gateway, "anna@gmail.com").await;
        let service = send(&gateway, "anna@gmail.com").await;
        // The limit is one a second, and who asks in vain asks again.
        eventually("service mail leaves", || async {
            database.advance(&clock, Duration::from_secs(1)).await;
            (gateway.deliveries(&service).await[0]["state"] == "relayed").then_some(())
        }).await;
        for _ in 0..5 {
            database.advance(&clock, Duration::from_secs(600)).await;
            gateway.until(&send(&gateway, "bo@example.se").await, "relayed").await;
        }
        assert_eq!(gateway.deliveries(&newsletter).await[0]["state"], "queued");
        let overview = gateway.command(&["queue", "--provider", "google"]).expect_success().stdout();
        assert!(overview.contains("provider google takes no marketing now: 421 4.7.99"), "{overview}");
        database.advance(&clock, Duration::from_secs(600)).await;
        eventually("marketing goes on, one a minute", || async {
            database.advance(&clock, Duration::from_secs(60)).await;
            (gateway.deliveries(&newsletter).await[0]["state"] == "relayed").then_some(())
        }).await;
    }

    async fn a_limit_by_credential_holds_what_it_submitted_and_nobody_elses(database: Database) {
        let upstream = Upstream::start().await;
        let limit = "[[limit]]\nname = \"tool\"\nmatch = { credential = \"demo-shop/tool\" }\nrate = [\"1/day\"]\n";
        let mut gateway = Setup::new(&database, &upstream).policy("shaping.toml", limit).start().await;
        gateway.add_credential("demo-shop", "crm", "smtp", &["--streams", "functional"]);
        gateway.until(&send(&gateway, "anna@example.se").await, "relayed").await;
        let second = send(&gateway, "bo@example.se").await;
        for number in 0..3 {
            let to = format!("r{number}@example.se");
            let mut crm = Tool::login(gateway.smtp(), "demo-shop/crm", gateway.secret("demo-shop/crm")).await;
            let reply = crm.submit("bounce@shop.example", &[&to], &service_mail(&to)).await;
            gateway.until(&message_id(&reply), "relayed").await;
        }
        assert_eq!(gateway.deliveries(&second).await[0]["state"], "queued");
        let overview = gateway.command(&["queue", "--json"]).json();
        let waits = overview.as_array().unwrap();
        assert_eq!((waits.len(), &waits[0]["credential"]), (1, &Value::from("demo-shop/tool")), "{overview}");
        assert!(waits[0]["why"].as_str().unwrap().contains("tool (1/day)"), "{overview}");
    }

    async fn a_provider_that_never_answers_leaves_connections_to_the_others(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).upstream("tls = \"none\"\nconnections = 4").start().await;
        // More than all that may be in hand for it.
        for number in 0..50 {
            let to = format!("r{number}@tarpit.example");
            upstream.script(&to, Script::Hang);
            send(&gateway, &to).await;
        }
        eventually("all that it may have hang", || async {
            gateway.metrics().await.contains("optgate_upstream_connections{upstream=\"primary\"} 3").then_some(())
        }).await;
        for number in 0..20 {
            let other = send(&gateway, &format!("r{number}@example.se")).await;
            gateway.until(&other, "relayed").await;
        }
    }

    async fn providers_are_each_met_as_they_answer_and_none_holds_back_another(database: Database) {
        let upstream = Upstream::start().await;
        let answers = [
            ("gmail.com", Script::Rcpt("421 4.7.28 unusual rate of mail")),
            ("busy.example", Script::End("421 4.3.2 try again later")),
            ("strict.example", Script::End("550 5.7.1 not what we want")),
            ("gone.example", Script::Rcpt("550 5.1.1 no such user")),
            ("slow.example", Script::Hang),
        ];
        for (domain, script) in &answers {
            upstream.script(&format!("@{domain}"), script.clone());
        }
        let gateway = Setup::new(&database, &upstream).start().await;
        for number in 0..8 {
            for domain in answers.iter().map(|(domain, _)| *domain).chain(["open.example"]) {
                send_newsletter(&gateway, &format!("r{number}@{domain}")).await;
            }
        }
        for number in 0..8 {
            let service = send(&gateway, &format!("r{number}@open.example")).await;
            gateway.until(&service, "relayed").await;
        }
        let states = |provider: &'static str| {
            let list = gateway.command(&["queue", "list", "--provider", provider, "--json"]).json();
            list.as_array().expect("a list").iter().map(|own| own["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        eventually("each has its answer", || async {
            let of = |provider, state: &str| states(provider).iter().filter(|own| *own == state).count();
            let ended = [of("open.example", "relayed"), of("strict.example", "rejected"), of("gone.example", "rejected")];
            let waiting = [of("google", "queued"), of("busy.example", "queued"), of("slow.example", "queued")];
            (ended == [16, 8, 8] && waiting == [8, 8, 8]).then_some(())
        }).await;
        let taken = |to: &'static str| { let gateway = &gateway; async move { gateway.submit(&[to], &service_mail(to)).await } };
        assert!(taken("r0@strict.example").await.starts_with("250"), "what is laid on the mail is nobody's address' fault");
        assert!(taken("r0@gone.example").await.contains("[suppressed_bounce]"));
        let slowed = throttles(&gateway);
        let names: Vec<&str> = slowed.iter().filter(|own| own["party"] == "provider").map(|own| own["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"google") && !names.contains(&"open.example") && !names.contains(&"gone.example"), "{slowed:?}");
        let resisting = |to: &str| answers.iter().any(|(domain, _)| to.ends_with(&format!("@{domain}")));
        assert!(!upstream.captured().iter().any(|own| resisting(&own.recipient)));
    }
}
