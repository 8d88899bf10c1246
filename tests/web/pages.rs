//! `/u/{token}`.

use std::time::Duration;

use optgate::consent::EventKind;
use optgate::consent::token::Purpose;
use optgate::keys::LinkKeyState;
use uuid::Uuid;

use crate::support::{ANNA, Gateway, answer, withdrawal};

const ONE_CLICK: [(&str, &str); 1] = [("List-Unsubscribe", "One-Click")];

#[tokio::test]
async fn i6_a_get_of_a_link_changes_nothing() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let before = gateway.history(anna).await;
    for url in [gateway.unsubscribe_link(anna, Some("apparel")), gateway.preferences_link(anna)] {
        for address in [url.clone(), format!("{url}?List-Unsubscribe=One-Click&leave=all")] {
            assert_eq!(gateway.get(&address).await.0, 200);
            let head = gateway.http.head(&address).send().await.unwrap();
            assert_eq!(answer(head).await, (200, String::new()));
        }
    }
    assert_eq!(gateway.history(anna).await, before);
    assert!(gateway.known("shop", ANNA).await.unwrap().state.withdrawals.is_empty());
}

#[tokio::test]
async fn one_click_withdraws_in_both_forms_and_says_so_after_the_commit() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let (status, page) =
        gateway.post(&gateway.unsubscribe_link(anna, Some("apparel.tshirts")), &ONE_CLICK).await;
    assert_eq!(status, 200);
    assert!(page.contains("avanmäld") && !page.contains("<form"), "{page}");
    assert_eq!(gateway.kinds(anna).await.last(), Some(&withdrawal(&[])));
    let (event, evidence) = gateway.history(anna).await.pop().unwrap();
    assert_eq!(event.channel, "one_click");
    assert_eq!(evidence.unwrap()["delivery"], Uuid::from_u128(77).to_string());

    let bo = gateway.opted_in("bo@example.se", &["apparel"]).await;
    let form = reqwest::multipart::Form::new().text("List-Unsubscribe", "One-Click");
    let url = gateway.unsubscribe_link(bo, None);
    let response = gateway.http.post(url).multipart(form).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(gateway.kinds(bo).await.last(), Some(&withdrawal(&[])));
}

#[tokio::test]
async fn one_click_withdraws_the_scope_alone_where_the_sender_says_so() {
    let gateway = Gateway::with("[streams.marketing]\none_click = \"scope\"").await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    gateway.post(&gateway.unsubscribe_link(anna, Some("apparel.tshirts")), &ONE_CLICK).await;
    assert_eq!(gateway.kinds(anna).await.last(), Some(&withdrawal(&["apparel.tshirts"])));
}

#[tokio::test]
async fn the_page_leaves_the_list_first_or_all_marketing() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.unsubscribe_link(anna, Some("apparel.tshirts"));
    let (_, page) = gateway.get(&url).await;
    let first = page.find("value=\"scope\"").unwrap();
    assert!(first < page.find("value=\"all\"").unwrap(), "{page}");
    assert!(page.contains("T-shirts") && page.contains("Demo &#60;Shop&#62; &#38; Co"), "{page}");
    assert!(page.contains("a***@example.se") && !page.contains(ANNA), "{page}");

    gateway.post(&url, &[("leave", "scope")]).await;
    assert_eq!(gateway.kinds(anna).await.last(), Some(&withdrawal(&["apparel.tshirts"])));
    gateway.post(&url, &[("leave", "all")]).await;
    assert_eq!(gateway.kinds(anna).await.last(), Some(&withdrawal(&[])));
    assert_eq!(gateway.history(anna).await.pop().unwrap().0.channel, "page");
}

#[tokio::test]
async fn a_withdrawal_can_be_undone_from_the_page_that_says_done_and_only_for_a_day() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.unsubscribe_link(anna, Some("apparel"));
    let (_, done) = gateway.post(&url, &[("leave", "scope")]).await;
    let undo = undo_of(&done);
    let (status, page) = gateway.post(&url, &[("undo", &undo)]).await;
    assert!(status == 200 && page.contains("Välkommen tillbaka"), "{page}");
    let undone = EventKind::WithdrawalUndone { withdrawal: undo.parse().unwrap(), scopes: Vec::new() };
    assert_eq!(gateway.kinds(anna).await.last(), Some(&undone));
    assert!(gateway.known("shop", ANNA).await.unwrap().state.withdrawals.is_empty());

    gateway.clock.advance(Duration::from_secs(1));
    let (_, done) = gateway.post(&url, &[("leave", "scope")]).await;
    gateway.clock.advance(Duration::from_secs(24 * 3600 + 60));
    assert_eq!(gateway.post(&url, &[("undo", &undo_of(&done))]).await.0, 409);
    assert_eq!(gateway.known("shop", ANNA).await.unwrap().state.withdrawals.len(), 1);
}

