//! A no is honoured: at once, through every door, and for what is already queued.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::{preferences_path, unsubscribe_path};
use crate::support::on_both_databases;
use crate::support::tool::newsletter;
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, PATIENCE, Upstream, eventually};

const ANNA: &str = "anna@example.se";

/// Who presses at the same moment.
const CROWD: usize = 12;
/// Before and after their commit, before and after the journal that comes first, and when one more is told.
const CRASHES: [&str; 6] = [
    "record_before_commit=1*off->1*return",
    "record_after_commit=1*off->1*return",
    "journal_before_sync=1*off->1*return",
    "journal_after_sync=1*off->1*return",
    "",
    "",
];

/// Each of them a mail client's button; the numbers of those that were answered 200.
fn press_at_once<'l>(
    gateway: &Gateway,
    links: impl IntoIterator<Item = (usize, &'l String)>,
) -> JoinSet<Option<usize>> {
    let mut pressed = JoinSet::new();
    for (number, link) in links {
        let request = reqwest::Client::new().post(format!("http://{}{link}", gateway.web()));
        let request = request.form(&[("List-Unsubscribe", "One-Click")]);
        pressed.spawn(async move {
            let answer = request.send().await.ok()?;
            (answer.status().as_u16() == 200).then_some(number)
        });
    }
    pressed
}

async fn died(gateway: &mut Gateway) -> bool {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while gateway.is_alive() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    !gateway.is_alive()
}

async fn subscribed(database: &Database, upstream: &Upstream) -> Gateway {
    let gateway = Setup::new(database, upstream).start().await;
    gateway.opt_in(ANNA, &["apparel", "furniture.office"]).await;
    gateway
}

async fn next_is(gateway: &Gateway, scope: &str, expected: &str) {
    let reply = gateway.submit(&[ANNA], &newsletter(ANNA, scope)).await;
    assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
    match expected {
        "delivered" => assert!(!reply.contains("refused"), "{scope}: {reply}"),
        reason => assert!(reply.contains(&format!("refused [{reason}]")), "{scope}: {reply}"),
    }
}

