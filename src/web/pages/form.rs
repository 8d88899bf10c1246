//! What a form says: urlencoded or multipart, bounded by the body limit. RFC 8058, 3.1 wants both.

use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{Form, FromRequest as _, Multipart, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use uuid::Uuid;

use super::Trouble;
use super::less::Less;
use super::manner::Manner;
use crate::policy::Scope;

/// What a form's fields ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A mail client's button.
    OneClick,
    /// To leave the list of the link.
    LeaveList,
    LeaveAll,
    /// To take back this withdrawal.
    Undo(Uuid),
    /// To get less.
    Less(Less),
    /// To take back this choice.
    TakeBack(Uuid),
    Save(Choices),
    /// To confirm a sign-up.
    Confirm,
    /// To have another link mailed, in place of one that has ended.
    NewLink,
    /// To be mailed a link to what is kept.
    Rights,
    /// Nothing that we know: changes nothing.
    Nothing,
}

/// The interests of a saved form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choices {
    /// Ticked when the form was shown.
    pub(super) was: Vec<Scope>,
    /// Ticked when it was sent.
    pub(super) ticked: Vec<Scope>,
    /// The switch of tracking.
    pub(super) tracking: Turned,
    pub(super) manner: Manner,
}

/// What was done to a switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turned {
    On,
    Off,
    /// It was left as it was, or not shown at all.
    #[default]
    NotAtAll,
}

impl Turned {
    /// Of a checkbox, as it was shown and as it was sent.
    pub(super) fn of(was: Option<&str>, now: Option<&str>) -> Self {
        match (was == Some("on"), now == Some("on")) {
            (false, true) => Self::On,
            (true, false) => Self::Off,
            (true, true) | (false, false) => Self::NotAtAll,
        }
    }
}

/// Reads what a POST asks for.
pub(super) async fn read(request: Request) -> Result<Wish, Trouble> {
    Ok(wish(&fields(request).await?))
}

pub(super) async fn fields(mut request: Request) -> Result<Vec<(String, String)>, Trouble> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data")) {
        let (parts, body) = request.into_parts();
        let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
        let body = body.map_err(|error| trouble(error.into_response().status()))?;
        let whole = Request::from_parts(parts, Body::from(body.clone()));
        let fields = multipart(whole).await;
        return fields.or_else(|error| damaged_one_click(&body).ok_or_else(|| trouble(error.status())));
    }
    // A no is honoured whatever a client calls its body.
    let plain = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, plain);
    let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
    form.map(|Form(fields)| fields).map_err(|error| trouble(error.into_response().status()))
}

/// A one-click POST whose multipart framing is broken (bare LF, no boundary) is still a person's no.
fn damaged_one_click(body: &[u8]) -> Option<Vec<(String, String)>> {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    let (_, value) = text.split_once("list-unsubscribe")?;
    value.contains("one-click").then(|| vec![("List-Unsubscribe".to_owned(), "One-Click".to_owned())])
}

async fn multipart(request: Request) -> Result<Vec<(String, String)>, Refused> {
    let mut parts =
        Multipart::from_request(request, &()).await.map_err(|_| Refused(StatusCode::BAD_REQUEST))?;
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        let value = part.bytes().await?;
        fields.push((name, String::from_utf8_lossy(&value).into_owned()));
    }
    Ok(fields)
}

struct Refused(StatusCode);

impl Refused {
    fn status(&self) -> StatusCode {
        self.0
    }
}

impl From<MultipartError> for Refused {
    fn from(error: MultipartError) -> Self {
        Self(error.status())
    }
}

fn trouble(status: StatusCode) -> Trouble {
    if status == StatusCode::PAYLOAD_TOO_LARGE { Trouble::TooLarge } else { Trouble::Unread }
}

