//! What the pages of data rights look like.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::held::{Held, Listed, Rest};
use super::told::Teller;
use crate::clock::time_of;
use crate::mail::Address;
use crate::web::pages::view::{Message, Page, Words, show};
use crate::web::pages::visit::Visit;

#[derive(Template)]
#[template(path = "data.html")]
struct Data {
    words: Words,
    address: String,
    facts: Vec<Fact>,
    /// Of mail: when, about what, and what became of it.
    mail: Vec<String>,
    /// Whether there is mail beside it.
    rest: Rest,
    requests: Vec<String>,
    restriction: Restriction,
}

impl Page for Data {
    fn words(&self) -> &Words {
        &self.words
    }
}

impl Data {
    fn has_more_mail(&self) -> bool {
        self.rest == Rest::More
    }
}

struct Fact {
    at: String,
    what: String,
    proof: Vec<String>,
}

/// Which button about the use of the data is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restriction {
    Off,
    Own,
    /// An officer has put it on.
    Theirs,
}

/// The page with one button.
#[derive(Template)]
#[template(path = "data_button.html")]
struct Button {
    words: Words,
    title: &'static str,
    body: &'static str,
    address: Option<String>,
    button: &'static str,
    right: &'static str,
}

impl Page for Button {
    fn words(&self) -> &Words {
        &self.words
    }
}

pub(super) fn data(visit: &Visit, held: &Held, listed: &Listed) -> Response {
    let Some(sender) = visit.sender() else {
        return said(visit, "later-title", "later-body");
    };
    let teller = Teller { language: visit.words.language(), sender, zone: visit.zone() };
    let facts = held.history.iter().map(|(event, evidence)| Fact {
        at: teller.at(event.occurred_at),
        what: teller.fact(&event.kind),
        proof: teller.proof(event, evidence.as_ref()),
    });
    let mail = listed.deliveries.iter().map(|view| {
        let about = view.scope.as_ref().map(|scope| sender.title(scope, teller.language).to_owned());
        let about = about.unwrap_or_else(|| teller.say("data-mail-service"));
        let at = time_of(view.delivery).map(|at| teller.at(at)).unwrap_or_default();
        format!("{at} – {about} – {}", teller.state(view.state))
    });
    let requests = held
        .requests
        .iter()
        .map(|own| format!("{} – {}", teller.at(own.received), teller.request(own.kind, own.state)));
    let restriction = match (held.is_restricted(), held.may_lift_restriction()) {
        (false, _) => Restriction::Off,
        (true, true) => Restriction::Own,
        (true, false) => Restriction::Theirs,
    };
    let page = Data {
        words: visit.words.clone(),
        address: held.address.clone().unwrap_or_default(),
        facts: facts.collect(),
        mail: mail.collect(),
        rest: listed.rest,
        requests: requests.collect(),
        restriction,
    };
    show(StatusCode::OK, &page)
}

/// Asks once more before all is gone.
pub(super) fn sure(visit: &Visit) -> Response {
    let (button, right) = ("data-sure-button", "erase-for-good");
    let (title, body) = ("data-sure-title", "data-sure-body");
    let page = Button { words: visit.words.clone(), title, body, address: None, button, right };
    show(StatusCode::OK, &page)
}

/// The link was mailed to this address, whose reader may see it.
pub(super) fn address(visit: &Visit, address: &Address) -> Response {
    let (button, right) = ("data-address-button", "confirm-address");
    let (title, body) = ("data-address-title", "data-address-body");
    let address = Some(address.to_string());
    show(StatusCode::OK, &Button { words: visit.words.clone(), title, body, address, button, right })
}

pub(super) fn ended(visit: &Visit) -> Response {
    let (title, body) = ("data-ended-title", "data-ended-body");
    let (button, right) = ("data-ended-button", "link");
    show(StatusCode::GONE, &Button { words: visit.words.clone(), title, body, address: None, button, right })
}

pub(super) fn said(visit: &Visit, title: &'static str, body: &'static str) -> Response {
    message(visit, StatusCode::OK, title, body)
}

pub(super) fn wrong(visit: &Visit, title: &'static str, body: &'static str) -> Response {
    message(visit, StatusCode::BAD_REQUEST, title, body)
}

pub(super) fn conflict(visit: &Visit, title: &'static str, body: &'static str) -> Response {
    message(visit, StatusCode::CONFLICT, title, body)
}

fn message(visit: &Visit, status: StatusCode, title: &'static str, body: &'static str) -> Response {
    show(status, &Message { words: visit.words.clone(), title, body, choose: None })
}

/// To be kept, and by nobody on its way.
pub(super) fn archive(mut written: Response) -> Response {
    written.headers_mut().extend([
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.zip\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ]);
    written
}
