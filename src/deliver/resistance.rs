//! What a reply says of the pace: who resists, and what is to be done. Pure.
//!
//! `[[response]]` comes first. Else 421 and 4.7.x slow down whoever said them: at connection and MAIL that is the
//! upstream; at RCPT or later the recipients' provider, for whom a relay speaks that asks while we wait. The large
//! providers of outbound mail never do: whatever they say is their own. 4.2.1 is the pace of an upstream too; said of
//! a recipient it is about one mailbox (RFC 3463, 3.3), and slows nobody.

use super::response::{Failure, Response, Stage};
use super::settlement::Stop;
use super::upstream::{Kind, Settings};
use crate::mail::Address;
use crate::policy::bounce::Answer;
use crate::policy::shaping::{Action, Shaping};
use crate::schedule::throttle::{Party, Resistance};
use crate::spool::Lane;

/// What is to be done about an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Resistance(Resistance),
    /// The lane's campaign stops; the answer, as it may be shown.
    PauseCampaign(String),
}

/// What a try met, if anything.
pub fn heard(
    shaping: &Shaping,
    lane: &Lane,
    upstream: &Settings,
    about: &Address,
    stop: &Stop,
) -> Option<Heard> {
    let (Stop::Failed(failure, _) | Stop::Stale(failure) | Stop::Unreachable { failure, .. }) = stop else {
        return None;
    };
    let Failure::Answered(stage, response) = failure else { return None };
    // What it says of TLS and of our login has nothing to do with mail.
    if matches!(stage, Stage::StartTls | Stage::Auth) {
        return None;
    }
    let speaker = if *stage > Stage::Mail && upstream.kind == Kind::Generic {
        Party::Provider(lane.provider.clone())
    } else {
        Party::Upstream(upstream.name.clone())
    };
    let cause = failure.told(about);
    let slow = slows(response, &speaker);
    judge(shaping, lane, (&response.to_string(), slow, speaker), cause)
}

/// What was told later of a copy: by a report, or by a webhook. Whoever speaks there does so for the provider. `cause` is
/// the answer as it may be shown.
pub fn told_of(shaping: &Shaping, lane: &Lane, answer: Answer<'_>, cause: String) -> Option<Heard> {
    let speaker = Party::Provider(lane.provider.clone());
    let enhanced = answer.status;
    let response = Response { code: answer.code.unwrap_or(0), enhanced, text: answer.text.to_owned() };
    let slow = slows(&response, &speaker);
    judge(shaping, lane, (&answer.line(), slow, speaker), cause)
}

/// The first rule that fits what was said; else whether it slows by itself.
fn judge(
    shaping: &Shaping,
    lane: &Lane,
    (said, slow, speaker): (&str, bool, Party),
    cause: String,
) -> Option<Heard> {
    let fits = |named: &Option<String>| named.as_ref().is_none_or(|named| *named == lane.provider);
    let mut rules = shaping.responses.iter();
    let (party, action) = match rules.find(|rule| fits(&rule.provider) && rule.pattern.is_match(said)) {
        Some(rule) if rule.provider.is_some() => (Party::Provider(lane.provider.clone()), rule.action),
        Some(rule) => (speaker, rule.action),
        None if slow => (speaker, Action::Slow),
        None => return None,
    };
    let suspend = match action {
        Action::PauseCampaign => return Some(Heard::PauseCampaign(cause)),
        Action::Suspend(time) => Some(time),
        Action::Slow => None,
    };
    Some(Heard::Resistance(Resistance { party, suspend, cause }))
}

