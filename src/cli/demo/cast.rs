//! Who is mailed in the demo, what is known of each, and what the gateway must say.

use jiff::{Span, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::consent::EventKind;
use crate::consent::event::SignedUpBy;
use crate::policy::{GroundKind, Reason, Scope, Stream};

/// One recipient of the campaign, or of the functional mail beside it.
pub struct Person {
    pub address: &'static str,
    /// For people, in the table.
    pub history: &'static str,
    pub facts: Vec<Fact>,
    pub stream: Stream,
    pub scope: &'static str,
    pub expected: Expected,
}

/// What the gateway must decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Deliver(GroundKind),
    Refuse(Reason),
}

/// Something that happened before the campaign.
pub enum Fact {
    /// A call of the REST API, as a shop would make it.
    Call { path: &'static str, body: Value },
    /// What has no call yet, through the same door as every fact.
    Recorded { kind: EventKind, at: Timestamp },
}

/// Everybody, with histories that end at `now`.
pub fn cast(now: Timestamp) -> Vec<Person> {
    let ago = |span: Span| before(now, span);
    let days = |count: i64| ago(Span::new().days(count));
    vec![
        Person {
            address: "anna@inbox.example",
            history: "signed up and confirmed",
            // Of this moment, so that a folder used again takes her click of last time back.
            facts: vec![opt_in("anna@inbox.example", &["apparel"], now)],
            stream: Stream::Marketing,
            scope: "apparel.tshirts",
            expected: Expected::Deliver(GroundKind::DoubleOptIn),
        },
        Person {
            address: "bo@inbox.example",
            history: "bought a T-shirt, offered trousers",
            facts: vec![purchase("bo@inbox.example", days(200), "se", Notice::Given)],
            stream: Stream::Marketing,
            scope: "apparel.trousers",
            expected: Expected::Deliver(GroundKind::SoftOptIn),
        },
        Person {
            address: "cleo@inbox.example",
            history: "bought a T-shirt, offered office chairs",
            facts: vec![purchase("cleo@inbox.example", days(200), "se", Notice::Given)],
            stream: Stream::Marketing,
            scope: "furniture.office",
            expected: Expected::Refuse(Reason::OutOfScope),
        },
        Person {
            address: "dan@inbox.example",
            history: "signed up, never confirmed",
            facts: vec![Fact::Recorded {
                kind: EventKind::SignupRequested { scopes: vec![scope("apparel")], by: SignedUpBy::Told },
                at: days(3),
            }],
            stream: Stream::Marketing,
            scope: "apparel.tshirts",
            expected: Expected::Refuse(Reason::Unconfirmed),
        },
        Person {
            address: "eva@inbox.example",
            history: "confirmed, then withdrew",
            facts: vec![
                opt_in("eva@inbox.example", &["apparel"], days(90)),
                withdrawal("eva@inbox.example", days(10)),
            ],
            stream: Stream::Marketing,
            scope: "apparel.tshirts",
            expected: Expected::Refuse(Reason::Withdrawn),
        },
        Person {
            address: "finn@inbox.example",
            history: "bought in Canada 30 months ago",
            facts: vec![purchase("finn@inbox.example", ago(Span::new().months(30)), "ca", Notice::Given)],
            stream: Stream::Marketing,
            scope: "apparel.tshirts",
            expected: Expected::Refuse(Reason::GroundExpired),
        },
        Person {
            address: "gus@inbox.example",
            history: "unknown",
            facts: Vec::new(),
            stream: Stream::Marketing,
            scope: "apparel.tshirts",
            expected: Expected::Refuse(Reason::NoGround),
        },
        Person {
            address: "hanna@inbox.example",
            history: "bought a T-shirt, was never told",
            facts: vec![purchase("hanna@inbox.example", days(200), "se", Notice::Missing)],
            stream: Stream::Marketing,
            scope: "apparel.trousers",
            expected: Expected::Refuse(Reason::NoticeMissing),
        },
        Person {
            address: "ivar@inbox.example",
            history: "withdrew; a receipt, not marketing",
            facts: vec![
                opt_in("ivar@inbox.example", &["apparel"], days(90)),
                withdrawal("ivar@inbox.example", days(10)),
            ],
            stream: Stream::Functional,
            scope: "apparel.tshirts",
            expected: Expected::Deliver(GroundKind::Functional),
        },
    ]
}

/// The person whose click the demo makes.
pub const CLICKER: &str = "anna@inbox.example";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Notice {
    Given,
    Missing,
}

fn opt_in(email: &str, scopes: &[&str], at: Timestamp) -> Fact {
    let evidence = json!({ "form": "https://shop.example/newsletter", "confirmed_by": "link" });
    Fact::Call {
        path: "/v1/grounds",
        body: json!({
            "email": email, "kind": "double_opt_in", "scopes": scopes, "obtained_at": at,
            "jurisdiction": "se", "locale": "en", "evidence": evidence,
        }),
    }
}

fn purchase(email: &str, at: Timestamp, jurisdiction: &str, notice: Notice) -> Fact {
    let notice = match notice {
        Notice::Given => {
            json!({ "given": true, "text": "We may tell you of similar goods; say no at any time." })
        }
        Notice::Missing => json!({ "given": false }),
    };
    Fact::Call {
        path: "/v1/purchases",
        body: json!({
            "email": email, "scope": "apparel.tshirts", "purchased_at": at, "reference": "order 1001",
            "jurisdiction": jurisdiction, "notice": notice,
        }),
    }
}

fn withdrawal(email: &str, at: Timestamp) -> Fact {
    Fact::Call {
        path: "/v1/withdrawals",
        body: json!({ "email": email, "source": { "channel": "phone" }, "withdrawn_at": at }),
    }
}

fn scope(text: &str) -> Scope {
    text.parse().expect("a scope of the shipped policies")
}

/// Calendar months need a calendar: UTC's.
fn before(now: Timestamp, span: Span) -> Timestamp {
    let then = now.to_zoned(TimeZone::UTC).checked_sub(span);
    then.map_or(now, |then| then.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cast_shows_every_history_that_was_asked_for() {
        let cast = cast("2026-11-21T12:00:00Z".parse().unwrap());
        let refusals: Vec<Reason> = cast
            .iter()
            .filter_map(|person| match person.expected {
                Expected::Refuse(reason) => Some(reason),
                Expected::Deliver(_) => None,
            })
            .collect();
        assert!(cast.len() >= 8);
        for reason in [
            Reason::OutOfScope,
            Reason::Unconfirmed,
            Reason::Withdrawn,
            Reason::GroundExpired,
            Reason::NoGround,
            Reason::NoticeMissing,
        ] {
            assert!(refusals.contains(&reason), "{reason}");
        }
        assert!(cast.iter().any(|person| person.address == CLICKER));
    }
}