#[tokio::test]
async fn nobody_undoes_the_withdrawal_of_another() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let bo = gateway.opted_in("bo@example.se", &["apparel"]).await;
    let (_, done) = gateway.post(&gateway.unsubscribe_link(anna, None), &[("leave", "all")]).await;
    let (status, _) = gateway.post(&gateway.unsubscribe_link(bo, None), &[("undo", &undo_of(&done))]).await;
    assert_eq!(status, 409);
    assert_eq!(gateway.known("shop", ANNA).await.unwrap().state.withdrawals.len(), 1);
}

#[tokio::test]
async fn a_post_without_a_known_field_changes_nothing() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    for url in [gateway.unsubscribe_link(anna, Some("apparel")), gateway.preferences_link(anna)] {
        for fields in [&[][..], &[("x", "y")], &[("leave", "some")], &[("undo", "all")]] {
            let (status, page) = gateway.post(&url, fields).await;
            assert!(status == 200 && page.contains("<form"), "{status} {page}");
        }
    }
    assert_eq!(gateway.history(anna).await.len(), 1);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_link_the_answer_is_the_same() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let token = gateway.token(Purpose::Unsubscribe, anna, Some("apparel"));
    let preferences = gateway.token(Purpose::Preferences, anna, None);
    let stranger = gateway.token(Purpose::Unsubscribe, Uuid::from_u128(5), None);
    let expected = gateway.get(&gateway.web("/nothing/here")).await;
    assert_eq!(expected.0, 404);
    let wrong = [
        preferences,
        stranger,
        token[..token.len() - 1].to_owned(),
        format!("{token}A"),
        token.to_lowercase(),
        "x".repeat(5000),
        "%ff%fe".to_owned(),
        "..%2f..%2fetc".to_owned(),
    ];
    for token in wrong {
        let url = gateway.web(&format!("/u/{token}"));
        assert_eq!(gateway.get(&url).await, expected, "{token}");
        assert_eq!(gateway.post(&url, &ONE_CLICK).await, expected, "{token}");
    }
}

#[tokio::test]
async fn a_link_under_a_retired_key_unsubscribes_and_shows_no_data() {
    let gateway = Gateway::start().await;
    let anna = gateway.speaks(ANNA, "de").await;
    let (unsubscribe, preferences) =
        (gateway.unsubscribe_link(anna, Some("apparel")), gateway.preferences_link(anna));
    let old = gateway.store.list_link_keys().await.unwrap()[0].id;
    gateway.store.rotate_link_keys().await.unwrap();
    assert!(gateway.store.set_link_key_state(old, LinkKeyState::Retired).await.unwrap());
    gateway.reload_link_keys().await;

    for url in [&unsubscribe, &preferences] {
        let (status, page) = gateway.get(url).await;
        assert_eq!(status, 200);
        assert!(!page.contains("example.se") && !page.contains("Kl") && !page.contains("/p/"), "{page}");
        assert!(page.contains("value=\"all\"") && !page.contains("checkbox"), "{page}");
    }
    let (_, done) = gateway.post(&unsubscribe, &[("leave", "scope")]).await;
    assert!(done.contains("avanmäld") && !done.contains("undo"), "{done}");
    assert_eq!(gateway.post(&preferences, &[("leave", "all")]).await.0, 200);
    assert_eq!(gateway.kinds(anna).await[1..], [withdrawal(&["apparel"]), withdrawal(&[])]);

    assert!(gateway.store.set_link_key_state(old, LinkKeyState::Revoked).await.unwrap());
    gateway.reload_link_keys().await;
    assert_eq!(gateway.get(&unsubscribe).await.0, 404);
}

#[tokio::test]
async fn nothing_is_kept_about_the_erased() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let urls = [gateway.unsubscribe_link(anna, Some("apparel")), gateway.preferences_link(anna)];
    assert!(gateway.recorder.erase("shop", anna, "test").await.unwrap());
    for url in urls {
        let shown = gateway.get(&url).await;
        assert!(shown.0 == 200 && shown.1.contains("Inget finns sparat om dig"), "{shown:?}");
        assert_eq!(gateway.post(&url, &ONE_CLICK).await, shown);
        assert_eq!(gateway.post(&url, &[("leave", "all")]).await, shown);
    }
}

