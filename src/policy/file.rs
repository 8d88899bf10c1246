//! Policy files → `PolicySet`, with the file and line of every mistake. The only part of `policy` that
//! reads files. A file's place in the folder says what it is; nothing is guessed from its content.

pub mod case;
mod coverage;
mod folder;
mod jurisdiction;
mod later;
mod review;
mod schema;
mod sender;
mod shaping;
mod shipped;
mod spacing;
mod value;

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::case::Case;
use super::jurisdiction::Jurisdiction;
use super::sender::SenderPolicy;
use super::{PolicySet, UNKNOWN};
use crate::toml_file::nearest::hint;
use crate::toml_file::{Given, Source, Table, document, sorted, whole_file};
use jurisdiction::ReadPack;
use sender::ReadSender;
use shaping::ReadShaping;

pub use crate::toml_file::{Mistake, Severity};
pub use case::cases;
pub use coverage::untouched;
pub use review::reviews;
pub use schema::Kind;
pub use shipped::shipped;

/// One file's name, relative to the policy folder with `/`, and text.
pub type NamedText = (String, String);

/// A checked set, and what is worth a warning in it; or all mistakes at once.
pub type Loaded = Result<(PolicySet, Vec<Mistake>), Vec<Mistake>>;

/// Reads and checks a policy folder.
pub fn load(folder: &Path) -> Loaded {
    Folder::read(folder).check()
}

/// A policy folder's files as they were in one moment, unchecked.
pub struct Folder {
    files: Vec<NamedText>,
    /// What could not be read.
    unread: Vec<Mistake>,
}

/// Whether a file bears on decisions, or is a test of those that do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deciding {
    Yes,
    No,
}

impl Folder {
    pub fn read(folder: &Path) -> Self {
        let (files, unread) = folder::read(folder);
        Self { files, unread }
    }

    /// The files as they are, by name.
    pub fn files(&self) -> &[NamedText] {
        &self.files
    }

    /// The set that the files make. Cases decide nothing and are left out: `cases` reads them.
    pub fn check(&self) -> Loaded {
        let unread: Vec<Mistake> = self.unread(Deciding::Yes).collect();
        match parse(&self.files) {
            checked if unread.is_empty() => checked,
            Ok((_, mistakes)) | Err(mistakes) => Err(sorted(unread.into_iter().chain(mistakes))),
        }
    }

    /// The folder's cases, and what is wrong with them. Without a set of the folder's policies (they have mistakes of
    /// their own) only what a file says by itself is looked at, and there is no case to run.
    pub fn cases(&self, policy: Option<&PolicySet>) -> (Vec<Case>, Vec<Mistake>) {
        let (cases, mistakes) = case::cases(&self.files, policy);
        (cases, sorted(self.unread(Deciding::No).chain(mistakes)))
    }

    fn unread(&self, deciding: Deciding) -> impl Iterator<Item = Mistake> {
        let holds_cases = |mistake: &Mistake| case::holds_cases(&mistake.file.to_string_lossy());
        self.unread.iter().filter(move |own| holds_cases(own) == (deciding == Deciding::No)).cloned()
    }

    /// The same for the same names and texts, whether they can be used or not. Cases change nothing.
    pub fn hash(&self) -> String {
        let unread = self.unread(Deciding::Yes).map(|mistake| (String::new(), mistake.rendered.clone()));
        let files = self.files.iter().filter(|(name, _)| !case::holds_cases(name)).cloned();
        let all: Vec<NamedText> = files.chain(unread).collect();
        hash(&all.iter().collect::<Vec<_>>())
    }
}

/// Checks texts that are in hand already; cases among them are left out.
///
/// A pack that files refer to and that is not among them is taken from the shipped ones, with a warning;
/// the hash tells of it as of any other.
pub fn parse(files: &[NamedText]) -> Loaded {
    let lent = shipped::lent_to(files);
    let deciding = files.iter().filter(|(name, _)| !case::holds_cases(name));
    let mut all: Vec<&NamedText> = deciding.chain(&lent).collect();
    all.sort();
    let Assembled { set, mut mistakes, whole } = assemble(&all);
    mistakes.retain(|mistake| mistake.severity == Severity::Error || !is_as_shipped(files, mistake));
    if whole {
        mistakes.extend(lent.iter().map(|(name, _)| lent_warning(name)));
        if set.senders.is_empty() {
            let message = "there is no sender, so nobody may send".to_owned();
            mistakes.push(whole_file("senders", Severity::Warning, message));
        }
    }
    let mistakes = sorted(mistakes);
    if mistakes.iter().any(|mistake| mistake.severity == Severity::Error) {
        return Err(mistakes);
    }
    Ok((set, mistakes))
}

/// A set that was in force once, of its files as they were kept, and what this version finds wrong in them: it may
/// know more keys, or ask more of a value, than the version that they were written for. What it can't read is left out.
pub fn recall(files: &[NamedText]) -> (PolicySet, Vec<Mistake>) {
    let mut all: Vec<&NamedText> = files.iter().filter(|(name, _)| !case::holds_cases(name)).collect();
    all.sort();
    let Assembled { set, mistakes, .. } = assemble(&all);
    (set, sorted(mistakes.into_iter().filter(|mistake| mistake.severity == Severity::Error)))
}

