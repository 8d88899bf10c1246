//! What a copy would be made of for nobody in particular: `optgate lint` shows a designer what would leave. Its links
//! are examples that lead nowhere.

use super::{EightBit, Links, Rewriting, demands, feedback_id, footer_text, list_id, marketing, spoken};
use crate::policy::facts::ConfirmLink;
use crate::policy::sender::SenderPolicy;
use crate::policy::{Facts, PolicySet, Stream, Verdict};
use crate::rewrite::Tracking;

const EXAMPLE: &str = "https://mail.example.com";

/// Nobody in particular has consented.
fn tracking(policy: &PolicySet, sender: &SenderPolicy, verdict: &Verdict) -> Tracking {
    let pack = verdict.jurisdiction.as_deref().and_then(|id| policy.jurisdictions.get(id));
    match pack {
        Some(pack) if !pack.tracking.consent => Tracking::Leave,
        Some(_) | None => Tracking::TakeOut(sender.trackers.clone()),
    }
}

/// As for a person of whom nothing is known but what the verdict says; `None` where no policy has the sender.
pub fn sample(policy: &PolicySet, facts: &Facts, verdict: &Verdict) -> Option<Rewriting> {
    let sender = policy.sender(&facts.sender)?;
    let confirms = facts.confirm_link == ConfirmLink::Present;
    let link = |route: char| format!("{EXAMPLE}/{route}/EXAMPLE");
    Some(Rewriting {
        stream: facts.stream,
        links: Some(Links {
            unsubscribe: link('u'),
            preferences: link('p'),
            confirm: confirms.then(|| link('c')),
            data: None,
            mailto: None,
        }),
        language: spoken(sender, None, facts),
        footer_text: footer_text(sender, None, facts),
        sender_name: sender.name.clone(),
        postal_address: sender.postal_address.clone(),
        demands: demands(policy, sender, verdict),
        clipped_footer: sender.stream(Stream::Marketing).clipped_footer,
        list_id: marketing(facts).then(|| list_id(sender, facts)),
        feedback_id: marketing(facts).then(|| feedback_id(facts)),
        received: "Received: by mail.example.com (optgate) with ESMTPSA id EXAMPLE\r\n".to_owned(),
        date: "Thu, 1 Jan 1970 00:00:00 +0000".to_owned(),
        message_id: "EXAMPLE@mail.example.com".to_owned(),
        extra_headers: Vec::new(),
        withheld: None,
        dialects: policy.dialects.clone(),
        tracking: tracking(policy, sender, verdict),
        sender_mailto: sender.stream(facts.stream).sender_mailto,
        eight_bit: EightBit::AsIs,
    })
}
