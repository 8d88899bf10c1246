//! What a person may do about their own data, from a newsletter to the end of all that is kept.

use serde_json::json;

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::{data_path, header, path_in, unsubscribe_path};
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

/// The link that is mailed to whoever asks by a newsletter's link.
async fn fresh_link(gateway: &Gateway, upstream: &Upstream, newsletter: &str, address: &str) -> String {
    assert_eq!(gateway.post(newsletter, &[("rights", "ask")]).await.0, 200);
    let letter = eventually("the letter", || async {
        upstream.captured_for(address).into_iter().find(|own| path_in(own, "/d/").is_some())
    })
    .await;
    assert_eq!(header(&letter, "Auto-Submitted"), ["auto-generated"]);
    data_path(&letter)
}

on_both_databases! {
    async fn a_person_moves_to_a_new_address_by_a_link_mailed_to_it(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let (old, new) = ("anna@example.se", "anna.berg@example.se");
        gateway.opt_in(old, &["apparel"]).await;
        gateway.submit(&[old], &newsletter(old, "apparel")).await;
        let newsletter_link = unsubscribe_path(&upstream.first_for(old).await);
        // A forwarded newsletter is not enough.
        assert_eq!(gateway.get(&newsletter_link.replace("/u/", "/d/")).await.0, 404);
        let link = fresh_link(&gateway, &upstream, &newsletter_link, old).await;
        let (status, page) = gateway.get(&link).await;
        assert!(status == 200 && page.contains(old), "{page}");

        assert_eq!(gateway.post(&link, &[("right", "correct"), ("email", "no address")]).await.0, 400);
        let (status, asked) = gateway.post(&link, &[("right", "correct"), ("email", new)]).await;
        assert!(status == 200 && !asked.contains(new), "{asked}");
        let to_new = data_path(&upstream.first_for(new).await);
        let (status, page) = gateway.get(&to_new).await;
        assert!(status == 200 && page.contains(new) && !page.contains("apparel"), "only the change: {page}");
        for right in ["take", "erase-for-good", "object"] {
            gateway.post(&to_new, &[("right", right)]).await;
        }
        let lookup = async |email: &str| {
            gateway.api("POST", "/v1/subscribers/lookup", Some(json!({ "email": email }))).await.1
        };
        let before = lookup(old).await;
        assert_eq!((before["state"].as_str(), before["grounds"][0]["kind"].as_str()), (Some("active"), Some("double_opt_in")));
        assert_eq!(gateway.post(&to_new, &[("right", "confirm-address")]).await.0, 200);

        let now = lookup(new).await;
        assert_eq!((&now["id"], &now["grounds"]), (&before["id"], &before["grounds"]), "a confirmed change keeps it");
        assert_eq!(gateway.get(&link).await.0, 410, "the old mailbox opens nothing any more");
        let reply = gateway.submit(&[new], &newsletter(new, "apparel")).await;
        gateway.until(&message_id(&reply), "relayed").await;
        let reply = gateway.submit(&[old], &newsletter(old, "apparel")).await;
        assert!(reply.contains("refused [withdrawn]"), "{reply}");
        // The link in the old newsletter is the person's all the same.
        assert_eq!(gateway.post(&newsletter_link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
        let reply = gateway.submit(&[new], &newsletter(new, "apparel")).await;
        assert!(reply.contains("refused [withdrawn]"), "{reply}");
        let listed = gateway.command(&["requests", "list", "--all", "--sender", "demo-shop", "--json"]).json();
        assert_eq!((&listed[0]["kind"], &listed[0]["state"]), (&json!("rectification"), &json!("open")), "other systems have it too");
        assert!(!gateway.log().contains("anna"), "invariant 11");
    }

    async fn all_mail_is_taken_along_and_the_youngest_is_shown(database: Database) {
        const COUNT: usize = 450;
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let anna = "anna@example.se";
        gateway.opt_in(anna, &["apparel"]).await;
        gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        let newsletter_link = unsubscribe_path(&upstream.first_for(anna).await);
        let mut tool = gateway.tool().await;
        for number in 1..COUNT {
            let receipt = format!("{}Receipt {number}\r\n", service_mail(anna));
            let reply = tool.try_submit("b@shop.example", anna, &receipt).await.unwrap();
            assert!(reply.starts_with("250"), "{reply}");
        }
        let link = fresh_link(&gateway, &upstream, &newsletter_link, anna).await;
        let (status, page) = gateway.get(&link).await;
        assert_eq!(status, 200);
        let (_, mail) = page.split_once("<ul>\n").and_then(|(_, facts)| facts.split_once("<ul>\n")).unwrap();
        let mail = mail.split_once("</ul>").unwrap().0;
        assert_eq!(mail.lines().count(), 50, "{mail}");
        let request = reqwest::Client::new().post(format!("http://{}{link}", gateway.web()));
        let octets = request.form(&[("right", "take")]).send().await.unwrap().bytes().await.unwrap();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(octets)).unwrap();
        let mut read = |name: &str| std::io::read_to_string(zip.by_name(name).unwrap()).unwrap();
        let all: serde_json::Value = serde_json::from_str(&read("everything.json")).unwrap();
        // The letter with the link as well.
        let told: Vec<&str> = all["deliveries"].as_array().unwrap().iter().map(|own| own["delivery"].as_str().unwrap()).collect();
        assert!(told.len() == COUNT + 1 && told.is_sorted(), "{}", told.len());
        assert_eq!(read("mail.csv").lines().count(), 1 + COUNT + 1);
        let requests = gateway.command(&["requests", "list", "--all", "--sender", "demo-shop", "--json"]).json();
        assert_eq!((&requests[0]["kind"], &requests[0]["state"]), (&json!("access"), &json!("done")));
    }

    async fn who_is_erased_by_the_page_is_met_by_no_import_and_begins_anew_by_a_sign_up(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let anna = "anna@example.se";
        gateway.opt_in(anna, &["apparel"]).await;
        gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        let newsletter_link = unsubscribe_path(&upstream.first_for(anna).await);
        let link = fresh_link(&gateway, &upstream, &newsletter_link, anna).await;
        assert_eq!(gateway.post(&link, &[("right", "erase-for-good")]).await.0, 200);
        for path in [&link, &newsletter_link] {
            let (status, page) = gateway.get(path).await;
            assert!(status == 200 && !page.contains("<form"), "{page}");
        }
        let yes = |at: &str| json!({
            "email": anna, "kind": "double_opt_in", "scopes": ["apparel"], "obtained_at": at, "evidence": {},
        });
        assert_eq!(gateway.api("POST", "/v1/grounds", Some(yes("2026-05-01T10:00:00Z"))).await.0, 409);
        let now = optgate::clock::Clock::system().now().to_string();
        assert_eq!(gateway.api("POST", "/v1/grounds", Some(yes(&now))).await.0, 201);
        let reply = gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        gateway.until(&message_id(&reply), "relayed").await;

        // Listed with its due date, for whoever keeps more of the person, until they say that it is met.
        let (status, told) = gateway.api_as("demo-shop/officer", "GET", "/v1/requests?state=open", None).await;
        let request = &told["requests"][0];
        assert_eq!((status, &request["kind"], &request["steps"][1]["what"]), (200, &json!("erasure"), &json!("erased")));
        let id = request["id"].as_str().unwrap();
        gateway.command(&["requests", "show", id, "--sender", "demo-shop"]).expect_success();
        assert_eq!(gateway.command(&["requests", "list", "--sender", "demo-shop"]).status(), 0, "in time");
        database.tamper("UPDATE requests SET due_at = 0").await;
        let late = gateway.command(&["requests", "list", "--sender", "demo-shop"]);
        assert!(late.status() == 1 && late.stdout().contains("overdue"), "{}", late.stdout());
        let overdue = async |count: u32| {
            let line = format!("optgate_requests{{sender=\"demo-shop\",state=\"overdue\"}} {count}\n");
            eventually(&line, || async { gateway.metrics().await.contains(&line).then_some(()) }).await;
        };
        overdue(1).await;
        gateway.command(&["requests", "done", id, "--sender", "demo-shop"]).expect_success();
        assert_eq!(gateway.command(&["requests", "done", id, "--sender", "demo-shop"]).status(), 1, "done before");
        overdue(0).await;
        let events = eventually("both events", || async {
            let (_, page) = gateway.api("GET", "/v1/events?limit=1000", None).await;
            let types: Vec<_> = page["events"].as_array().unwrap().iter().map(|own| own["type"].clone()).collect();
            (types.contains(&json!("request_received")) && types.contains(&json!("request_done"))).then_some(types)
        })
        .await;
        assert!(events.contains(&json!("erased")));

        // A letter that came by post.
        let add = |who| ["requests", "add", who, "--sender", "demo-shop", "--kind", "access", "--received", "2026-01-31T12:00:00Z", "--json"];
        let added = gateway.command(&add(anna)).json();
        assert_eq!((&added["state"], &added["due"], &added["overdue"]), (&json!("open"), &json!("2026-02-28T12:00:00Z"), &json!(true)));
        assert_eq!(gateway.command(&add("nobody@example.se")).status(), 1, "nothing is kept");
    }
}