/// What files make, whatever is wrong in them.
struct Assembled {
    set: PolicySet,
    mistakes: Vec<Mistake>,
    /// Whether each of them is TOML.
    whole: bool,
}

fn assemble(all: &[&NamedText]) -> Assembled {
    let sources: Vec<Source<'_>> = all.iter().map(|(name, text)| Source::new(name, text)).collect();
    let documents: Vec<_> = sources.iter().map(|source| document(source)).collect();
    let mut read = Read::default();
    for ((source, document), (name, _)) in sources.iter().zip(&documents).zip(all) {
        if !source.is_closed() {
            read.file(name, source, Table::new(source, source.beginning(), document.get_ref()));
        }
    }
    let whole = !sources.iter().any(Source::is_closed);
    if !whole {
        // What others say of a file that is no TOML would only lead astray.
        sources.iter().for_each(Source::close);
    }
    let (senders, jurisdictions) = read.link();
    let shaping = read.shaping.shaping;
    let files = all.iter().map(|file| (*file).clone()).collect();
    let set = PolicySet { hash: hash(all).into(), senders, jurisdictions, shaping, files };
    Assembled { set, mistakes: sources.into_iter().flat_map(Source::into_mistakes).collect(), whole }
}

/// Whether a mistake is of a pack that is as it was shipped: what such a pack says that isn't in force yet stands in
/// the guide, and is no news to who left it so.
fn is_as_shipped(files: &[NamedText], mistake: &Mistake) -> bool {
    let name = mistake.file.to_string_lossy();
    name.starts_with(shipped::PREFIX)
        || name.starts_with("jurisdictions/") && shipped::is_unchanged(files, &name)
}

fn lent_warning(name: &str) -> Mistake {
    let message = "the folder lacks this pack, which its files rest on: the shipped one is used".to_owned();
    whole_file(name.trim_start_matches(shipped::PREFIX), Severity::Warning, message)
}

fn hash(files: &[&NamedText]) -> String {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    data_encoding::HEXLOWER.encode(&hash.finalize())
}

/// What the files say, before references between them are checked.
#[derive(Default)]
struct Read<'s> {
    senders: BTreeMap<String, (&'s Source<'s>, ReadSender)>,
    packs: BTreeMap<String, (&'s Source<'s>, ReadPack)>,
    shaping: ReadShaping<'s>,
}

impl<'s> Read<'s> {
    fn file(&mut self, name: &str, source: &'s Source<'s>, table: Table<'s>) {
        let place = name.trim_start_matches(shipped::PREFIX).split('/').next().unwrap_or_default();
        match place {
            "senders" => {
                if let Some(read) = sender::read(table) {
                    let (id, first) = (read.id.clone(), self.senders.get(&read.id.value));
                    told_once(source, &id, first.map(|(_, first)| &first.id));
                    self.senders.entry(id.value).or_insert((source, read));
                }
            }
            "jurisdictions" => {
                if let Some(read) = jurisdiction::read(table) {
                    let (id, first) = (read.id.clone(), self.packs.get(&read.id.value));
                    told_once(source, &id, first.map(|(_, first)| &first.id));
                    self.packs.entry(id.value).or_insert((source, read));
                }
            }
            "shaping" | "shaping.toml" => self.shaping.read(table),
            "dialects" | "dialects.toml" => later::dialects(table),
            _ => source.error_of_file(
                "a policy file lies in senders/, jurisdictions/, shaping/ or cases/, or is shaping.toml or dialects.toml",
            ),
        }
    }

    /// Folds bases in and checks what one file says of another.
    fn link(&mut self) -> (BTreeMap<String, SenderPolicy>, BTreeMap<String, Jurisdiction>) {
        let jurisdictions = jurisdiction::resolve(&self.packs);
        self.shaping.references(self.senders.keys().map(String::as_str));
        let mut senders = BTreeMap::new();
        for (id, (source, read)) in std::mem::take(&mut self.senders) {
            if let Some(default) = &read.default_jurisdiction
                && !self.packs.contains_key(&default.value)
            {
                let hint = hint(&default.value, self.packs.keys().map(String::as_str));
                let message = format!("there is no pack `{}` in jurisdictions/{hint}", default.value);
                source.error(&default.span, message);
            }
            demanded(source, &read, &jurisdictions);
            senders.insert(id, read.policy);
        }
        (senders, jurisdictions)
    }
}

/// What the pack of a sender's people asks of the sender's file.
fn demanded(source: &Source<'_>, read: &ReadSender, jurisdictions: &BTreeMap<String, Jurisdiction>) {
    let sender = &read.policy;
    let id = sender.default_jurisdiction.as_deref().unwrap_or(UNKNOWN);
    let Some(pack) = jurisdictions.get(id) else { return };
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

fn told_once(source: &Source<'_>, id: &Given<String>, first: Option<&Given<String>>) {
    if let Some(first) = first {
        let place = &first.rule;
        source.error(
            &id.span,
            format!("the id `{}` stands at {}:{} already", id.value, place.file, place.line),
        );
    }
}

#[cfg(test)]
mod tests;
