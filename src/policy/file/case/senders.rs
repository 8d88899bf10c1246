//! `cases/senders/*.toml`: senders that only cases know, for rules that no sender of the folder uses. They are read as
//! any sender's file is; no mail is ever sent in their name.

use super::super::link::{self, Known, Packs};
use super::super::{NamedText, sender};
use crate::policy::PolicySet;
use crate::toml_file::{Mistake, Source, Table, document};

/// The set with these senders beside its own, and what is wrong with them.
pub fn added(files: &[&NamedText], policy: Option<&PolicySet>) -> (Option<PolicySet>, Vec<Mistake>) {
    let mut policy = policy.cloned();
    let mut mistakes = Vec::new();
    for (name, text) in files {
        let source = Source::new(name, text);
        let document = document(&source);
        let read = (!source.is_closed())
            .then(|| sender::read(Table::new(&source, source.beginning(), document.get_ref())))
            .flatten();
        if let Some((read, policy)) = read.zip(policy.as_mut()) {
            add(&source, read, policy);
        }
        drop(document);
        mistakes.extend(source.into_mistakes());
    }
    (policy, mistakes)
}

fn add(source: &Source<'_>, read: sender::ReadSender, policy: &mut PolicySet) {
    if let Some(first) = policy.senders.get(&read.policy.id) {
        let place = &first.rule;
        let message = format!("the id `{}` stands at {}:{} already", first.id, place.file, place.line);
        return source.error(&read.id.span, message);
    }
    let packs = Packs {
        ids: policy.jurisdictions.keys().map(String::as_str).collect(),
        folded: &policy.jurisdictions,
        known: Known::All,
    };
    link::check(source, &read, &packs);
    policy.senders.insert(read.policy.id.clone(), read.policy);
}
