//! What a person chose about how marketing comes to them, through the whole gateway.

use jiff::ToSpan as _;
use serde_json::json;

use crate::restore::released;
use crate::spacing::{Week, held, one, opt_in, shop, submit};
use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::preferences_path;
use crate::support::tool::{marketing_with, newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const ANNA: &str = "anna@example.se";

/// What Anna chose, as somebody told.
async fn choose(gateway: &Gateway, choice: serde_json::Value) -> serde_json::Value {
    let mut body = json!({ "email": ANNA, "source": { "channel": "my-pages" } });
    body.as_object_mut().unwrap().extend(choice.as_object().unwrap().clone());
    let (status, answer) = gateway.api("POST", "/v1/preferences", Some(body)).await;
    assert_eq!(status, 201, "{answer}");
    answer
}

on_both_databases! {
    async fn i3_a_pause_stops_marketing_that_is_queued_already_and_it_goes_after_the_pause(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("96h", "")).await;
        opt_in(&gateway, ANNA, "UTC").await;
        upstream.script(ANNA, Script::Rcpt("450 4.2.1 later"));
        let (queued, reply) = submit(&gateway, ANNA, "apparel").await;
        assert!(!reply.contains("held"), "{reply}");
        eventually("it was tried", || async {
            one(&gateway, &queued).await["last_response"].is_string().then_some(())
        }).await;
        upstream.mend(ANNA);
        let end = week.at(2, "00:00:00");
        let answer = choose(&gateway, json!({ "paused_until": end.to_string() })).await;
        assert_eq!(answer["choices"]["paused_until"], end.to_string());
        held(&gateway, &queued, "paused_by_subscriber", end).await;
        let (new, reply) = submit(&gateway, ANNA, "furniture.office").await;
        assert!(reply.contains("held [paused_by_subscriber]"), "{reply}");
        // Service mail comes all the same.
        let reply = gateway.submit(&[ANNA], &service_mail(ANNA)).await;
        gateway.until(&message_id(&reply), "relayed").await;
        assert_eq!(upstream.captured_for(ANNA).len(), 1);
        week.go_to(&database, 2, "00:00:00").await;
        for message in [&queued, &new] {
            gateway.until(message, "relayed").await;
        }
        let decision = one(&gateway, &new).await["delivery"].as_str().unwrap().to_owned();
        let told = gateway.command(&["policy", "explain", "--decision", &decision, "--json"]).json();
        assert_eq!(told["agrees"], true, "{told:#}");
        let line = &told["rounds"][0]["recorded"]["rule"];
        assert_eq!(line["file"], "senders/demo-shop.toml", "{told:#}");
    }

    async fn of_two_messages_of_a_week_who_chose_one_gets_the_other_on_monday(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        // The sender itself has no cap at all.
        let gateway = week.gateway(&database, &upstream, &shop("240h", "")).await;
        opt_in(&gateway, ANNA, "UTC").await;
        let (first, _) = submit(&gateway, ANNA, "apparel").await;
        gateway.until(&first, "relayed").await;
        // What came before the choice counts.
        let page = preferences_path(&upstream.first_for(ANNA).await);
        let weekly = [("frequency_was", "as_sent"), ("frequency", "weekly"), ("save", "choices")];
        assert_eq!(gateway.post(&page, &weekly).await.0, 200);
        let (second, reply) = submit(&gateway, ANNA, "furniture.office").await;
        assert!(reply.contains("held [frequency_cap]"), "{reply}");
        held(&gateway, &second, "frequency_cap", week.at(7, "00:00:00")).await;
        let (third, _) = submit(&gateway, ANNA, "apparel").await;
        let question = ["policy", "explain", "--sender", "demo-shop", "--to", ANNA, "--scope", "apparel"];
        let told = gateway.command(&question).expect_success().stdout();
        assert!(told.contains("the recipient chose marketing once a week at most"), "{told}");
        assert!(told.contains("without the person's choice of once a week at most"), "{told}");
        // Of two at once one finds the place.
        week.go_to(&database, 7, "00:00:00").await;
        eventually("one of them left", || async {
            (upstream.captured_for(ANNA).len() == 2).then_some(())
        }).await;
        eventually("and the other waits for the week after", || async {
            let next = week.at(14, "00:00:00").to_string();
            let mut waits = 0;
            for message in [&second, &third] {
                let own = one(&gateway, message).await;
                waits += usize::from(own["state"] == "held" && own["next_attempt_at"].as_str() <= Some(&next));
            }
            (waits == 1).then_some(())
        }).await;
        assert_eq!(upstream.captured_for(ANNA).len(), 2);
    }

    async fn who_objected_to_profiling_gets_only_what_goes_to_everybody(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        choose(&gateway, json!({ "profiling": "objected" })).await;
        for how in ["segment", "individual"] {
            let headers = format!("X-Optgate-Scope: apparel\r\nX-Optgate-Personalisation: {how}\r\n");
            let reply = gateway.submit(&[ANNA], &marketing_with(ANNA, &headers)).await;
            assert!(reply.contains("refused [profiling_not_allowed]"), "{how}: {reply}");
        }
        let headers = "X-Optgate-Scope: apparel\r\nX-Optgate-Personalisation: none\r\n";
        let reply = gateway.submit(&[ANNA], &marketing_with(ANNA, headers)).await;
        gateway.until(&message_id(&reply), "relayed").await;
        let sent = upstream.first_for(ANNA).await;
        assert!(!sent.text().contains("X-Optgate-Personalisation"), "{}", sent.text());
        eventually("followers are told", || async {
            let (_, page) = gateway.api("GET", "/v1/events", None).await;
            let events = page["events"].as_array().unwrap().clone();
            events.iter().any(|event| event["type"] == "profiling_objection").then_some(())
        }).await;
    }

    async fn i14_a_pause_and_a_cap_hold_though_a_backup_from_before_them_is_restored(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        gateway.until(&message_id(&reply), "relayed").await;
        gateway.terminate().await;
        let backup = database.back_up().await;
        gateway.start().await;
        let now = optgate::clock::Clock::system().now();
        let end = now.checked_add(200.hours()).unwrap();
        choose(&gateway, json!({ "paused_until": end.to_string() })).await;
        choose(&gateway, json!({ "frequency": "monthly" })).await;
        choose(&gateway, json!({ "profiling": "objected" })).await;
        gateway.terminate().await;
        database.restore(&backup).await;
        gateway.start().await;
        released(&gateway).await;
        let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        assert!(reply.contains("held ["), "{reply}");
        let (_, known) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({ "email": ANNA }))).await;
        let choices = &known["choices"];
        assert_eq!(choices["at_most"], "monthly", "{known}");
        assert_eq!(choices["profiling"], "objected", "{known}");
        assert!(choices["paused_until"].is_string(), "{known}");
        let shown = gateway.command(&["consent", "show", ANNA, "--sender", "demo-shop"]).expect_success().stdout();
        assert!(shown.contains("marketing monthly at most") && shown.contains("paused"), "{shown}");
    }
}
