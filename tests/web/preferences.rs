//! `/p/{token}`.

use std::time::Duration;

use optgate::consent::EventKind;
use optgate::consent::event::{ShownText, SignedUpBy, TrackingAsked};
use optgate::record::Provenance;
use optgate::store::Who;

use crate::pages::undo_of;
use crate::support::{ANNA, DELIVERY, Gateway, withdrawal};

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
async fn what_has_no_ground_is_asked_for_by_mail_and_stays_off_until_then() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel.tshirts"]).await;
    let url = gateway.preferences_link(anna);
    save(&gateway, &url, &[]).await;
    gateway.clock.advance(Duration::from_secs(24 * 3600 + 60));
    let before = gateway.history(anna).await;
    let page = save(&gateway, &url, &["apparel.tshirts", "furniture.office"]).await;
    assert_eq!(on(&page), Vec::<&str>::new());
    assert!(
        page.contains("Du har bett om ”T-shirts”") && page.contains("Du har bett om ”Office furniture”"),
        "{page}"
    );
    let history = gateway.history(anna).await;
    assert_eq!(history[..before.len()], before);
    let scopes = ["apparel.tshirts", "furniture.office"].map(|scope| scope.parse().unwrap()).to_vec();
    let [(asked, evidence)] = &history[before.len()..] else { panic!("{history:?}") };
    assert_eq!(asked.kind, EventKind::SignupRequested { scopes, by: SignedUpBy::Told });
    let evidence = evidence.as_ref().unwrap();
    assert!(evidence["delivery"].is_string() && evidence["link"] == DELIVERY.to_string(), "{evidence}");
    // Pressed again the page says the same, and nobody is asked again.
    assert_eq!(save(&gateway, &url, &["apparel.tshirts", "furniture.office"]).await, page);
    assert_eq!(gateway.history(anna).await.len(), history.len());
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

/// Whether the page shows the switch of tracking, and how it stands.
fn switch(page: &str) -> Option<bool> {
    let (_, rest) = page.split_once("name=\"tracking\" value=\"on\"")?;
    Some(rest.split('>').next().unwrap().contains("checked"))
}

const YES: EventKind = EventKind::TrackingConsent { asked: TrackingAsked::Separately };

#[tokio::test]
async fn the_switch_of_tracking_is_off_until_the_person_turns_it_on_and_off_again() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.preferences_link(anna);
    let (_, page) = gateway.get(&url).await;
    assert_eq!(switch(&page), Some(false), "who never said");
    assert!(page.contains("får se om och när jag öppnar mejlen"), "{page}");

    let (status, page) = gateway.post(&url, &[("tracking", "on"), ("save", "choices")]).await;
    assert_eq!((status, switch(&page)), (200, Some(true)));
    let (event, evidence) = gateway.history(anna).await.pop().unwrap();
    assert_eq!((event.kind.clone(), event.channel.as_str()), (YES, "page"));
    let evidence = evidence.unwrap();
    let text = evidence["form_text"].as_str().unwrap();
    assert!(text.starts_with("Demo <Shop> & Co får se om och när"), "{text}");
    assert!(evidence["ip"].is_string() && evidence["delivery"].is_string(), "{evidence}");
    assert_eq!(event.texts[&ShownText::FormText], optgate::keys::sha256_hex(text.as_bytes()));

    // Saved as it was shown, nothing was said.
    let unchanged = [("tracking_was", "on"), ("tracking", "on"), ("save", "choices")];
    assert_eq!(switch(&gateway.post(&url, &unchanged).await.1), Some(true));
    let (_, page) = gateway.post(&url, &[("tracking_was", "on"), ("save", "choices")]).await;
    assert_eq!(switch(&page), Some(false), "who said no");
    assert_eq!(gateway.kinds(anna).await[1..], [YES, EventKind::TrackingWithdrawal]);
}

#[tokio::test]
async fn interests_and_tracking_are_saved_together() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel", "furniture.office"]).await;
    let url = gateway.preferences_link(anna);
    let fields = [
        ("was", "apparel"),
        ("was", "furniture.office"),
        ("interest", "apparel"),
        ("tracking", "on"),
        ("save", "choices"),
    ];
    let (_, page) = gateway.post(&url, &fields).await;
    assert!(page.contains("Dina val är sparade") && switch(&page) == Some(true), "{page}");
    assert_eq!(gateway.kinds(anna).await[1..], [withdrawal(&["furniture.office"]), YES]);
    let (_, evidence) = gateway.history(anna).await.remove(1);
    assert_eq!(evidence.unwrap().get("form_text"), None, "the text is what the yes to tracking was to");
}

#[tokio::test]
async fn leaving_everything_turns_tracking_off_and_undoing_it_turns_it_on() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.preferences_link(anna);
    gateway.post(&url, &[("tracking", "on"), ("save", "choices")]).await;
    let (_, done) = gateway.post(&url, &[("leave", "all")]).await;
    assert_eq!(switch(&gateway.get(&url).await.1), Some(false));
    gateway.post(&url, &[("undo", &undo_of(&done))]).await;
    assert_eq!(switch(&gateway.get(&url).await.1), Some(true));
}

#[tokio::test]
async fn where_no_consent_is_asked_for_the_switch_is_shown_to_who_has_answered_alone() {
    let lax = "id = \"lax\"\ntitle = \"Lax\"\n[marketing]\ngrounds = [\"no_objection\"]\n[tracking]\nconsent = false\n";
    let gateway = Gateway::with_pack("lax", lax).await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.preferences_link(anna);
    assert_eq!(switch(&gateway.get(&url).await.1), None);
    let desk = Provenance { channel: "api".into(), ..Provenance::default() };
    let who = Who::Subscriber(anna);
    gateway.recorder.record("shop", who, EventKind::TrackingWithdrawal, None, desk).await.unwrap();
    assert_eq!(switch(&gateway.get(&url).await.1), Some(false));
}
