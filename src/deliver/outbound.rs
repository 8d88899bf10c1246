//! One recipient's copy as it leaves: what `rewrite` needs is gathered here, and the copy is signed.
//! CONTRACT.md, "What leaves".
//!
//! A copy is made for one upstream's capabilities and one moment's consent, and is never kept.

mod sample;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::response::{Failure, Unfit};
use super::upstream::{Body, Capabilities, Offer, Settings};
use crate::consent::token::TO_UNSUBSCRIBE;
use crate::consent::token::{Link, Purpose, seal, seal_unsubscribe};
use crate::keys::LinkKeys;
use crate::language;
use crate::mail::RawMessage;
use crate::mail::message::Unparsable;
use crate::mail::redaction::redact;
use crate::policy::decide::DeliveryKind;
use crate::policy::dialect::Dialects;
use crate::policy::facts::ConfirmLink;
use crate::policy::sender::{OneClick, SenderPolicy};
use crate::policy::{Facts, PolicySet, Stream, Tracking, Verdict};
use crate::rewrite::{self, Demands, EightBit, Links, NotRewritable, OwnText, Rewriting, TakenOut, rewrite};
use crate::sign::{Pair, SignError, Signers};
use crate::store::{Claim, Subscriber, Tracked};
pub use sample::sample;

/// The longest part of a Feedback-ID.
const MAX_FEEDBACK_PART: usize = 64;

/// A copy that is ready to be sent: its signatures stand before it.
pub struct Outbound {
    pub signatures: Vec<u8>,
    pub copy: Vec<u8>,
    pub body: Body,
    /// What was made of its pixels and tracked links; none of our own mail.
    pub tracked: Option<Tracked>,
}

/// Why there is no copy now.
#[derive(Debug, thiserror::Error)]
pub enum NoCopy {
    #[error("the policies don't know the sender")]
    UnknownSender,
    #[error("the message was never classified")]
    Unclassified,
    /// RFC 8058: marketing never leaves without its links; nor what is to be confirmed without its own.
    #[error("the recipient has no record that a link could name")]
    NoSubscriber,
    #[error("the stored message can't be read: {0}")]
    Unparsable(#[from] Unparsable),
    #[error(transparent)]
    Unsigned(#[from] SignError),
    /// The upstream can't carry it: for `response` to sort.
    #[error("{0}")]
    Unfit(Failure),
}

/// What all copies for one connection have in common.
pub struct Making<'a> {
    pub hostname: &'a str,
    pub public_url: &'a str,
    /// Where unsubscribe mail is taken, if it is.
    pub feedback_domain: Option<&'a str>,
    pub link_keys: &'a LinkKeys,
    pub signers: &'a Signers,
    pub settings: &'a Settings,
    pub capabilities: Capabilities,
    pub policy: &'a PolicySet,
    /// What the signatures say of when they were made.
    pub now: Timestamp,
}

impl Making<'_> {
    /// The copy of a claim. `person` is what the decision rested on, `verdict` what it said.
    pub fn copy(
        &self,
        claim: &Claim,
        person: Option<&Subscriber>,
        verdict: &Verdict,
    ) -> Result<Outbound, NoCopy> {
        match claim.kind {
            DeliveryKind::Dsn => self.notification(claim),
            DeliveryKind::Submitted | DeliveryKind::Own => {
                let facts = claim.facts.as_ref().ok_or(NoCopy::Unclassified)?;
                let message = RawMessage::index(claim.content.clone())?;
                let rewriting = self.rewriting(claim, &message, facts, person, verdict)?;
                let rewritten = rewrite(&message, &rewriting).map_err(|error| match error {
                    NotRewritable::SignedEightBit => NoCopy::Unfit(Failure::Unfit(Unfit::EightBit)),
                    NotRewritable::Unparsable(error) => NoCopy::Unparsable(error),
                    NotRewritable::LinksMissing => NoCopy::NoSubscriber,
                })?;
                let pair = if marketing(facts) { Pair::Required } else { Pair::NotNeeded };
                let signatures = self.sign(&facts.from_domain, &rewritten.bytes, pair)?;
                let body = if rewritten.eight_bit { Body::EightBit } else { Body::SevenBit };
                let submitted = claim.kind == DeliveryKind::Submitted;
                let tracked = submitted.then(|| tracked(verdict, rewritten.taken_out));
                Ok(Outbound { signatures, copy: rewritten.bytes, body, tracked })
            }
        }
    }

    /// Our own notification leaves as it was composed: nothing in it is a placeholder, whatever the
    /// original's header says.
    fn notification(&self, claim: &Claim) -> Result<Outbound, NoCopy> {
        let mut copy = received(self.hostname, claim).into_bytes();
        copy.extend_from_slice(&claim.content);
        let body = if copy.is_ascii() { Body::SevenBit } else { Body::EightBit };
        let signatures = self.sign(self.hostname, &copy, Pair::NotNeeded)?;
        Ok(Outbound { signatures, copy, body, tracked: None })
    }