/// RFC 5321, 3.8 of 421; RFC 3463, 3.8 of X.7.x. Greylisting (RFC 6647) puts off whoever writes for the first time,
/// however slowly.
fn slows(response: &Response, speaker: &Party) -> bool {
    let of_upstream = matches!(speaker, Party::Upstream(_));
    let text = response.text.to_ascii_lowercase();
    let greylisted =
        ["greylist", "graylist", "grey-list", "gray-list"].iter().any(|word| text.contains(word));
    response.code == 421
        || matches!(response.enhanced, Some((4, 7, _))) && !greylisted
        || of_upstream && response.enhanced == Some((4, 2, 1))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use regex::Regex;

    use super::super::upstream::{Timeouts, Tls};
    use super::*;
    use crate::policy::shaping::ResponseRule;
    use crate::policy::{RuleRef, Stream};

    fn settings(kind: Kind) -> Settings {
        Settings {
            name: "primary".into(),
            host: "127.0.0.1".into(),
            port: 25,
            tls: Tls::None,
            login: None,
            connections: 1,
            priority: 0,
            weight: 1,
            kind,
            region: None,
            signs: false,
            headers: Vec::new(),
            extra_roots: Vec::new(),
            timeouts: Timeouts::default(),
        }
    }

    fn rule(provider: Option<&str>, pattern: &str, action: Action) -> ResponseRule {
        ResponseRule {
            provider: provider.map(str::to_owned),
            pattern: Regex::new(pattern).unwrap(),
            action,
            rule: RuleRef { file: "shaping.toml".into(), line: 1 },
        }
    }

    fn answer(code: u16, enhanced: Option<(u8, u8, u8)>, text: &str) -> Response {
        Response { code, enhanced, text: text.into() }
    }

    fn of(shaping: &Shaping, kind: Kind, stage: Stage, response: Response) -> Option<Heard> {
        let lane = Lane {
            sender: "shop".into(),
            stream: Stream::Marketing,
            provider: "google".into(),
            campaign: "summer".into(),
            credential: "shop/mautic".into(),
        };
        let about: Address = "anna@gmail.com".parse().unwrap();
        heard(shaping, &lane, &settings(kind), &about, &Stop::Stale(Failure::Answered(stage, response)))
    }

    #[track_caller]
    fn assert_slows(kind: Kind, stage: Stage, response: Response, party: Option<Party>) {
        let found = of(&Shaping::default(), kind, stage, response);
        let found = found.map(|heard| match heard {
            Heard::Resistance(Resistance { party, suspend: None, .. }) => party,
            other => panic!("{other:?}"),
        });
        assert_eq!(found, party);
    }

    fn primary() -> Option<Party> {
        Some(Party::Upstream("primary".into()))
    }

    fn google() -> Option<Party> {
        Some(Party::Provider("google".into()))
    }

    #[test]
    fn a_421_is_the_upstreams_until_mail_and_the_providers_from_rcpt_on() {
        for stage in [Stage::Greeting, Stage::Ehlo, Stage::Reset, Stage::Mail] {
            assert_slows(Kind::Generic, stage, answer(421, None, "busy"), primary());
        }
        for stage in [Stage::Rcpt, Stage::Data, Stage::EndOfData] {
            assert_slows(Kind::Generic, stage, answer(421, None, "busy"), google());
        }
    }

    #[test]
    fn a_provider_of_outbound_mail_speaks_for_itself() {
        let throttled = answer(454, Some((4, 7, 0)), "Throttling failure: Maximum sending rate exceeded.");
        assert_slows(Kind::Ses, Stage::EndOfData, throttled.clone(), primary());
        assert_slows(Kind::Generic, Stage::EndOfData, throttled, google());
    }

    #[test]
    fn what_is_said_of_one_mailbox_or_of_a_login_slows_nobody() {
        assert_slows(Kind::Generic, Stage::Rcpt, answer(452, Some((4, 2, 2)), "mailbox full"), None);
        assert_slows(Kind::Generic, Stage::Rcpt, answer(550, Some((5, 1, 1)), "no such user"), None);
        assert_slows(Kind::Generic, Stage::Rcpt, answer(451, Some((4, 7, 1)), "Greylisted, come back"), None);
        assert_slows(Kind::Generic, Stage::Rcpt, answer(451, Some((4, 7, 1)), "too many messages"), google());
        assert_slows(Kind::Generic, Stage::Auth, answer(454, Some((4, 7, 0)), "later"), None);
        assert_slows(Kind::Generic, Stage::Rcpt, answer(450, Some((4, 2, 1)), "this mailbox"), None);
        assert_slows(Kind::Generic, Stage::Mail, answer(450, Some((4, 2, 1)), "too fast"), primary());
        assert_slows(Kind::Ses, Stage::EndOfData, answer(450, Some((4, 2, 1)), "too fast"), primary());
    }

    #[test]
    fn the_first_rule_that_fits_says_what_an_answer_means() {
        let hour = Duration::from_secs(3600);
        let shaping = Shaping {
            responses: vec![
                rule(Some("yahoo"), "TSS04", Action::Slow),
                rule(Some("google"), r"4\.7\.28", Action::Suspend(hour)),
                rule(None, "(?i)spam", Action::PauseCampaign),
                rule(None, "(?i)too many", Action::Slow),
            ],
            ..Shaping::default()
        };
        let found = |stage, response| of(&shaping, Kind::Ses, stage, response);
        let limited = answer(421, Some((4, 7, 28)), "unusual rate of spam from anna@gmail.com");
        let Some(Heard::Resistance(met)) = found(Stage::EndOfData, limited) else { panic!() };
        assert_eq!((Some(met.party), met.suspend), (google(), Some(hour)));
        assert!(!met.cause.contains("anna"), "{}", met.cause);
        let spam = found(Stage::EndOfData, answer(550, Some((5, 7, 1)), "looks like SPAM"));
        assert!(matches!(spam, Some(Heard::PauseCampaign(_))));
        let Some(Heard::Resistance(met)) = found(Stage::Rcpt, answer(451, None, "Too many messages")) else {
            panic!()
        };
        assert_eq!((Some(met.party), met.suspend), (primary(), None));
        assert_eq!(found(Stage::Rcpt, answer(451, None, "TSS04")), None);
    }
}
