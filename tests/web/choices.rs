//! What a person chooses on the pages about how marketing comes to them.

use std::collections::BTreeSet;
use std::time::Duration;

use optgate::consent::EventKind;
use optgate::consent::event::Frequency;
use optgate::keys::LinkKeyState;
use optgate::record::Provenance;
use optgate::store::{Role, Who};
use serde_json::json;

use crate::support::{ANNA, Gateway};

const WEEKLY: EventKind = EventKind::FrequencyChosen { at_most: Frequency::Weekly };
const AS_SENT: EventKind = EventKind::FrequencyChosen { at_most: Frequency::AsSent };

fn paused(until: &str) -> EventKind {
    EventKind::Paused { until: until.parse().unwrap() }
}

/// The choice that a page offers to take back.
fn take_back(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"take_back\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// What a browser would send of a page's form if nothing was touched.
fn fields(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(rest.split('"').next().unwrap().to_owned())
    };
    let mut fields = Vec::new();
    let (form, _) = page.split_once("value=\"choices\"").unwrap();
    let mut select = String::new();
    for tag in form.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let is_sent = tag.contains("type=\"hidden\"") || tag.contains(" checked");
        if tag.starts_with("input") && is_sent {
            fields.push((attribute(tag, " name").unwrap(), attribute(tag, " value").unwrap()));
        } else if tag.starts_with("select") {
            select = attribute(tag, " name").unwrap();
        } else if tag.starts_with("option") && tag.ends_with(" selected") {
            fields.push((select.clone(), attribute(tag, " value").unwrap()));
        }
    }
    fields.push(("save".to_owned(), "choices".to_owned()));
    fields
}

/// The same with these fields as the person left them.
async fn save(gateway: &Gateway, url: &str, changed: &[(&str, Option<&str>)]) -> String {
    let (_, page) = gateway.get(url).await;
    let mut fields = fields(&page);
    for (name, value) in changed {
        fields.retain(|(own, _)| own != name);
        fields.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let (status, page) = gateway.post(url, &fields).await;
    assert_eq!(status, 200, "{page}");
    page
}

/// Ids are unique, what is described or labelled is there, and nothing is styled or scripted in place.
fn is_sound(page: &str) {
    let values = |name: &str| -> Vec<String> {
        let start = format!(" {name}=\"");
        let parts = page.split(&start).skip(1);
        parts.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let ids = values("id");
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{ids:?}");
    for name in ["for", "aria-describedby", "aria-labelledby"] {
        assert!(values(name).iter().all(|own| distinct.contains(own)), "{name}");
    }
    assert!(values("style").is_empty() && !page.contains("<script"));
    assert_eq!(page.matches("<fieldset>").count(), page.matches("<legend>").count());
    assert_eq!(page.matches("<select ").count(), page.matches("<label for=").count());
}

#[tokio::test]
async fn one_button_gets_less_says_what_holds_and_can_be_taken_back() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.unsubscribe_link(anna, Some("apparel"));
    let (_, page) = gateway.get(&url).await;
    is_sound(&page);
    for button in ["weekly", "pause-30", "pause-90"] {
        assert!(page.contains(&format!("name=\"less\" value=\"{button}\"")), "{page}");
    }
    let (status, page) = gateway.post(&url, &[("less", "weekly")]).await;
    assert!(status == 200 && page.contains("högst en gång i veckan"), "{page}");
    is_sound(&page);
    assert!(!gateway.get(&url).await.1.contains("value=\"weekly\""), "that would be no less");
    assert_eq!(gateway.kinds(anna).await.last(), Some(&WEEKLY));
    let weekly = take_back(&page);
    let (status, page) = gateway.post(&url, &[("take_back", &weekly)]).await;
    assert!(status == 200 && page.contains("Valet är tillbakataget"), "{page}");
    assert_eq!(gateway.kinds(anna).await.last(), Some(&AS_SENT));
    // Once.
    assert_eq!(gateway.post(&url, &[("take_back", &weekly)]).await.0, 409);
    assert_eq!(gateway.history(anna).await.len(), 3);
}

#[tokio::test]
async fn taking_a_pause_back_brings_the_one_before_it() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.unsubscribe_link(anna, None);
    let (_, page) = gateway.post(&url, &[("less", "pause-30")]).await;
    assert!(page.contains("2026-12-21"), "{page}");
    let short = paused("2026-12-21T12:00:00Z");
    assert_eq!(gateway.kinds(anna).await.last(), Some(&short));
    let first = take_back(&page);
    gateway.clock.advance(Duration::from_secs(60));
    let (_, page) = gateway.post(&url, &[("less", "pause-90")]).await;
    assert!(page.contains("2027-02-19"), "{page}");
    assert_eq!(gateway.post(&url, &[("take_back", &first)]).await.0, 409, "it stands no longer");
    assert_eq!(gateway.post(&url, &[("take_back", &take_back(&page))]).await.0, 200);
    assert_eq!(gateway.kinds(anna).await.last(), Some(&short));
    // Nobody takes back the choice of another.
    let bo = gateway.opted_in("bo@example.se", &["apparel"]).await;
    let (status, _) = gateway.post(&gateway.unsubscribe_link(bo, None), &[("take_back", &first)]).await;
    assert_eq!((status, gateway.history(bo).await.len()), (409, 1));
}