fn wish(fields: &[(String, String)]) -> Wish {
    let value = |wanted: &str| {
        let mut named = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.next().map(|(_, value)| value.trim())
    };
    if value("List-Unsubscribe").is_some_and(|value| value.eq_ignore_ascii_case("One-Click")) {
        return Wish::OneClick;
    }
    match value("leave") {
        Some("scope") => return Wish::LeaveList,
        Some("all") => return Wish::LeaveAll,
        _ => {}
    }
    if let Some(withdrawal) = value("undo").and_then(|text| text.parse().ok()) {
        return Wish::Undo(withdrawal);
    }
    if let Some(less) = value("less").and_then(Less::of) {
        return Wish::Less(less);
    }
    if let Some(choice) = value("take_back").and_then(|text| text.parse().ok()) {
        return Wish::TakeBack(choice);
    }
    if value("confirm") == Some("yes") {
        return Wish::Confirm;
    }
    if value("link") == Some("new") {
        return Wish::NewLink;
    }
    if value("rights") == Some("ask") {
        return Wish::Rights;
    }
    let scopes = |wanted: &str| -> Vec<Scope> {
        fields.iter().filter(|(name, _)| name == wanted).filter_map(|(_, value)| value.parse().ok()).collect()
    };
    let tracking = Turned::of(value("tracking_was"), value("tracking"));
    let manner = Manner::of(value);
    match value("save") {
        Some(_) => Wish::Save(Choices { was: scopes("was"), ticked: scopes("interest"), tracking, manner }),
        None => Wish::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn wish_of(kind: Option<&str>, body: &'static str) -> Result<Wish, Trouble> {
        let mut request = Request::builder().method("POST");
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        read(request.body(Body::from(body)).unwrap()).await
    }

    #[tokio::test]
    async fn one_click_is_understood_in_both_forms_and_without_a_type() {
        let urlencoded = Some("application/x-www-form-urlencoded");
        assert_eq!(wish_of(urlencoded, "List-Unsubscribe=One-Click").await.unwrap(), Wish::OneClick);
        assert_eq!(wish_of(None, "List-Unsubscribe=One-Click").await.unwrap(), Wish::OneClick);
        let parts =
            "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
        assert_eq!(wish_of(Some("multipart/form-data; boundary=b"), parts).await.unwrap(), Wish::OneClick);
    }

    #[tokio::test]
    async fn fields_that_nobody_knows_ask_for_nothing() {
        for body in [
            "",
            "x=y",
            "leave=",
            "leave=later",
            "undo=1",
            "confirm=",
            "confirm=no",
            "List-Unsubscribe=maybe",
            "%ff=%fe",
        ] {
            assert_eq!(wish_of(None, body).await.unwrap(), Wish::Nothing, "{body}");
        }
    }

    #[tokio::test]
    async fn the_confirm_button_is_understood() {
        assert_eq!(wish_of(None, "confirm=yes").await.unwrap(), Wish::Confirm);
    }

    #[tokio::test]
    async fn the_button_for_a_new_link_is_understood() {
        assert_eq!(wish_of(None, "link=new").await.unwrap(), Wish::NewLink);
        assert_eq!(wish_of(None, "link=old").await.unwrap(), Wish::Nothing);
    }

    #[tokio::test]
    async fn a_broken_multipart_body_is_said_to_be_unread() {
        let broken = wish_of(Some("multipart/form-data; boundary=b"), "--b\r\nnonsense").await;
        assert!(matches!(broken, Err(Trouble::Unread)));
        assert!(matches!(wish_of(Some("multipart/form-data"), "--b").await, Err(Trouble::Unread)));
    }

    #[tokio::test]
    async fn a_one_click_in_a_broken_multipart_body_is_a_no_all_the_same() {
        let bare = "--b\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\n\nOne-Click\n--b--\n";
        for kind in ["multipart/form-data; boundary=b", "multipart/form-data"] {
            assert_eq!(wish_of(Some(kind), bare).await.unwrap(), Wish::OneClick, "{kind}");
        }
    }

    #[tokio::test]
    async fn a_saved_form_tells_what_was_ticked_and_what_is() {
        let saved =
            wish_of(None, "was=a&was=b.c&interest=b.c&interest=no%20scope&save=choices").await.unwrap();
        let scopes = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        let choices = Choices { was: scopes(&["a", "b.c"]), ticked: scopes(&["b.c"]), ..Choices::default() };
        assert_eq!(saved, Wish::Save(choices));
    }

    #[tokio::test]
    async fn a_switch_is_turned_where_it_is_sent_otherwise_than_it_was_shown() {
        for (body, expected) in [
            ("save=choices", Turned::NotAtAll),
            ("save=choices&tracking=on", Turned::On),
            ("save=choices&tracking_was=on", Turned::Off),
            ("save=choices&tracking_was=on&tracking=on", Turned::NotAtAll),
            ("save=choices&tracking=yes", Turned::NotAtAll),
        ] {
            let saved = wish_of(None, body).await.unwrap();
            assert_eq!(saved, Wish::Save(Choices { tracking: expected, ..Choices::default() }), "{body}");
        }
    }
}
