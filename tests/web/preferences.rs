//! `/p/{token}`.

use std::time::Duration;

use optgate::consent::EventKind;

use crate::pages::undo_of;
use crate::support::{ANNA, Gateway, withdrawal};

/// The scopes that a page shows, and whether each is ticked.
fn ticks(page: &str) -> Vec<(&str, bool)> {
    let boxes = page.split("type=\"checkbox\" name=\"interest\" value=\"").skip(1);
    boxes
        .map(|rest| {
            let (scope, rest) = rest.split_once('"').unwrap();
            (scope, rest.starts_with(" checked"))
        })
        .collect()
}

fn on(page: &str) -> Vec<&str> {
    ticks(page).into_iter().filter(|(_, on)| *on).map(|(scope, _)| scope).collect()
}

/// Saves the page as a browser would, with these interests ticked.
async fn save(gateway: &Gateway, url: &str, wanted: &[&str]) -> String {
    let (_, page) = gateway.get(url).await;
    let was = on(&page).into_iter().map(|scope| ("was", scope));
    let ticked = wanted.iter().map(|scope| ("interest", *scope));
    let fields: Vec<_> = was.chain(ticked).chain([("save", "choices")]).collect();
    let (status, page) = gateway.post(url, &fields).await;
    assert_eq!(status, 200);
    page
}

#[tokio::test]
async fn every_interest_of_the_sender_is_shown_and_ticked_where_a_ground_is_in_force() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let (_, page) = gateway.get(&gateway.preferences_link(anna)).await;
    let expected = [
        ("apparel", true),
        ("apparel.trousers", true),
        ("apparel.tshirts", true),
        ("furniture", false),
        ("furniture.office", false),
    ];
    assert_eq!(ticks(&page), expected);
    assert!(page.contains("Kläder") && page.contains("a***@example.se") && !page.contains(ANNA), "{page}");
}

#[tokio::test]
async fn what_is_unticked_is_withdrawn_in_one_fact() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel", "furniture.office"]).await;
    let url = gateway.preferences_link(anna);
    let page = save(&gateway, &url, &["apparel", "apparel.trousers"]).await;
    assert_eq!(on(&page), ["apparel", "apparel.trousers"]);
    assert_eq!(gateway.kinds(anna).await[1..], [withdrawal(&["apparel.tshirts", "furniture.office"])]);
}

#[tokio::test]
async fn saving_without_a_change_records_nothing() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    save(&gateway, &gateway.preferences_link(anna), &["apparel", "apparel.trousers", "apparel.tshirts"])
        .await;
    assert_eq!(gateway.history(anna).await.len(), 1);
}

#[tokio::test]
async fn what_lies_below_an_unticked_interest_goes_with_it_and_is_said() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let page =
        save(&gateway, &gateway.preferences_link(anna), &["apparel.trousers", "apparel.tshirts"]).await;
    assert_eq!(on(&page), Vec::<&str>::new());
    assert!(page.contains("”Byxor” är också av") && page.contains("”T-shirts” är också av"), "{page}");
    assert_eq!(gateway.kinds(anna).await[1..], [withdrawal(&["apparel"])]);
}

#[tokio::test]
async fn ticking_again_within_a_day_takes_the_withdrawal_back() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.preferences_link(anna);
    save(&gateway, &url, &["apparel", "apparel.trousers"]).await;
    gateway.clock.advance(Duration::from_secs(3600));
    let page = save(&gateway, &url, &["apparel", "apparel.trousers", "apparel.tshirts"]).await;
    assert_eq!(on(&page), ["apparel", "apparel.trousers", "apparel.tshirts"]);
    assert!(matches!(gateway.kinds(anna).await.last(), Some(EventKind::WithdrawalUndone { .. })));
}

#[tokio::test]
async fn taking_back_brings_nothing_that_was_not_ticked() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel.tshirts", "apparel.trousers", "furniture.office"]).await;
    let url = gateway.preferences_link(anna);
    gateway.post(&url, &[("leave", "all")]).await;
    gateway.clock.advance(Duration::from_secs(3600));
    let page = save(&gateway, &url, &["apparel.tshirts"]).await;
    assert_eq!(on(&page), ["apparel.tshirts"]);
    // What is told later of a time before brings nothing back either.
    gateway.opted_in(ANNA, &["apparel.trousers", "furniture.office"]).await;
    let (_, page) = gateway.get(&url).await;
    assert_eq!(on(&page), ["apparel.tshirts"]);
}

#[tokio::test]
async fn taking_back_with_what_lies_above_withdraws_what_was_left_out() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["furniture.office"]).await;
    let bought = gateway.bought(ANNA, "apparel.tshirts").await;
    assert_eq!(anna, bought);
    let url = gateway.preferences_link(anna);
    gateway.post(&url, &[("leave", "all")]).await;
    gateway.clock.advance(Duration::from_secs(60));
    let page = save(&gateway, &url, &["apparel", "apparel.trousers"]).await;
    assert_eq!(on(&page), ["apparel", "apparel.trousers"]);
    let kinds = gateway.kinds(anna).await;
    assert_eq!(kinds.last(), Some(&withdrawal(&["apparel.tshirts"])));
    let Some(EventKind::WithdrawalUndone { scopes, .. }) = kinds.get(kinds.len() - 2) else {
        panic!("{kinds:?}")
    };
    assert_eq!(scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(), ["apparel"]);
}

#[tokio::test]
async fn after_a_day_or_without_a_ground_the_page_says_that_it_can_t() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel.tshirts"]).await;
    let url = gateway.preferences_link(anna);
    save(&gateway, &url, &[]).await;
    gateway.clock.advance(Duration::from_secs(24 * 3600 + 60));
    let before = gateway.history(anna).await;
    let page = save(&gateway, &url, &["apparel.tshirts", "furniture.office"]).await;
    assert_eq!(on(&page), Vec::<&str>::new());
    assert!(page.contains("”T-shirts” går inte att slå på här ännu"), "{page}");
    assert!(page.contains("”Office furniture” går inte att slå på här ännu"), "{page}");
    assert_eq!(gateway.history(anna).await, before);
}

#[tokio::test]
async fn no_marketing_at_all_is_one_button_and_can_be_undone() {
    let gateway = Gateway::start().await;
    let anna = gateway.bought(ANNA, "apparel.tshirts").await;
    let url = gateway.preferences_link(anna);
    let (_, done) = gateway.post(&url, &[("leave", "all")]).await;
    assert_eq!(gateway.kinds(anna).await.last(), Some(&withdrawal(&[])));
    assert_eq!(gateway.post(&url, &[("undo", &undo_of(&done))]).await.0, 200);
    let (_, page) = gateway.get(&url).await;
    assert_eq!(on(&page), ["apparel", "apparel.trousers", "apparel.tshirts"]);
}

#[tokio::test]
async fn scopes_that_the_sender_does_not_have_are_left_alone() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let fields = [("was", "jewels"), ("interest", "toys"), ("save", "choices")];
    let (status, _) = gateway.post(&gateway.preferences_link(anna), &fields).await;
    assert_eq!(status, 200);
    assert_eq!(gateway.history(anna).await.len(), 1);
}
