//! What the pages look like: templates, words, and the headers that every page carries.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::dress::Dress;
use super::manner::Read;
use crate::language;
use crate::policy::Scope;

/// The one style sheet, inside every page: nothing is loaded from elsewhere.
pub(in crate::web) const STYLE: &str = include_str!("../templates/style.css");

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash_of(STYLE));

/// What a page is made of, and in whose name it speaks.
pub(super) trait Page: Template {
    fn words(&self) -> &Words;
}

/// A style as a policy allows it. CSP 3, 2.3.1.
fn hash_of(style: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(style)))
}

/// Allows our style sheet and the sender's colors by their hashes, the logo within the page, forms to ourselves, and
/// nothing else.
fn content_security_policy(dress: &Dress) -> Option<HeaderValue> {
    let colors = dress.colors().map(|style| format!(" {}", hash_of(style))).unwrap_or_default();
    let pictures = if dress.logo().is_some() { "img-src data:; " } else { "" };
    let policy = format!(
        "default-src 'none'; style-src {}{colors}; {pictures}form-action 'self'; frame-ancestors 'none'; \
         base-uri 'none'",
        *STYLE_HASH
    );
    HeaderValue::from_str(&policy).ok()
}

/// The texts of one language, spoken for one sender.
#[derive(Clone, Debug)]
pub(super) struct Words {
    language: &'static str,
    pub(super) sender: String,
    /// The sender's own text and its language.
    pub(super) own: Option<(String, String)>,
    pub(super) dress: Dress,
}

impl Words {
    /// `sender` is the brand's name, empty where no text names it.
    pub(super) fn new(language: &'static str, sender: &str) -> Self {
        Self { language, sender: sender.to_owned(), own: None, dress: Dress::default() }
    }

    /// As the sender's pages look.
    pub(super) fn dressed(self, dress: Dress) -> Self {
        Self { dress, ..self }
    }

    pub(super) fn in_language(self, language: &'static str) -> Self {
        Self { language, ..self }
    }

    /// With the sender's own text, and the tag of its language.
    pub(super) fn with_own(self, own: Option<(&str, &str)>) -> Self {
        Self { own: own.map(|(language, text)| (language.to_owned(), text.to_owned())), ..self }
    }

    pub(super) fn language(&self) -> &'static str {
        self.language
    }

    pub(super) fn direction(&self) -> &'static str {
        language::direction(self.language)
    }

    /// What the switch of tracking is shown with, in one line: a yes is to this text.
    pub(super) fn on_tracking(&self) -> String {
        format!("{} {}", self.say("tracking-label"), self.say("tracking-note"))
    }

    pub(super) fn say(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// With more values than the sender's name.
    pub(super) fn with(&self, key: &str, values: &[(&'static str, &str)]) -> String {
        let own = [("sender", self.sender.as_str())];
        language::text(self.language, key, &[&own, values].concat())
    }

    fn about(&self, key: &str, interest: &str) -> String {
        language::text(self.language, key, &[("sender", &self.sender), ("interest", interest)])
    }

    pub(super) fn about_address(&self, address: &str) -> String {
        language::text(self.language, "about-address", &[("address", address)])
    }
}

/// What the first button leaves, or what was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// An interest, by its title.
    Interest(String),
    /// That of the link, which may not be named.
    Unnamed,
    AllMarketing,
}

/// The page that asks.
#[derive(Template)]
#[template(path = "ask.html")]
pub(super) struct Ask {
    pub(super) words: Words,
    pub(super) list: List,
    /// Redacted.
    pub(super) address: Option<String>,
    /// Where to choose instead.
    pub(super) choose: Option<String>,
    pub(super) less: Less,
}

/// What is offered instead of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Less {
    Nothing,
    /// Whoever chose once a week or less gets no less by it.
    Pauses,
    All,
}

impl Page for Ask {
    fn words(&self) -> &Words {
        &self.words
    }
}

/// What holds after a button was pressed that asks for less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Weekly,
    /// The day.
    PausedUntil(String),
}

/// The page that says so, and offers to take it back.
#[derive(Template)]
#[template(path = "chosen.html")]
pub(super) struct Chosen {
    pub(super) words: Words,
    pub(super) holds: Holds,
    /// The choice that may be taken back.
    pub(super) undo: Uuid,
    pub(super) choose: Option<String>,
}

impl Page for Chosen {
    fn words(&self) -> &Words {
        &self.words
    }
}

/// The page that says it is done, and may offer to undo it.
#[derive(Template)]
#[template(path = "done.html")]
pub(super) struct Done {
    pub(super) words: Words,
    pub(super) list: List,
    /// The withdrawal that may be taken back.
    pub(super) undo: Option<Uuid>,
    pub(super) choose: Option<String>,
}

impl Page for Done {
    fn words(&self) -> &Words {
        &self.words
    }
}

/// The page with the interests.
#[derive(Template)]
#[template(path = "choose.html")]
pub(super) struct Choose {
    pub(super) words: Words,
    /// Redacted.
    pub(super) address: String,
    pub(super) interests: Vec<Interest>,
    /// The switch of tracking; none where it has no meaning.
    pub(super) tracking: Option<Tick>,
    /// None once the sender's policy is gone.
    pub(super) manner: Option<MannerShown>,
    pub(super) why: Option<Why>,
    pub(super) saved: Option<Saved>,
}

impl Page for Choose {
    fn words(&self) -> &Words {
        &self.words
    }
}

impl Choose {
    fn is_tracked(&self) -> bool {
        self.tracking == Some(Tick::On)
    }
}