    fn rewriting(
        &self,
        claim: &Claim,
        message: &RawMessage,
        facts: &Facts,
        person: Option<&Subscriber>,
        verdict: &Verdict,
    ) -> Result<Rewriting, NoCopy> {
        let sender = self.policy.sender(&claim.sender).ok_or(NoCopy::UnknownSender)?;
        Ok(Rewriting {
            stream: facts.stream,
            links: self.links(claim, facts, person)?,
            language: spoken(sender, person, facts),
            footer_text: footer_text(sender, person, facts),
            sender_name: sender.name.clone(),
            postal_address: sender.postal_address.clone(),
            demands: demands(self.policy, sender, verdict),
            clipped_footer: sender.stream(Stream::Marketing).clipped_footer,
            list_id: marketing(facts).then(|| list_id(sender, facts)),
            feedback_id: marketing(facts).then(|| feedback_id(facts)),
            received: received(self.hostname, claim),
            date: date(claim.received_at),
            message_id: format!("{}@{}", claim.message, self.hostname),
            extra_headers: self.settings.kind.headers(&self.settings.headers, message, claim.fence.delivery),
            withheld: self.settings.kind.withheld(),
            dialects: self.dialects(claim.kind),
            tracking: match tracking(verdict) {
                Tracking::Kept => rewrite::Tracking::Leave,
                // We put none in.
                Tracking::TakenOut if claim.kind == DeliveryKind::Own => rewrite::Tracking::Leave,
                Tracking::TakenOut => rewrite::Tracking::TakeOut(sender.trackers.clone()),
            },
            sender_mailto: sender.stream(facts.stream).sender_mailto,
            eight_bit: match self.capabilities.eight_bit_mime {
                Offer::Offered => EightBit::AsIs,
                Offer::Lacking => EightBit::Encode,
            },
        })
    }

    /// The signed links of one copy: none to a person without a record, which only marketing must have, and mail that
    /// is to be confirmed by one.
    fn links(
        &self,
        claim: &Claim,
        facts: &Facts,
        person: Option<&Subscriber>,
    ) -> Result<Option<Links>, NoCopy> {
        let (keys, public_url) = (self.link_keys, self.public_url);
        let confirms = facts.confirm_link == ConfirmLink::Present;
        if let (DeliveryKind::Own, Stream::Functional, Some(about)) =
            (claim.kind, facts.stream, claim.subscriber)
        {
            return Ok(Some(links_to_data(keys, public_url, claim, about, person)));
        }
        let Some(person) = person else {
            return if marketing(facts) || confirms { Err(NoCopy::NoSubscriber) } else { Ok(None) };
        };
        let token = |purpose| {
            let link = Link {
                purpose,
                subscriber: person.id,
                scope: facts.scope.clone(),
                delivery: claim.fence.delivery,
            };
            seal(keys, &link)
        };
        Ok(Some(Links {
            unsubscribe: format!("{public_url}/u/{}", token(Purpose::Unsubscribe)),
            preferences: format!("{public_url}/p/{}", token(Purpose::Preferences)),
            confirm: confirms.then(|| format!("{public_url}/c/{}", token(Purpose::Confirm))),
            data: None,
            mailto: self.feedback_domain.map(|domain| {
                let token = seal_unsubscribe(keys, person.id, facts.scope.as_ref());
                format!("{TO_UNSUBSCRIBE}{token}@{domain}?subject=unsubscribe")
            }),
        }))
    }

    /// Mail of ours has our own placeholders, and quotes what others wrote.
    fn dialects(&self, kind: DeliveryKind) -> Arc<Dialects> {
        match kind {
            DeliveryKind::Own => Arc::default(),
            DeliveryKind::Submitted | DeliveryKind::Dsn => self.policy.dialects.clone(),
        }
    }

    /// None where the provider signs for the From domain.
    fn sign(&self, domain: &str, copy: &[u8], pair: Pair) -> Result<Vec<u8>, SignError> {
        if self.settings.signs {
            return Ok(Vec::new());
        }
        self.signers.sign(domain, copy, pair, &self.settings.kind.handling(), self.now)
    }
}

/// What the verdict made of tracking. A verdict that says nothing of it is none that lets it stay (invariant 4).
fn tracking(verdict: &Verdict) -> Tracking {
    verdict.tracking.as_ref().map_or(Tracking::TakenOut, |own| own.tracking)
}

