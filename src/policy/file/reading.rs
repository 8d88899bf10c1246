//! What the files say, each in its place, and then what they say of each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dialects::{self, ReadDialects};
use super::jurisdiction::{self, ReadPack};
use super::link::{self, Known, Packs};
use super::sender::{self, ReadSender};
use super::shaping::ReadShaping;
use super::tracking::ReadTracking;
use super::{Kind, Mistake, NamedText, Severity, Unread};
use crate::policy::PolicySet;
use crate::policy::tracking::Trackers;
use crate::toml_file::{Given, Source, Table, whole_file};

const PLACES: &str = "a policy file lies in senders/, jurisdictions/, shaping/ or cases/, or is shaping.toml, \
                      dialects.toml or tracking.toml";

/// What the files say, before references between them are checked.
#[derive(Default)]
pub struct Reading<'s> {
    senders: BTreeMap<String, (&'s Source<'s>, ReadSender)>,
    packs: BTreeMap<String, (&'s Source<'s>, ReadPack)>,
    shaping: ReadShaping<'s>,
    dialects: ReadDialects,
    tracking: ReadTracking,
    /// Policy folders that lie in this one, each told once.
    pub nested: Vec<Mistake>,
    nested_names: BTreeSet<String>,
}

impl<'s> Reading<'s> {
    pub fn file(&mut self, name: &str, source: &'s Source<'s>, table: Table<'s>) {
        match Kind::of(name) {
            Some(Kind::Sender) => {
                if let Some(read) = sender::read(table) {
                    let (id, first) = (read.id.clone(), self.senders.get(&read.id.value));
                    told_once(source, &id, first.map(|(_, first)| &first.id));
                    self.senders.entry(id.value).or_insert((source, read));
                }
            }
            Some(Kind::Jurisdiction) => {
                if let Some(read) = jurisdiction::read(table) {
                    let (id, first) = (read.id.clone(), self.packs.get(&read.id.value));
                    told_once(source, &id, first.map(|(_, first)| &first.id));
                    self.packs.entry(id.value).or_insert((source, read));
                }
            }
            Some(Kind::Shaping) => self.shaping.read(table),
            Some(Kind::Dialects) => self.dialects.read(table),
            Some(Kind::Tracking) => self.tracking.read(table),
            Some(Kind::Case) | None => match nested_in(name) {
                Some(folder) => self.nested(folder),
                None => source.error_of_file(PLACES),
            },
        }
    }

    fn nested(&mut self, folder: &str) {
        if self.nested_names.insert(folder.to_owned()) {
            let message = "a policy folder lies inside this one (a second `cp -r` into the same place does that): move \
                           it away";
            self.nested.push(whole_file(folder, Severity::Error, message.to_owned()));
        }
    }

    /// Folds bases in and checks what one file says of another.
    pub fn link(
        self,
        broken: &Unread,
        hash: Arc<str>,
        files: Arc<[NamedText]>,
        mistakes: &mut Vec<Mistake>,
    ) -> PolicySet {
        let known = |kind| if broken.contains(&kind) { Known::NotAll } else { Known::All };
        let jurisdictions = jurisdiction::resolve(&self.packs, known(Kind::Jurisdiction));
        let ids = self.senders.keys().map(String::as_str);
        self.shaping.references(ids, known(Kind::Sender), known(Kind::Shaping));
        let packs = Packs {
            ids: self.packs.keys().map(String::as_str).collect(),
            folded: &jurisdictions,
            known: known(Kind::Jurisdiction),
        };
        let dialects = self.dialects.dialects().unwrap_or_else(|error| {
            mistakes.push(whole_file("dialects.toml", Severity::Error, error));
            Default::default()
        });
        let maps: BTreeSet<Option<&str>> = dialects.maps().collect();
        let tracking = Arc::new(self.tracking.patterns());
        let mut senders = BTreeMap::new();
        for (id, (source, read)) in self.senders {
            link::check(source, &read, &packs);
            if known(Kind::Dialects) == Known::All {
                dialects::references(source, &read.dialects, &maps);
            }
            let mut policy = read.policy;
            let domains = policy.from_domains.clone();
            policy.trackers = Arc::new(Trackers::new(tracking.clone(), Arc::new(read.tracking), domains));
            senders.insert(id, policy);
        }
        let shaping = self.shaping.shaping;
        PolicySet { hash, senders, jurisdictions, shaping, dialects: Arc::new(dialects), files }
    }
}

/// The folder in which a file would have its place, if it is not this one.
fn nested_in(name: &str) -> Option<&str> {
    let mut split = name.match_indices('/').filter_map(|(at, _)| name.split_at_checked(at));
    split.find(|(_, rest)| Kind::of(rest.trim_start_matches('/')).is_some()).map(|(folder, _)| folder)
}

fn told_once(source: &Source<'_>, id: &Given<String>, first: Option<&Given<String>>) {
    if let Some(first) = first {
        let place = &first.rule;
        source.error(
            &id.span,
            format!("the id `{}` stands at {}:{} already", id.value, place.file, place.line),
        );
    }
}
