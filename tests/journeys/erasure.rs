//! Personal data is sealed while it is kept, and gone once it is erased.

use serde_json::json;

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::unsubscribe_path;
use crate::support::tool::{newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, Upstream, on_both_databases};

async fn nowhere(database: &Database, gateway: &Gateway, needle: &str, when: &str) {
    let hex = data_encoding::HEXLOWER.encode(needle.as_bytes());
    for (path, octets) in database.octets().await {
        for needle in [needle.as_bytes(), hex.as_bytes()] {
            let found = octets.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{when}: the address stands in {}", path.display());
        }
    }
    assert!(!gateway.log().contains(needle), "{when}: the address stands in the log");
}

on_both_databases! {
    async fn i12_an_address_is_sealed_before_and_gone_after_an_erasure(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let local = format!("zebra{}", uuid::Uuid::new_v4().simple());
        let address = format!("{local}@example.se");
        gateway.opt_in(&address, &["apparel"]).await;
        let first = gateway.submit(&[&address], &newsletter(&address, "apparel")).await;
        gateway.until(&message_id(&first), "relayed").await;
        let copy = upstream.first_for(&address).await;
        // A refusal that quotes the address, and mail that still waits while the person is erased.
        upstream.script(&address, Script::Rcpt("451 4.2.1 mailbox of <zebra@example.se> is busy"));
        let waiting = gateway.submit(&[&address], &service_mail(&address)).await;
        let marketing = gateway.submit(&[&address], &newsletter(&address, "apparel")).await;
        nowhere(&database, &gateway, &local, "before").await;

        let (status, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({"email": address}))).await;
        assert_eq!(status, 200, "{found}");
        let path = format!("/v1/subscribers/{}", found["id"].as_str().unwrap());
        let (status, _) = gateway.api("DELETE", &path, None).await;
        assert_eq!(status, 403, "a key of role api erases nobody");
        let (status, _) = gateway.api_as("demo-shop/officer", "DELETE", &path, None).await;
        assert_eq!(status, 204);

        gateway.until(&message_id(&marketing), "withheld").await;
        upstream.mend(&address);
        gateway.command(&["queue", "retry", "--state", "queued"]).expect_success();
        gateway.until(&message_id(&waiting), "relayed").await;
        nowhere(&database, &gateway, &local, "after").await;

        let (status, page) = gateway.get(&unsubscribe_path(&copy)).await;
        assert_eq!(status, 200, "the link of an erased person still answers");
        assert!(!page.contains("<form"), "nothing is kept, so there is nothing to choose: {page}");
        let again = json!({
            "email": address, "scope": "apparel.tshirts", "purchased_at": "2026-05-01T10:00:00Z",
            "reference": "order 7", "notice": {"given": true},
        });
        let (status, _) = gateway.api("POST", "/v1/purchases", Some(again)).await;
        assert_eq!(status, 409, "the tombstone blocks a re-import");
        let reply = gateway.submit(&[&address], &newsletter(&address, "apparel")).await;
        assert!(reply.contains("refused [erased]"), "{reply}");
    }

    async fn i16_what_left_can_be_shown_without_an_address_after_the_person_is_erased(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let reply = gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
        gateway.until(&message_id(&reply), "relayed").await;
        let (_, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({"email": "anna@example.se"}))).await;
        let path = format!("/v1/subscribers/{}", found["id"].as_str().unwrap());
        assert_eq!(gateway.api_as("demo-shop/officer", "DELETE", &path, None).await.0, 204);
        let delivery = &gateway.deliveries(&message_id(&reply)).await[0];
        assert_eq!(delivery["state"], "relayed");
        assert!(delivery["recipient"].is_null(), "{delivery}");
        assert_eq!(delivery["verdict"]["ground"], "double_opt_in", "{delivery}");
        assert!(delivery["verdict"]["policy"].is_string(), "{delivery}");
    }

    async fn an_old_link_still_says_no_for_who_came_back_after_an_erasure(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let anna = "anna@example.se";
        gateway.opt_in(anna, &["apparel"]).await;
        gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        let old_link = unsubscribe_path(&upstream.first_for(anna).await);
        let (_, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({"email": anna}))).await;
        let path = format!("/v1/subscribers/{}", found["id"].as_str().unwrap());
        assert_eq!(gateway.api_as("demo-shop/officer", "DELETE", &path, None).await.0, 204);

        let yes = |at: String| json!({
            "email": anna, "kind": "double_opt_in", "scopes": ["apparel"], "obtained_at": at,
            "jurisdiction": "se", "evidence": {},
        });
        let (status, _) = gateway.api("POST", "/v1/grounds", Some(yes("2026-05-01T10:00:00Z".into()))).await;
        assert_eq!(status, 409, "an old yes is no new beginning");
        let now = optgate::clock::Clock::system().now().to_string();
        let (status, answer) = gateway.api("POST", "/v1/grounds", Some(yes(now))).await;
        assert_eq!(status, 201, "{answer}");
        let reply = gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        assert!(!reply.contains("refused"), "{reply}");

        let (status, _) = gateway.post(&old_link, &[("List-Unsubscribe", "One-Click")]).await;
        assert_eq!(status, 200);
        let reply = gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        assert!(reply.contains("refused [withdrawn]"), "{reply}");
    }
}
