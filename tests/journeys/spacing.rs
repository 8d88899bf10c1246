//! Frequency caps and quiet hours, through the whole gateway, on a clock that the test drives.

use std::collections::HashMap;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use optgate::clock::Clock;
use serde_json::{Value, json};

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{marketing_with, newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const SHOP: &str = include_str!("../../policies/senders/demo-shop.toml");
const ANNA: &str = "anna@example.se";
const ONE_A_DAY: &str = "[caps]\nmarketing = [\"1/day\"]\n";
const NIGHTS: &str = "[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }\n";

/// The shipped sender, whose marketing may wait for so long, with this at the end of its file.
pub fn shop(deadline: &str, end: &str) -> String {
    format!("{}\n{end}", SHOP.replace("deadline = \"24h\"", &format!("deadline = \"{deadline}\"")))
}

/// Time as a week has it: days from the coming Monday, and the hour in UTC.
#[derive(Clone)]
pub struct Week {
    clock: Clock,
    monday: Timestamp,
}

impl Week {
    /// Monday at ten.
    pub fn begin() -> Self {
        let today = Clock::system().now().to_zoned(TimeZone::UTC).date();
        let monday =
            today.nth_weekday(1, Weekday::Monday).unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp();
        let week = Self { clock: Clock::driven(monday), monday };
        week.clock.set(week.at(0, "10:00:00"));
        week
    }

    pub fn at(&self, day: i64, time: &str) -> Timestamp {
        let time: jiff::civil::Time = time.parse().unwrap();
        let since = SignedDuration::from_hours(24 * day) + time.duration_since(jiff::civil::Time::midnight());
        self.monday.checked_add(since).unwrap()
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// For the gateway, and for the database that judges what is due.
    pub async fn go_to(&self, database: &Database, day: i64, time: &str) {
        database.set(&self.clock, self.at(day, time)).await;
    }

    /// A gateway with this sender.
    pub async fn gateway(&self, database: &Database, upstream: &Upstream, sender: &str) -> Gateway {
        let setup = Setup::new(database, upstream).policy("senders/demo-shop.toml", sender);
        setup.start_on_both(&self.clock).await
    }
}

/// A double opt-in from where this zone holds.
pub async fn opt_in(gateway: &Gateway, email: &str, zone: &str) {
    let body = json!({
        "email": email, "kind": "double_opt_in", "scopes": ["apparel", "furniture"], "time_zone": zone,
        "obtained_at": "2026-05-01T10:00:00Z", "jurisdiction": "se", "evidence": {"form": "web"},
    });
    let (status, answer) = gateway.api("POST", "/v1/grounds", Some(body)).await;
    assert_eq!(status, 201, "{answer}");
}

/// Submits a newsletter; its id, and the reply.
pub async fn submit(gateway: &Gateway, to: &str, scope: &str) -> (String, String) {
    let reply = gateway.submit(&[to], &newsletter(to, scope)).await;
    assert!(reply.starts_with("250"), "{reply}");
    (message_id(&reply), reply)
}

pub async fn one(gateway: &Gateway, message: &str) -> Value {
    gateway.deliveries(message).await.remove(0)
}

/// Waits until it is held for this reason until then, and looked at then.
pub async fn held(gateway: &Gateway, message: &str, reason: &str, until: Timestamp) {
    eventually(&format!("{message} is held [{reason}] until {until}"), || async {
        let own = one(gateway, message).await;
        let next = own["next_attempt_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let as_told = own["state"] == "held" && own["verdict"]["reason"] == reason && next == Some(until);
        as_told.then_some(())
    })
    .await;
}

/// How many deliveries are in this state.
async fn count(database: &Database, state: &str) -> i64 {
    database.count(&format!("SELECT count(*) FROM deliveries WHERE state = '{state}'")).await
}

async fn until_count(database: &Database, state: &str, expected: i64) {
    eventually(&format!("{expected} are {state}"), || async {
        (count(database, state).await == expected).then_some(())
    })
    .await;
}

on_both_databases! {
    async fn what_a_cap_holds_leaves_when_the_recipients_next_day_begins(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("72h", ONE_A_DAY)).await;
        opt_in(&gateway, ANNA, "Asia/Tokyo").await;
        let (first, reply) = submit(&gateway, ANNA, "apparel").await;
        assert!(!reply.contains("held"), "{reply}");
        gateway.until(&first, "relayed").await;
        let (second, reply) = submit(&gateway, ANNA, "furniture.office").await;
        assert!(reply.contains("held [frequency_cap]"), "{reply}");
        let midnight = week.at(0, "15:00:00");
        held(&gateway, &second, "frequency_cap", midnight).await;
        let own = one(&gateway, &second).await;
        let line = shop("72h", ONE_A_DAY).lines().count();
        assert_eq!(own["verdict"]["rule"], json!({"file": "senders/demo-shop.toml", "line": line}), "{own}");
        let listed = gateway.command(&["queue", "list", "--state", "held", "--json"]).json();
        assert_eq!(listed[0]["reason"], "frequency_cap", "{listed}");
        assert_eq!(listed[0]["next_attempt_at"], midnight.to_string(), "{listed}");
        // Service mail waits for nothing.
        let reply = gateway.submit(&[ANNA], &service_mail(ANNA)).await;
        gateway.until(&message_id(&reply), "relayed").await;
        week.go_to(&database, 0, "15:00:00").await;
        gateway.until(&second, "relayed").await;
        assert_eq!(upstream.captured_for(ANNA).len(), 3);
    }

    async fn what_is_asked_before_sending_counts_what_was_sent(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("72h", ONE_A_DAY)).await;
        opt_in(&gateway, ANNA, "UTC").await;
        let question = json!({"stream": "marketing", "scope": "apparel", "recipients": [ANNA, "bo@example.se"]});
        let ask = || gateway.api("POST", "/v1/decisions", Some(question.clone()));
        assert_eq!(ask().await.1["verdicts"][0]["verdict"], "deliver");
        let (first, _) = submit(&gateway, ANNA, "apparel").await;
        gateway.until(&first, "relayed").await;
        let answer = ask().await.1;
        assert_eq!(answer["verdicts"][0]["reason"], "frequency_cap", "{answer}");
        assert_eq!(answer["verdicts"][1]["reason"], "no_ground", "{answer}");
        let explain = |at: Timestamp| {
            let at = at.to_string();
            let question = ["policy", "explain", "--sender", "demo-shop", "--to", ANNA, "--scope", "apparel", "--at", &at];
            gateway.command(&question).expect_success().stdout()
        };
        let told = explain(week.at(0, "12:00:00"));
        assert!(told.starts_with("hold: frequency_cap\nthe cap of 1 marketing message a day is reached"), "{told}");
        assert!(explain(week.at(0, "09:00:00")).starts_with("deliver"), "it was not sent by then");
        assert!(explain(week.at(1, "00:00:00")).starts_with("deliver"), "another day");
    }

    async fn i16_a_caps_verdict_is_made_again_however_much_else_was_sent(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let monthly = "[caps]\n[caps.\"furniture\"]\nmarketing = [\"1/month\"]\n";
        let gateway = week.gateway(&database, &upstream, &shop("72h", monthly)).await;
        opt_in(&gateway, ANNA, "UTC").await;
        let (first, _) = submit(&gateway, ANNA, "furniture.office").await;
        gateway.until(&first, "relayed").await;
        for _ in 0..70 {
            submit(&gateway, ANNA, "apparel").await;
        }
        until_count(&database, "relayed", 71).await;
        let (again, reply) = submit(&gateway, ANNA, "furniture.office").await;
        assert!(reply.contains("held [frequency_cap]"), "{reply}");
        let decision = one(&gateway, &again).await["delivery"].as_str().unwrap().to_owned();
        let told = gateway.command(&["policy", "explain", "--decision", &decision, "--json"]).json();
        assert_eq!(told["agrees"], true, "{told:#}");
        assert_eq!(told["rounds"][0]["sent"].as_array().unwrap().len(), 1, "what the cap counts, and no more");
    }

    async fn of_two_at_once_under_a_cap_of_one_the_other_waits_for_tomorrow(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("72h", ONE_A_DAY)).await;
        opt_in(&gateway, ANNA, "UTC").await;
        upstream.close();
        let (first, _) = submit(&gateway, ANNA, "apparel").await;
        upstream.somebody_waits().await;
        let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "furniture.office")).await;
        let second = message_id(&reply);
        // The first may still come back and leave its place.
        held(&gateway, &second, "frequency_cap", week.at(0, "10:01:00")).await;
        upstream.open();
        gateway.until(&first, "relayed").await;
        week.go_to(&database, 0, "10:01:00").await;
        held(&gateway, &second, "frequency_cap", week.at(1, "00:00:00")).await;
        assert_eq!(upstream.captured_for(ANNA).len(), 1);
        week.go_to(&database, 1, "00:00:00").await;
        gateway.until(&second, "relayed").await;
        for message in [&first, &second] {
            assert_eq!(one(&gateway, message).await["verdict"]["verdict"], "deliver");
        }
    }

    async fn i16_what_was_held_on_its_way_leaves_on_a_verdict_that_says_so(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("72h", NIGHTS)).await;
        opt_in(&gateway, ANNA, "UTC").await;
        week.go_to(&database, 0, "20:59:00").await;
        upstream.script(ANNA, Script::Rcpt("450 4.2.1 later"));
        let (id, reply) = submit(&gateway, ANNA, "apparel").await;
        assert!(!reply.contains("held"), "{reply}");
        eventually("it was tried", || async {
            one(&gateway, &id).await["last_response"].is_string().then_some(())
        }).await;
        upstream.mend(ANNA);
        week.go_to(&database, 0, "22:00:00").await;
        held(&gateway, &id, "quiet_hours", week.at(1, "08:00:00")).await;
        // Looked at once more, and nothing new to say.
        gateway.purchase(ANNA, "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
        eventually("it was claimed again", || async {
            let own = one(&gateway, &id).await;
            let claims = database.count("SELECT max(fence) FROM deliveries").await;
            (claims >= 3 && own["state"] == "held").then_some(())
        }).await;
        week.go_to(&database, 1, "08:00:00").await;
        let ended = gateway.until(&id, "relayed").await;
        assert_eq!((&ended["verdict"]["verdict"], &ended["verdict"]["reason"]), (&json!("deliver"), &json!(null)), "{ended}");
        let decision = ended["delivery"].as_str().unwrap();
        let told = gateway.command(&["policy", "explain", "--decision", decision, "--json"]).json();
        let rounds: Vec<&str> = told["rounds"].as_array().unwrap().iter()
            .map(|round| round["recorded"]["verdict"].as_str().unwrap()).collect();
        assert_eq!(rounds, ["deliver", "hold", "deliver"], "{told:#}");
        assert_eq!(told["agrees"], true, "{told:#}");
    }

    async fn what_waits_for_its_turn_spends_no_quota(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let limit = "[[limit]]\nname = \"all\"\nmatch = {}\nrate = [\"2/day\"]\n";
        let setup = Setup::new(&database, &upstream).policy("shaping.toml", limit);
        let setup = setup.policy("senders/demo-shop.toml", &shop("72h", ONE_A_DAY));
        let gateway = setup.start_on_both(&week.clock).await;
        for person in [ANNA, "bo@example.se"] {
            opt_in(&gateway, person, "UTC").await;
        }
        upstream.close();
        submit(&gateway, ANNA, "apparel").await;
        upstream.somebody_waits().await;
        let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "furniture.office")).await;
        held(&gateway, &message_id(&reply), "frequency_cap", week.at(0, "10:01:00")).await;
        upstream.open();
        let (his, _) = submit(&gateway, "bo@example.se", "apparel").await;
        gateway.until(&his, "relayed").await;
        assert_eq!(upstream.captured().len(), 2);
    }

    async fn what_waits_for_a_cap_leaves_at_once_when_the_cap_is_loosened_and_it_is_retried(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("72h", ONE_A_DAY)).await;
        opt_in(&gateway, ANNA, "UTC").await;
        let (first, _) = submit(&gateway, ANNA, "apparel").await;
        gateway.until(&first, "relayed").await;
        let (second, _) = submit(&gateway, ANNA, "apparel").await;
        let retry = ["queue", "retry", "--state", "held", "--json"];
        assert_eq!(gateway.command(&retry).json().as_array().unwrap().len(), 1);
        held(&gateway, &second, "frequency_cap", week.at(1, "00:00:00")).await;
        let file = gateway.data_dir.join("policies/senders/demo-shop.toml");
        std::fs::write(&file, shop("72h", &ONE_A_DAY.replace("1/day", "2/day"))).unwrap();
        eventually("the new cap is in force", || async {
            let question = json!({"stream": "marketing", "scope": "apparel", "recipients": [ANNA]});
            let answer = gateway.api("POST", "/v1/decisions", Some(question)).await.1;
            (answer["verdicts"][0]["verdict"] == "deliver").then_some(())
        }).await;
        gateway.command(&retry).expect_success();
        gateway.until(&second, "relayed").await;
    }

    async fn quiet_hours_are_those_of_the_recipients_own_zone(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("24h", NIGHTS)).await;
        opt_in(&gateway, ANNA, "Asia/Tokyo").await;
        opt_in(&gateway, "bo@example.se", "Europe/Lisbon").await;
        week.go_to(&database, 0, "13:00:00").await;
        let both = gateway.submit(&[ANNA, "bo@example.se"], &newsletter(ANNA, "apparel")).await;
        assert!(both.contains("1 of 2 held [quiet_hours]"), "{both}");
        upstream.first_for("bo@example.se").await;
        let reply = gateway.submit(&[ANNA], &service_mail(ANNA)).await;
        gateway.until(&message_id(&reply), "relayed").await;
        let id = message_id(&both);
        eventually("it waits for the morning", || async {
            let deliveries = gateway.deliveries(&id).await;
            let morning = week.at(0, "23:00:00").to_string();
            deliveries.iter().any(|own| own["state"] == "held" && own["next_attempt_at"] == morning).then_some(())
        }).await;
        week.go_to(&database, 0, "23:00:00").await;
        until_count(&database, "relayed", 3).await;
    }

    async fn i9_what_waits_beyond_its_deadline_is_withheld_then_and_nobody_is_told_of_an_error(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("12h", &format!("{ONE_A_DAY}{NIGHTS}"))).await;
        opt_in(&gateway, ANNA, "UTC").await;
        let (first, _) = submit(&gateway, ANNA, "apparel").await;
        gateway.until(&first, "relayed").await;
        let (second, _) = submit(&gateway, ANNA, "apparel").await;
        let deadline = week.at(0, "22:00:00");
        held(&gateway, &second, "frequency_cap", deadline).await;
        // However late it is looked at, it ends as of its deadline.
        week.go_to(&database, 1, "09:00:00").await;
        let ended = gateway.until(&second, "withheld").await;
        assert!(["frequency_cap", "quiet_hours"].contains(&ended["verdict"]["reason"].as_str().unwrap()), "{ended}");
        let (third, _) = submit(&gateway, ANNA, "apparel").await;
        gateway.until(&third, "relayed").await;
        assert!(upstream.captured_for("bounce@shop.example").is_empty());
        assert_eq!(upstream.captured_for(ANNA).len(), 2);
    }

    async fn what_the_upstream_puts_off_gives_its_place_back(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("72h", ONE_A_DAY)).await;
        opt_in(&gateway, ANNA, "UTC").await;
        upstream.script(ANNA, Script::Rcpt("451 4.3.0 later"));
        let (first, _) = submit(&gateway, ANNA, "apparel").await;
        eventually("it was tried", || async {
            one(&gateway, &first).await["last_response"].is_string().then_some(())
        }).await;
        upstream.mend(ANNA);
        let (second, reply) = submit(&gateway, ANNA, "apparel").await;
        assert!(!reply.contains("held"), "{reply}");
        gateway.until(&second, "relayed").await;
        week.go_to(&database, 0, "11:00:00").await;
        held(&gateway, &first, "frequency_cap", week.at(1, "00:00:00")).await;
    }

    async fn a_fact_that_wakes_what_is_held_does_not_let_it_go(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("72h", NIGHTS)).await;
        opt_in(&gateway, ANNA, "Asia/Tokyo").await;
        week.go_to(&database, 0, "13:00:00").await;
        let (night, _) = submit(&gateway, ANNA, "apparel").await;
        held(&gateway, &night, "quiet_hours", week.at(0, "23:00:00")).await;
        gateway.purchase(ANNA, "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
        held(&gateway, &night, "quiet_hours", week.at(0, "23:00:00")).await;
        // But she may be where it is day.
        opt_in(&gateway, "anna@example.se", "Europe/Lisbon").await;
        week.go_to(&database, 0, "13:00:01").await;
        let (status, answer) = gateway.api("POST", "/v1/grounds", Some(json!({
            "email": ANNA, "kind": "double_opt_in", "scopes": ["apparel"], "time_zone": "Europe/Lisbon",
            "obtained_at": week.at(0, "12:59:59").to_string(), "jurisdiction": "se", "evidence": {},
        }))).await;
        assert_eq!(status, 201, "{answer}");
        gateway.until(&night, "relayed").await;
    }

    async fn i3_what_is_withdrawn_while_it_waits_never_leaves(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("72h", NIGHTS)).await;
        opt_in(&gateway, ANNA, "UTC").await;
        week.go_to(&database, 0, "22:00:00").await;
        let (id, _) = submit(&gateway, ANNA, "apparel").await;
        held(&gateway, &id, "quiet_hours", week.at(1, "08:00:00")).await;
        gateway.withdraw(ANNA).await;
        let ended = gateway.until(&id, "withheld").await;
        assert_eq!(ended["verdict"]["reason"], "withdrawn", "{ended}");
        assert!(upstream.captured().is_empty());
    }

    async fn i4_caps_that_cannot_be_read_are_no_yes(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let gateway = week.gateway(&database, &upstream, &shop("72h", ONE_A_DAY)).await;
        opt_in(&gateway, ANNA, "UTC").await;
        database.tamper("ALTER TABLE mailings RENAME TO gone").await;
        let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        assert!(reply.starts_with("451 4.3.0"), "{reply}");
        let reply = gateway.submit(&[ANNA], &service_mail(ANNA)).await;
        gateway.until(&message_id(&reply), "relayed").await;
        database.tamper("ALTER TABLE gone RENAME TO mailings").await;
        let (id, _) = submit(&gateway, ANNA, "apparel").await;
        gateway.until(&id, "relayed").await;
    }

    async fn i14_a_scope_in_shadow_mode_spaces_nothing_out_and_lets_no_recorded_no_pass(database: Database) {
        let (week, upstream) = (Week::begin(), Upstream::start().await);
        let shadow = "[scopes.apparel]\nmode = \"shadow\"";
        let sender = shop("72h", ONE_A_DAY).replace("[scopes.apparel]", shadow);
        let gateway = week.gateway(&database, &upstream, &sender).await;
        opt_in(&gateway, ANNA, "UTC").await;
        for _ in 0..2 {
            let (id, reply) = submit(&gateway, ANNA, "apparel.tshirts").await;
            assert!(!reply.contains("held"), "{reply}");
            gateway.until(&id, "relayed").await;
        }
        // Decided and recorded all the same.
        let recorded = "SELECT count(*) FROM verdicts WHERE verdict = 'hold' AND reason = 'frequency_cap' AND round = 0";
        assert_eq!(database.count(recorded).await, 1);
        let (elsewhere, _) = submit(&gateway, ANNA, "furniture.office").await;
        held(&gateway, &elsewhere, "frequency_cap", week.at(1, "00:00:00")).await;
        gateway.withdraw(ANNA).await;
        let (_, reply) = submit(&gateway, ANNA, "apparel.tshirts").await;
        assert!(reply.contains("refused [withdrawn]"), "{reply}");
        assert_eq!(upstream.captured_for(ANNA).len(), 2);
    }

    async fn a_crash_between_reservation_and_settlement_neither_keeps_a_place_nor_takes_two(database: Database) {
        let upstream = Upstream::start().await;
        // On the real clock: only a month is long enough for a test to end in.
        let sender = shop("72h", "[caps]\nmarketing = [\"2/month\"]\n");
        let setup = Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &sender);
        let mut gateway = setup.start().await;
        opt_in(&gateway, ANNA, "UTC").await;
        // Its place is reserved, and it never gets further; then it is rejected.
        crash_at("deliver_before_send", &mut gateway).await;
        upstream.script(ANNA, Script::Rcpt("550 5.7.1 no"));
        gateway.set_failpoints("");
        gateway.start().await;
        until_count(&database, "rejected", 1).await;
        // And the tool has been told.
        until_count(&database, "relayed", 1).await;
        upstream.mend(ANNA);
        // Sent, and nobody knows; it is sent again, and counts once.
        crash_at("deliver_after_response", &mut gateway).await;
        gateway.set_failpoints("");
        gateway.start().await;
        until_count(&database, "relayed", 2).await;
        let (second, _) = submit(&gateway, ANNA, "apparel").await;
        gateway.until(&second, "relayed").await;
        let (_, reply) = submit(&gateway, ANNA, "apparel").await;
        assert!(reply.contains("held [frequency_cap]"), "{reply}");
        assert_eq!(upstream.captured_for(ANNA).len(), 3);
    }
}