on_both_databases! {
    async fn i3_a_withdrawal_stops_mail_that_is_already_queued(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script(ANNA, Script::Rcpt("451 4.3.0 later"));
        let gateway = subscribed(&database, &upstream).await;
        let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        let id = message_id(&reply);
        eventually("the first attempt", || async {
            gateway.deliveries(&id).await[0]["last_response"].is_string().then_some(())
        }).await;
        gateway.withdraw(ANNA).await;
        upstream.mend(ANNA);
        let delivery = gateway.until(&id, "withheld").await;
        assert_eq!(delivery["verdict"]["reason"], "withdrawn", "{delivery}");
        assert!(upstream.captured().is_empty(), "no mail, and no DSN either");
    }

    async fn i6_a_get_changes_nothing_and_a_post_without_a_known_field_neither(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = subscribed(&database, &upstream).await;
        gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        let copy = upstream.first_for(ANNA).await;
        for path in [unsubscribe_path(&copy), preferences_path(&copy)] {
            for _ in 0..10 {
                let (status, page) = gateway.get(&path).await;
                assert_eq!(status, 200, "{page}");
                assert!(page.contains("<form"), "{page}");
            }
            let (status, _) = gateway.post(&path, &[("unknown", "field")]).await;
            assert_eq!(status, 200);
        }
        next_is(&gateway, "apparel", "delivered").await;
    }

    async fn i5_a_one_click_withdraws_all_marketing_and_is_committed_before_the_answer(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = subscribed(&database, &upstream).await;
        gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        let path = unsubscribe_path(&upstream.first_for(ANNA).await);
        let (status, _) = gateway.post(&path, &[("List-Unsubscribe", "One-Click")]).await;
        assert_eq!(status, 200);
        gateway.kill();
        gateway.start().await;
        next_is(&gateway, "apparel", "withdrawn").await;
        next_is(&gateway, "furniture.office", "withdrawn").await;
    }

    async fn i5_no_one_click_that_was_answered_is_lost_under_kill_9(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let people: Vec<String> = (0..CRASHES.len() * CROWD).map(|number| format!("p{number}@example.se")).collect();
        for person in &people {
            gateway.opt_in(person, &["apparel"]).await;
        }
        let all: Vec<&str> = people.iter().map(String::as_str).collect();
        gateway.submit(&all, &newsletter(ANNA, "apparel")).await;
        let mut links = Vec::new();
        for person in &people {
            links.push(unsubscribe_path(&upstream.first_for(person).await));
        }
        let mut told = Vec::new();
        for (number, failpoints) in CRASHES.into_iter().enumerate() {
            gateway.kill();
            gateway.set_failpoints(failpoints);
            gateway.start().await;
            // The first is told; the others wait for one commit together, in which the crash comes.
            let (first, others) = (number * CROWD, number * CROWD + 1..(number + 1) * CROWD);
            told.extend(press_at_once(&gateway, [(first, &links[first])]).join_next().await.unwrap().unwrap());
            let mut pressed = press_at_once(&gateway, others.clone().zip(&links[others]));
            while let Some(answer) = pressed.join_next().await {
                told.extend(answer.unwrap());
                if failpoints.is_empty() {
                    gateway.kill();
                }
            }
            assert!(died(&mut gateway).await, "{failpoints} was not met");
        }
        gateway.kill();
        gateway.set_failpoints("");
        gateway.start().await;
        println!("{} of {} were told that it is done", told.len(), people.len());
        assert!(!told.is_empty() && told.len() < people.len(), "the crashes came in the middle");
        for person in told {
            let reply = gateway.submit(&[&people[person]], &newsletter(&people[person], "apparel")).await;
            assert!(reply.contains("refused [withdrawn]"), "{}: {reply}", people[person]);
        }
        // Who was not told presses again.
        for link in &links {
            assert_eq!(gateway.post(link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
        }
        let open = "SELECT count(*) FROM subscribers WHERE state NOT LIKE '%\"withdrawals\":[{%'";
        assert_eq!(database.count(open).await, 0);
    }

    async fn a_one_click_may_come_as_multipart(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = subscribed(&database, &upstream).await;
        gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        let path = unsubscribe_path(&upstream.first_for(ANNA).await);
        assert_eq!(gateway.one_click_multipart(&path).await, 200);
        assert_eq!(gateway.one_click_multipart(&path).await, 200, "pressed again it is still a yes to the no");
        next_is(&gateway, "apparel", "withdrawn").await;
    }

    async fn the_form_leaves_this_list_alone_and_can_be_undone(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = subscribed(&database, &upstream).await;
        gateway.submit(&[ANNA], &newsletter(ANNA, "furniture.office")).await;
        let path = unsubscribe_path(&upstream.first_for(ANNA).await);
        let (status, page) = gateway.post(&path, &[("leave", "scope")]).await;
        assert_eq!(status, 200);
        next_is(&gateway, "furniture.office", "withdrawn").await;
        next_is(&gateway, "apparel", "delivered").await;
        let undo = page.split("name=\"undo\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let (status, _) = gateway.post(&path, &[("undo", undo.expect("the page offers to undo"))]).await;
        assert_eq!(status, 200);
        next_is(&gateway, "furniture.office", "delivered").await;
    }

    async fn a_forged_link_is_a_plain_404_whatever_is_wrong_with_it(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = subscribed(&database, &upstream).await;
        gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        let copy = upstream.first_for(ANNA).await;
        let path = unsubscribe_path(&copy);
        let (_, forged) = gateway.get("/u/forged").await;
        let mut damaged = path.clone().into_bytes();
        let last = damaged.len() - 3;
        damaged[last] = if damaged[last] == b'A' { b'B' } else { b'A' };
        let swapped = preferences_path(&copy).replacen("/p/", "/u/", 1);
        for bad in [String::from_utf8(damaged).unwrap(), path[..path.len() - 1].to_owned(), swapped, "/u/%00".into()] {
            let (status, page) = gateway.get(&bad).await;
            assert_eq!((status, &page), (404, &forged), "{bad}");
            let (status, _) = gateway.post(&bad, &[("List-Unsubscribe", "One-Click")]).await;
            assert_eq!(status, 404);
        }
        next_is(&gateway, "apparel", "delivered").await;
    }

    async fn links_outlive_a_rotation_and_a_retired_key_still_unsubscribes(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = subscribed(&database, &upstream).await;
        gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        let path = unsubscribe_path(&upstream.first_for(ANNA).await);
        gateway.command(&["keys", "rotate"]).expect_success();
        let (status, _) = gateway.get(&path).await;
        assert_eq!(status, 200);
        let keys = gateway.command(&["keys", "list", "--json"]).json();
        assert_eq!(keys.as_array().map(Vec::len), Some(2), "{keys}");
        let oldest = keys.as_array().unwrap().iter().map(|key| key["id"].as_i64().unwrap()).min().unwrap();
        gateway.command(&["keys", "retire", &oldest.to_string()]).expect_success();
        eventually("the retired key shows no data", || async {
            let (status, page) = gateway.get(&path).await;
            (status == 200 && !page.contains("a***@example.se")).then_some(())
        }).await;
        let (status, _) = gateway.post(&path, &[("List-Unsubscribe", "One-Click")]).await;
        assert_eq!(status, 200);
        next_is(&gateway, "apparel", "withdrawn").await;
    }

    async fn the_preference_page_switches_interests(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = subscribed(&database, &upstream).await;
        gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        let path = preferences_path(&upstream.first_for(ANNA).await);
        let (status, page) = gateway.get(&path).await;
        assert_eq!(status, 200);
        assert!(page.contains("a***@example.se") && !page.contains(ANNA), "the address is redacted");
        assert!(page.contains("value=\"furniture.office\""), "{page}");
        // As a browser would: all that is ticked but the office chairs, and what was on.
        let was: Vec<&str> = page.split("name=\"was\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(was.contains(&"furniture.office") && was.contains(&"apparel"), "{was:?}");
        let ticked = was.iter().filter(|scope| !scope.starts_with("furniture")).map(|scope| ("interest", *scope));
        let form: Vec<(&str, &str)> =
            was.iter().map(|scope| ("was", *scope)).chain(ticked).chain([("save", "choices")]).collect();
        let (status, page) = gateway.post(&path, &form).await;
        assert_eq!(status, 200, "{page}");
        next_is(&gateway, "furniture.office", "withdrawn").await;
        next_is(&gateway, "apparel", "delivered").await;
    }
}
