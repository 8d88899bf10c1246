//! The files of `policies/`, embedded in the binary.

use std::collections::BTreeSet;

use super::NamedText;
use crate::policy::UNKNOWN;

/// Marks the name of a shipped pack that was lent to a folder.
pub const PREFIX: &str = "shipped:";

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../policies/", $name)))),*]
    };
}

const FILES: &[(&str, &str)] = embedded![
    "cases/au.toml",
    "cases/blocks.toml",
    "cases/ca.toml",
    "cases/confirmation.toml",
    "cases/de.toml",
    "cases/eu.toml",
    "cases/fr.toml",
    "cases/it.toml",
    "cases/jurisdiction.toml",
    "cases/nl.toml",
    "cases/own-choices.toml",
    "cases/own-end.toml",
    "cases/se.toml",
    "cases/senders/example-club.toml",
    "cases/similar-goods.toml",
    "cases/spacing.toml",
    "cases/streams.toml",
    "cases/tracking.toml",
    "cases/uk.toml",
    "cases/us.toml",
    "cases/withdrawal.toml",
    "dialects.toml",
    "jurisdictions/au.toml",
    "jurisdictions/ca.toml",
    "jurisdictions/de.toml",
    "jurisdictions/eu.toml",
    "jurisdictions/fr.toml",
    "jurisdictions/it.toml",
    "jurisdictions/nl.toml",
    "jurisdictions/se.toml",
    "jurisdictions/uk.toml",
    "jurisdictions/unknown.toml",
    "jurisdictions/us.toml",
    "senders/demo-shop.toml",
    "shaping.toml",
    "shaping/bounces.toml",
    "tracking.toml",
];

/// The shipped jurisdiction packs, demo sender, shaping and cases, embedded in the binary.
pub fn shipped() -> Vec<NamedText> {
    FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// Whether a file is the shipped one of that name.
pub fn is_unchanged(files: &[NamedText], name: &str) -> bool {
    let own = files.iter().find(|(own, _)| own == name).map(|(_, text)| text.as_str());
    let original = FILES.iter().find(|(own, _)| *own == name).map(|(_, text)| *text);
    own.is_some() && own == original
}

/// The shipped packs that these files refer to and lack, with the bases of those packs.
pub fn lent_to(files: &[NamedText]) -> Vec<NamedText> {
    let mut own = BTreeSet::new();
    let mut wanted = BTreeSet::from([UNKNOWN.to_owned()]);
    for (name, text) in files {
        look_into(name, text, &mut own, &mut wanted);
    }
    let mut lent = Vec::new();
    while let Some(id) = wanted.pop_first() {
        let file = format!("jurisdictions/{id}.toml");
        if let Some((name, text)) = FILES.iter().find(|(name, _)| *name == file)
            && !own.contains(&id)
        {
            look_into(name, text, &mut own, &mut wanted);
            lent.push((format!("{PREFIX}{name}"), (*text).to_owned()));
        }
    }
    lent
}

/// Which pack a file is, and which ones it refers to. Mistakes are told elsewhere.
fn look_into(name: &str, text: &str, own: &mut BTreeSet<String>, wanted: &mut BTreeSet<String>) {
    let Ok(table) = text.parse::<toml::Table>() else { return };
    let named = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    if name.starts_with("jurisdictions/") {
        own.extend(named("id"));
        wanted.extend(named("extends"));
    } else if name.starts_with("senders/") {
        wanted.extend(named("default_jurisdiction"));
    }
}
