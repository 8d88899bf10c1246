//! What a sender's file and the packs demand of each other.

use std::collections::BTreeMap;

use super::UNKNOWN;
use super::sender::ReadSender;
use crate::policy::jurisdiction::{Acquaintance, Jurisdiction};
use crate::policy::sender::SenderPolicy;
use crate::toml_file::nearest::nearest;
use crate::toml_file::{Given, Severity, Source};

/// The packs that a sender's file may name.
pub struct Packs<'p> {
    /// Those too that could not be folded, since a base of theirs is missing.
    pub ids: Vec<&'p str>,
    pub folded: &'p BTreeMap<String, Jurisdiction>,
    pub known: Known,
}

/// Whether all packs could be read: one that could not may be the one that is missed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Known {
    All,
    NotAll,
}

/// Tells what is wrong with a sender where these packs are.
pub fn check(source: &Source<'_>, read: &ReadSender, packs: &Packs<'_>) {
    if let Some(default) = &read.default_jurisdiction {
        default_pack(source, default, packs);
    }
    demanded(source, read, packs);
    ends_of_nothing(source, &read.policy, packs);
}

fn default_pack(source: &Source<'_>, default: &Given<String>, packs: &Packs<'_>) {
    let id = default.value.as_str();
    if let Some(pack) = packs.folded.get(id) {
        if pack.countries.is_empty() && id != UNKNOWN {
            let message = format!(
                "`{id}` has no `countries`: it is a base to extend, and may ask for less than the law of each place; \
                 name the pack of the place where most of these people live"
            );
            source.warning(&default.span, message);
        }
    } else if packs.known == Known::All && !packs.ids.contains(&id) {
        let message = format!("there is no pack `{id}` in jurisdictions/{}", instead(id, packs));
        source.error(&default.span, message);
    }
}

/// What may have been meant by a code that is no pack's.
fn instead(code: &str, packs: &Packs<'_>) -> String {
    let ids = || packs.ids.iter().copied();
    let judges = |pack: &&Jurisdiction| pack.countries.iter().any(|own| own.eq_ignore_ascii_case(code));
    if let Some(id) = ids().find(|id| id.eq_ignore_ascii_case(code)) {
        return format!("; did you mean `{id}`?");
    }
    if let Some(pack) = packs.folded.values().find(judges) {
        return format!("; did you mean `{}`, which judges {}?", pack.id, code.to_ascii_uppercase());
    }
    match nearest(code, ids()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!(": there are {}", ids().collect::<Vec<_>>().join(", ")),
    }
}

/// What the pack of a sender's people asks of the sender's file.
fn demanded(source: &Source<'_>, read: &ReadSender, packs: &Packs<'_>) {
    let sender = &read.policy;
    let id = sender.default_jurisdiction.as_deref().unwrap_or(UNKNOWN);
    let Some(pack) = packs.folded.get(id) else { return };
    for (key, asked, given) in [
        ("postal_address", pack.content.postal_address, &sender.postal_address),
        ("privacy_notice", pack.content.privacy_notice, &sender.privacy_notice),
    ] {
        if asked && given.is_none() {
            let message = format!("`{key}` is missing, and `{id}` asks for it: marketing is refused");
            source.warning(&read.id.span, message);
        }
    }
}

/// An end of what no pack takes.
fn ends_of_nothing(source: &Source<'_>, sender: &SenderPolicy, packs: &Packs<'_>) {
    let taken = |how: &Acquaintance| packs.folded.values().any(|pack| pack.soft_opt_in.from.contains(how));
    for how in sender.expires.months.keys().filter(|how| packs.known == Known::All && !taken(how)) {
        let message =
            format!("no pack takes `{}` for a soft opt-in, so there is nothing to end", how.as_str());
        source.tell_of_line(Severity::Warning, sender.expires.rule.line, message);
    }
}