#[tokio::test]
async fn one_click_stays_what_it_is_whatever_else_the_body_says() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.unsubscribe_link(anna, None);
    gateway.post(&url, &[("less", "weekly"), ("List-Unsubscribe", "One-Click")]).await;
    assert!(matches!(gateway.kinds(anna).await[1..], [EventKind::Withdrawal { .. }]));
}

#[tokio::test]
async fn what_was_changed_on_the_form_is_saved_at_once_and_nothing_else() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.preferences_link(anna);
    let (_, page) = gateway.get(&url).await;
    is_sound(&page);
    save(&gateway, &url, &[]).await;
    assert_eq!(gateway.history(anna).await.len(), 1, "nothing was touched");
    let changed = [
        ("frequency", Some("monthly")),
        ("pause", Some("30")),
        ("language", Some("en")),
        ("time_zone", Some("Asia/Tokyo")),
        ("profiling", None),
    ];
    let page = save(&gateway, &url, &changed).await;
    is_sound(&page);
    assert!(
        page.contains("<html lang=\"en\" dir=\"ltr\">") && page.contains("Your choices are saved"),
        "{page}"
    );
    assert!(page.contains("On a break until 2026-12-21"), "{page}");
    let monthly = EventKind::FrequencyChosen { at_most: Frequency::Monthly };
    let expected =
        [monthly, paused("2026-12-21T12:00:00Z"), EventKind::ProfilingObjection, EventKind::PlaceChosen];
    assert_eq!(gateway.kinds(anna).await[1..], expected);
    let state = gateway.known("shop", ANNA).await.unwrap().state;
    assert_eq!((state.locale.as_deref(), state.time_zone.as_deref()), (Some("en"), Some("Asia/Tokyo")));
    // What others tell of place later does not beat the person's own choice.
    let told = Provenance { channel: "api".into(), locale: Some("de".into()), ..Provenance::default() };
    let bought = EventKind::Acquainted {
        how: optgate::consent::event::Acquaintance::Purchase,
        scope: "apparel".parse().unwrap(),
        notice: true,
    };
    gateway.recorder.record("shop", Who::Subscriber(anna), bought, None, told).await.unwrap();
    assert_eq!(gateway.known("shop", ANNA).await.unwrap().state.locale.as_deref(), Some("en"));
    let page = save(
        &gateway,
        &url,
        &[("pause", Some("end")), ("frequency", Some("as_sent")), ("profiling", Some("on"))],
    )
    .await;
    assert!(page.contains("value=\"none\" checked") && page.contains("value=\"as_sent\" checked"), "{page}");
    assert_eq!(gateway.kinds(anna).await[6..], [AS_SENT, EventKind::PauseEnded, EventKind::ProfilingAllowed]);
}

#[tokio::test]
async fn values_that_the_page_does_not_offer_change_nothing_and_are_told() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let url = gateway.preferences_link(anna);
    for (name, value) in [
        ("frequency", "daily"),
        ("pause", "3000"),
        ("language", "../../etc"),
        ("time_zone", "Europe/Atlantis"),
    ] {
        let page = save(&gateway, &url, &[(name, Some(value))]).await;
        assert!(page.contains("Ett av dina val gick inte att läsa"), "{name}: {page}");
        assert!(!page.contains(value), "{name}");
    }
    assert_eq!(gateway.history(anna).await.len(), 1);
    assert_eq!(gateway.post(&gateway.unsubscribe_link(anna, None), &[("less", "yearly")]).await.0, 200);
    assert_eq!(gateway.history(anna).await.len(), 1);
}

