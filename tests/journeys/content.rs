//! What a pack asks of a message's content, as it leaves.

use serde_json::json;

use crate::support::gateway::Setup;
use crate::support::tool::newsletter;
use crate::support::{Database, Upstream, on_both_databases};

const LABEL: &str = "This e-mail is an advertisement.";
const NOTICE: &str = "https://shop.example/privacy";

on_both_databases! {
    async fn a_copy_shows_what_the_pack_of_its_reader_asks(database: Database) {
        let upstream = Upstream::start().await;
        let sweden = include_str!("../../policies/jurisdictions/se.toml");
        let sweden = format!("{sweden}\n[content]\nprivacy_notice = true\n");
        let gateway = Setup::new(&database, &upstream).policy("jurisdictions/se.toml", &sweden).start().await;
        for (email, place) in [("bo@example.se", "SE"), ("al@example.com", "US")] {
            let purchase = json!({
                "email": email, "scope": "apparel.tshirts", "purchased_at": "2026-05-01T10:00:00Z",
                "reference": "order 1", "jurisdiction": place, "locale": "en",
                "notice": {"given": true, "text": "We may write about similar goods."},
            });
            let (status, answer) = gateway.api("POST", "/v1/purchases", Some(purchase)).await;
            assert_eq!(status, 201, "{answer}");
            gateway.submit(&[email], &newsletter(email, "apparel.tshirts")).await;
        }
        let american = upstream.first_for("al@example.com").await.text();
        assert!(american.contains(LABEL) && !american.contains(NOTICE), "{american}");
        let swedish = upstream.first_for("bo@example.se").await.text();
        assert!(swedish.contains(NOTICE) && !swedish.contains(LABEL), "{swedish}");
    }
}