fn tracked(verdict: &Verdict, taken_out: TakenOut) -> Tracked {
    let TakenOut { pixels, links, opaque_links } = taken_out;
    Tracked { tracking: tracking(verdict), pixels, links, opaque: opaque_links }
}

fn marketing(facts: &Facts) -> bool {
    facts.stream == Stream::Marketing
}

/// Of a letter about a person's data. Whoever has the person's address sees it all; whoever has another may only say that
/// it is to be the person's.
fn links_to_data(
    keys: &LinkKeys,
    public_url: &str,
    claim: &Claim,
    about: Uuid,
    person: Option<&Subscriber>,
) -> Links {
    let token = |purpose| {
        seal(keys, &Link { purpose, subscriber: about, scope: None, delivery: claim.fence.delivery })
    };
    let own = person.is_some_and(|person| person.id == about);
    let purpose = if own { Purpose::Data } else { Purpose::Address };
    Links {
        unsubscribe: format!("{public_url}/u/{}", token(Purpose::Unsubscribe)),
        preferences: format!("{public_url}/p/{}", token(Purpose::Preferences)),
        confirm: None,
        data: Some(format!("{public_url}/d/{}", token(purpose))),
        mailto: None,
    }
}

/// In the language of the footer's other words, where the sender has it in that one.
fn footer_text(sender: &SenderPolicy, person: Option<&Subscriber>, facts: &Facts) -> Option<OwnText> {
    let own = sender.in_language(&sender.texts.footer, spoken(sender, person, facts));
    own.map(|(language, text)| OwnText { language: language.to_owned(), text: text.to_owned() })
}

/// The person's language, else the one that the message is written in, else the sender's.
fn spoken(sender: &SenderPolicy, person: Option<&Subscriber>, facts: &Facts) -> &'static str {
    let own = person.and_then(|person| person.state.locale.as_deref()).and_then(language::known);
    let default = language::serving(&sender.default_locale);
    own.unwrap_or_else(|| language::of_a_footer(facts.language.as_deref(), default))
}

/// What the pack that judged asks; a pack that is gone may have asked for an address.
fn demands(policy: &PolicySet, sender: &SenderPolicy, verdict: &Verdict) -> Demands {
    let pack = verdict.jurisdiction.as_deref().and_then(|id| policy.jurisdictions.get(id));
    let Some(content) = pack.map(|pack| pack.content) else {
        return Demands { postal_address: true, ..Demands::default() };
    };
    Demands {
        postal_address: content.postal_address,
        advertising_label: content.advertising_label,
        privacy_notice: sender.privacy_notice.clone().filter(|_| content.privacy_notice),
    }
}

/// Names the sender where one click leaves all of its marketing, else the scope. RFC 2919.
fn list_id(sender: &SenderPolicy, facts: &Facts) -> String {
    let domain = &facts.from_domain;
    match (sender.stream(Stream::Marketing).one_click, &facts.scope) {
        (OneClick::Scope, Some(scope)) => format!("{scope}.{}.{domain}", sender.id),
        (OneClick::All, _) | (OneClick::Scope, None) => format!("{}.{domain}", sender.id),
    }
}

/// `campaign:scope:stream:sender`. Invariant 11: a campaign's name is the tool's, so an address in it is
/// redacted, and nothing but plain letters is kept.
fn feedback_id(facts: &Facts) -> String {
    let plain = |text: &str| -> String {
        let kept = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        redact(text).chars().take(MAX_FEEDBACK_PART).map(|own| if kept(own) { own } else { '_' }).collect()
    };
    let campaign = facts.campaign.as_deref().map(plain).unwrap_or_default();
    let scope = facts.scope.as_ref().map(|scope| plain(scope.as_str())).unwrap_or_default();
    format!("{campaign}:{scope}:{}:{}", facts.stream, plain(&facts.sender))
}

/// RFC 5321, 4.4, without a `for` clause: one recipient's address is nobody else's business.
fn received(hostname: &str, claim: &Claim) -> String {
    let from = match claim.trace.peer {
        Some(std::net::IpAddr::V4(peer)) => format!("from {} ([{peer}])\r\n\t", claim.trace.helo),
        Some(std::net::IpAddr::V6(peer)) => format!("from {} ([IPv6:{peer}])\r\n\t", claim.trace.helo),
        None => String::new(),
    };
    format!(
        "Received: {from}by {hostname} (optgate) with {}\r\n\tid {}; {}\r\n",
        claim.trace.protocol,
        claim.message,
        date(claim.received_at)
    )
}

/// RFC 5322, 3.3.
fn date(at: Timestamp) -> String {
    jiff::fmt::rfc2822::to_string(&at.to_zoned(TimeZone::UTC)).unwrap_or_default()
}

#[cfg(test)]
#[path = "outbound/tests.rs"]
mod tests;