#[tokio::test]
async fn the_page_says_why_mail_comes_and_who_decides_about_it() {
    let gateway = Gateway::with("").await;
    let anna = gateway.bought(ANNA, "apparel.tshirts").await;
    let (_, page) = gateway.get(&gateway.preferences_link(anna)).await;
    assert!(page.contains("Den 2026-11-10 köpte du något (”T-shirts”)."), "{page}");
    assert!(page.contains("Då fick du veta att"), "{page}");
    assert!(page.contains("lämnade din adress till den här mejltjänsten den 2026-11-21"), "{page}");
    assert!(page.contains("Storgatan 1") && page.contains("Kvitton, svar på dina frågor"), "{page}");
    assert!(!page.contains(ANNA));
    let bo = gateway.opted_in("bo@example.se", &["apparel"]).await;
    let (_, page) = gateway.get(&gateway.preferences_link(bo)).await;
    assert!(page.contains("Den 2026-11-10 bekräftade du att du vill ha mejl om ”Kläder”."), "{page}");
    gateway.post(&gateway.preferences_link(bo), &[("leave", "all")]).await;
    let (_, page) = gateway.get(&gateway.preferences_link(bo)).await;
    assert!(page.contains("Just nu finns inget som ger"), "{page}");
}

#[tokio::test]
async fn a_link_that_may_show_nothing_chooses_nothing() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let (leave, choose) = (gateway.unsubscribe_link(anna, None), gateway.preferences_link(anna));
    let old = gateway.store.list_link_keys().await.unwrap()[0].id;
    gateway.store.rotate_link_keys().await.unwrap();
    assert!(gateway.store.set_link_key_state(old, LinkKeyState::Retired).await.unwrap());
    gateway.reload_link_keys().await;
    for url in [&leave, &choose] {
        let (_, page) = gateway.get(url).await;
        assert!(!page.contains("name=\"less\"") && !page.contains("name=\"frequency\""), "{page}");
        gateway.post(url, &[("less", "weekly")]).await;
        gateway.post(url, &[("frequency", "weekly"), ("save", "choices")]).await;
    }
    assert_eq!(gateway.history(anna).await.len(), 1);
}

#[tokio::test]
async fn a_choice_told_by_the_api_is_recorded_and_shown() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let post = async |more: serde_json::Value| {
        let mut body = json!({ "email": ANNA, "source": { "channel": "my-pages" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let request = gateway.http.post(gateway.api("/v1/preferences")).bearer_auth(&key).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json::<serde_json::Value>().await.unwrap())
    };
    let (status, answer) = post(json!({ "frequency": "weekly" })).await;
    assert_eq!((status, &answer["choices"]["at_most"]), (201, &json!("weekly")), "{answer}");
    let (status, answer) = post(json!({ "paused_until": "2026-12-01T00:00:00Z" })).await;
    assert_eq!(
        (status, &answer["choices"]["paused_until"]),
        (201, &json!("2026-12-01T00:00:00Z")),
        "{answer}"
    );
    let (status, answer) = post(json!({ "pause_ended": true })).await;
    assert_eq!((status, &answer["choices"]["paused_until"]), (201, &json!(null)), "{answer}");
    let (status, answer) = post(json!({ "time_zone": "Asia/Tokyo" })).await;
    assert_eq!((status, &answer["choices"]["time_zone"]), (201, &json!("Asia/Tokyo")), "{answer}");
    let before = gateway.history(anna).await.len();
    for wrong in [
        json!({}),
        json!({ "frequency": "weekly", "profiling": "objected" }),
        json!({ "pause_ended": false }),
        json!({ "frequency": "daily" }),
        json!({ "paused_until": "2029-12-01T00:00:00Z" }),
        json!({ "paused_until": "2026-11-01T00:00:00Z" }),
        json!({ "time_zone": "Europe/Atlantis" }),
    ] {
        let (status, answer) = post(wrong.clone()).await;
        assert!((400..500).contains(&status), "{wrong}: {answer}");
    }
    assert_eq!(gateway.history(anna).await.len(), before);
}