/// Submits mail for Anna, and the gateway ends at this point on its way.
async fn crash_at(point: &str, gateway: &mut Gateway) {
    gateway.kill();
    gateway.set_failpoints(&format!("{point}=1*return"));
    gateway.start().await;
    // Nobody knows whether the reply comes before the crash.
    let secret = gateway.secret("demo-shop/tool");
    let login = crate::support::Tool::try_login(gateway.smtp(), "demo-shop/tool", secret).await;
    let mut tool = login.expect("it accepts");
    let _ = tool.try_submit("bounce@shop.example", ANNA, &newsletter(ANNA, "apparel")).await;
    let end = tokio::time::Instant::now() + crate::support::PATIENCE;
    while gateway.is_alive() {
        assert!(tokio::time::Instant::now() < end, "it never came to {point}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    gateway.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_clock_is_slow_lets_go_when_the_databases_morning_comes() {
    let Some(database) = Database::postgres().await else { return };
    let (week, upstream) = (Week::begin(), Upstream::start().await);
    let gateway = week.gateway(&database, &upstream, &shop("72h", NIGHTS)).await;
    opt_in(&gateway, ANNA, "UTC").await;
    week.go_to(&database, 0, "22:00:00").await;
    let (id, _) = submit(&gateway, ANNA, "apparel").await;
    held(&gateway, &id, "quiet_hours", week.at(1, "08:00:00")).await;
    week.clock.set(week.at(1, "07:59:30"));
    database.follow(&Clock::driven(week.at(1, "08:00:00"))).await;
    gateway.until(&id, "relayed").await;
    let claims = database.count("SELECT max(fence) FROM deliveries").await;
    assert!(claims <= 3, "{claims} claims of one delivery");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_holds_over_two_nodes_on_one_database() {
    let Some(database) = Database::postgres().await else { return };
    let (week, upstream) = (Week::begin(), Upstream::start().await);
    let sender = shop("72h", ONE_A_DAY);
    let first = week.gateway(&database, &upstream, &sender).await;
    let setup = Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &sender);
    let mut second = setup.node("second").keys_of(&first).prepare();
    second.start_on(week.clock.clone()).await;
    let people: Vec<String> = (0..25).map(|number| format!("r{number}@example.se")).collect();
    for person in &people {
        opt_in(&first, person, "UTC").await;
    }
    // Nothing leaves before all is there, so that intake holds none of it.
    upstream.close();
    let mut tool = first.tool().await;
    for campaign in ["one", "two"] {
        for person in &people {
            let headers = format!("X-Optgate-Scope: apparel\r\nX-Optgate-Campaign: {campaign}\r\n");
            let reply =
                tool.submit("bounce@shop.example", &[person], &marketing_with(person, &headers)).await;
            assert!(reply.starts_with("250"), "{reply}");
        }
    }
    upstream.open();
    until_count(&database, "relayed", 25).await;
    until_count(&database, "held", 25).await;
    let mut copies: HashMap<String, usize> = HashMap::new();
    for captured in upstream.captured() {
        *copies.entry(captured.recipient).or_default() += 1;
    }
    assert!(people.iter().all(|person| copies[person] == 1), "{copies:?}");
    week.go_to(&database, 1, "00:00:00").await;
    until_count(&database, "relayed", 50).await;
}