#[tokio::test]
async fn the_recorded_language_comes_before_the_browsers_and_that_before_the_senders() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let dirk = gateway.speaks("dirk@example.de", "de-AT").await;
    let language = async |subscriber, accepted: Option<&str>| {
        let mut request = gateway.http.get(gateway.unsubscribe_link(subscriber, Some("apparel")));
        if let Some(accepted) = accepted {
            request = request.header("Accept-Language", accepted);
        }
        let page = request.send().await.unwrap().text().await.unwrap();
        page.split("<html lang=\"").nth(1).unwrap()[..2].to_owned()
    };
    assert_eq!(language(dirk, Some("nl")).await, "de");
    assert_eq!(language(anna, Some("eo, nl;q=0.5")).await, "nl");
    assert_eq!(language(anna, None).await, "sv");
}

#[tokio::test]
async fn every_page_is_closed_to_scripts_caches_frames_and_cookies() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let pages = [gateway.unsubscribe_link(anna, None), gateway.preferences_link(anna), gateway.web("/x")];
    for url in pages {
        let response = gateway.http.get(url).send().await.unwrap();
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{policy}");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-robots-tag"), "noindex");
        assert_eq!(header("set-cookie"), "");
        let page = response.text().await.unwrap();
        assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("http"), "{page}");
    }
    let put = gateway.http.put(gateway.unsubscribe_link(anna, None)).send().await.unwrap();
    assert_eq!(put.status(), 405);
    assert_eq!(put.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn the_evidence_of_a_click_names_the_address_behind_a_trusted_proxy() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let request = gateway.http.post(gateway.unsubscribe_link(anna, None)).form(&ONE_CLICK);
    let request = request.header("X-Forwarded-For", "6.6.6.6, 203.0.113.9, 127.0.0.1");
    request.header("User-Agent", "x".repeat(2000)).send().await.unwrap();
    let evidence = gateway.history(anna).await.pop().unwrap().1.unwrap();
    assert_eq!(evidence["ip"], "203.0.113.9");
    assert_eq!(evidence["user_agent"].as_str().unwrap().len(), 512);
}

#[tokio::test]
async fn a_body_beyond_the_limit_changes_nothing() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.unsubscribe_link(anna, None);
    let long = "x".repeat(70_000);
    assert_eq!(gateway.post(&url, &[("leave", "all"), ("x", &long)]).await.0, 413);
    let form = reqwest::multipart::Form::new().text("leave", "all").text("x", long);
    assert_eq!(gateway.http.post(&url).multipart(form).send().await.unwrap().status(), 413);
    assert_eq!(gateway.history(anna).await.len(), 1);
}

#[tokio::test]
async fn i5_without_the_store_nobody_is_told_that_it_is_done() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let (unsubscribe, preferences) = (gateway.unsubscribe_link(anna, None), gateway.preferences_link(anna));
    gateway.store.close().await;
    let tries = [
        gateway.post(&unsubscribe, &ONE_CLICK).await,
        gateway.post(&unsubscribe, &[("leave", "all")]).await,
        gateway.post(&preferences, &[("leave", "all")]).await,
        gateway.get(&unsubscribe).await,
    ];
    for (status, page) in tries {
        assert!(status == 503 && page.contains("Please try again"), "{status} {page}");
        assert!(!page.contains("unsubscribed"), "{page}");
    }
}

/// The withdrawal that a page offers to undo.
pub fn undo_of(page: &str) -> String {
    page.split("name=\"undo\" value=\"").nth(1).expect("the page offers to undo")[..36].to_owned()
}

#[tokio::test]
async fn every_page_bears_the_senders_own_words_as_text() {
    let texts = "[texts]\npages = { sv = \"Frågor? <b>Ring</b> 08-123\", en = \"Questions? Call\" }";
    let gateway = Gateway::with(texts).await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.unsubscribe_link(anna, None);
    for url in [&url, &gateway.preferences_link(anna)] {
        let (_, page) = gateway.get(url).await;
        assert!(
            page.contains("lang=\"sv\" dir=\"auto\">Frågor? &#60;b&#62;Ring&#60;/b&#62; 08-123</p>"),
            "{page}"
        );
    }
    let (_, page) = gateway.post(&url, &[("leave", "all")]).await;
    assert!(page.contains("08-123"), "{page}");
    // Who shows a link that we never signed hears nothing of the sender.
    let (_, page) = gateway.get(&format!("{url}x")).await;
    assert!(!page.contains("08-123"), "{page}");
}