/// How marketing comes to the person, as it holds.
#[derive(Clone, Debug)]
pub(super) struct MannerShown {
    /// The word of the frequency.
    pub(super) frequency: &'static str,
    /// The day.
    pub(super) paused_until: Option<String>,
    pub(super) languages: Vec<Selectable>,
    pub(super) language: &'static str,
    pub(super) zones: Vec<ZoneGroup>,
    pub(super) zone: Option<String>,
    pub(super) profiling: Tick,
}

impl MannerShown {
    fn pause_was(&self) -> &'static str {
        if self.paused_until.is_some() { "keep" } else { "none" }
    }

    fn is_profiled(&self) -> bool {
        self.profiling == Tick::On
    }
}

/// One option of a list.
#[derive(Clone, Debug)]
pub(super) struct Selectable {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) tick: Tick,
}

impl Selectable {
    fn is_on(&self) -> bool {
        self.tick == Tick::On
    }
}

/// The time zones of a part of the world.
#[derive(Clone, Debug)]
pub(super) struct ZoneGroup {
    pub(super) region: String,
    pub(super) zones: Vec<Selectable>,
}

/// Why the person gets mail, in words.
#[derive(Clone, Debug)]
pub(super) struct Why {
    pub(super) grounds: Vec<String>,
    /// Where the address came from.
    pub(super) source: Option<String>,
    /// The sender's.
    pub(super) address: Option<String>,
    pub(super) privacy_notice: Option<String>,
}

/// One checkbox.
#[derive(Clone, Debug)]
pub(super) struct Interest {
    pub(super) scope: Scope,
    pub(super) title: String,
    /// How far it is indented, 0 to 3.
    pub(super) depth: usize,
    pub(super) tick: Tick,
}

/// Whether a ground is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tick {
    On,
    Off,
}

impl Interest {
    fn is_on(&self) -> bool {
        self.tick == Tick::On
    }
}

/// What saving came to, beside what was asked: titles.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    /// Off because an interest above was switched off.
    pub(super) covered: Vec<String>,
    /// Not to be switched on here.
    pub(super) not_on: Vec<String>,
    pub(super) read: Read,
    /// Switched on once the link that was mailed is pressed.
    pub(super) asked: Vec<String>,
}

/// The page with the button that confirms a sign-up.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(super) struct Confirm {
    pub(super) words: Words,
    /// Titles.
    pub(super) interests: Vec<String>,
    /// Redacted.
    pub(super) address: Option<String>,
}

impl Page for Confirm {
    fn words(&self) -> &Words {
        &self.words
    }
}

/// The page that says what was agreed.
#[derive(Template)]
#[template(path = "confirmed.html")]
pub(super) struct Confirmed {
    pub(super) words: Words,
    /// Titles.
    pub(super) interests: Vec<String>,
    pub(super) choose: Option<String>,
}

impl Page for Confirmed {
    fn words(&self) -> &Words {
        &self.words
    }
}

/// The page of a link that confirms and has ended, with the button for a new one.
#[derive(Template)]
#[template(path = "over.html")]
pub(super) struct Over {
    pub(super) words: Words,
}

impl Page for Over {
    fn words(&self) -> &Words {
        &self.words
    }
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct Message {
    pub(super) words: Words,
    pub(super) title: &'static str,
    pub(super) body: &'static str,
    pub(super) choose: Option<String>,
}

impl Page for Message {
    fn words(&self) -> &Words {
        &self.words
    }
}

/// A page as it is answered.
pub(super) fn show(status: StatusCode, page: &impl Page) -> Response {
    let html = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be written");
        String::new()
    });
    let policy = content_security_policy(&page.words().dress);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, policy.unwrap_or(HeaderValue::from_static("default-src 'none'"))),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::look::{Color, Logo, Look};

    #[test]
    fn what_a_sender_or_a_title_says_is_text_and_never_markup() {
        let words = Words::new("en", "<b>Shop</b>");
        let list = List::Interest("<script>alert(1)</script>".into());
        let html = Ask { words, list, address: None, choose: None, less: Less::All }.render().unwrap();
        assert!(!html.contains("<b>") && !html.contains("<script"), "{html}");
        assert!(html.contains("&#60;b&#62;Shop"), "{html}");
    }

    #[test]
    fn the_style_stands_in_the_page_as_it_was_hashed() {
        let words = Words::new("sv", "Shop");
        let page = Message { words, title: "missing-title", body: "missing-body", choose: None };
        let html = page.render().unwrap();
        let (_, rest) = html.split_once("<style>").unwrap();
        assert_eq!(rest.split_once("</style>").unwrap().0, STYLE);
        assert!(html.contains("<html lang=\"sv\" dir=\"ltr\">"));
    }

    #[test]
    fn a_senders_color_and_logo_are_allowed_and_nothing_else() {
        let look = Look {
            color: Color::parse("#7a1fa2"),
            logo: Some(Logo("data:image/png;base64,iVBORw0KGgo=".into())),
            ..Look::default()
        };
        let words = Words::new("en", "Shop & Co").dressed(Dress::of(&look));
        let page = Message { words, title: "missing-title", body: "missing-body", choose: None };
        let html = page.render().unwrap();
        let logo = "<img src=\"data:image/png;base64,iVBORw0KGgo=\" alt=\"Shop &#38; Co\">";
        assert!(html.contains(logo), "{html}");
        let styles = html.split("<style>").skip(1).map(|rest| rest.split_once("</style>").unwrap().0);
        let hashes: Vec<String> = styles.map(hash_of).collect();
        let response = show(StatusCode::OK, &page);
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let expected = format!(
            "default-src 'none'; style-src {} {}; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            hashes[0], hashes[1]
        );
        assert_eq!(policy, expected);
    }
}
