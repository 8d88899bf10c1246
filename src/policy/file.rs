//! Policy files → `PolicySet`, with the file and line of every mistake. The only part of `policy` that
//! reads files. A file's place in the folder says what it is; nothing is guessed from its content.

mod adaptive;
mod bounce;
mod brake;
pub mod case;
mod coverage;
mod dialects;
mod encoding;
mod folder;
mod jurisdiction;
mod link;
mod look;
mod reading;
mod review;
mod rights;
mod schema;
mod sender;
mod shaping;
mod shipped;
mod spacing;
mod taxonomy;
mod texts;
mod tracking;
mod value;
mod warm_up;

use std::collections::BTreeSet;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{PolicySet, UNKNOWN};
use crate::toml_file::{Source, Table, document, is_readable, sorted, whole_file};
use reading::Reading;

pub use crate::toml_file::{Mistake, Severity};
pub use case::Cases;
pub use coverage::untouched;
pub use review::{authors, reviews, shadows};
pub use schema::Kind;
pub use shipped::shipped;

/// One file's name, relative to the policy folder with `/`, and text.
pub type NamedText = (String, String);

/// A checked set, and what is worth a warning in it; or all mistakes at once.
pub type Loaded = Result<(PolicySet, Vec<Mistake>), Vec<Mistake>>;

/// Kinds of files of which one can't be read: what it may declare, nobody is told to be missing.
type Unread = BTreeSet<Kind>;

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
        match parse_beside(&self.files, &unread) {
            checked if unread.is_empty() => checked,
            Ok((_, mistakes)) | Err(mistakes) => Err(sorted(unread.into_iter().chain(mistakes))),
        }
    }

    /// The folder's cases, and what is wrong with them. Without a set of the folder's policies (they have mistakes of
    /// their own) only what a file says by itself is looked at, and there is no case to run.
    pub fn cases(&self, policy: Option<&PolicySet>) -> Cases {
        let mut cases = case::cases(&self.files, policy);
        cases.mistakes = sorted(self.unread(Deciding::No).chain(cases.mistakes));
        cases
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
    parse_beside(files, &[])
}

/// The same, where these could not be read.
fn parse_beside(files: &[NamedText], unread: &[Mistake]) -> Loaded {
    let mut broken = broken(files);
    for mistake in unread {
        match Kind::of(&mistake.file.to_string_lossy()) {
            Some(kind) => drop(broken.insert(kind)),
            // The folder itself, or one below it.
            None => broken.extend(Kind::ALL),
        }
    }
    // A pack that can't be read may be the one that others rest on.
    let lent = if broken.contains(&Kind::Jurisdiction) { Vec::new() } else { shipped::lent_to(files) };
    let deciding = files.iter().filter(|(name, _)| !case::holds_cases(name));
    let mut all: Vec<&NamedText> = deciding.chain(&lent).collect();
    all.sort();
    let Assembled { set, mut mistakes } = assemble(&all, &broken);
    mistakes.retain(|mistake| mistake.severity == Severity::Error || !is_as_shipped(files, mistake));
    mistakes.extend(lent.iter().map(|(name, _)| lent_warning(name)));
    if set.senders.is_empty() && !broken.contains(&Kind::Sender) {
        let message = "there is no sender, so nobody may send".to_owned();
        mistakes.push(whole_file("senders", Severity::Warning, message));
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
    let Assembled { set, mistakes } = assemble(&all, &broken(files));
    (set, sorted(mistakes.into_iter().filter(|mistake| mistake.severity == Severity::Error)))
}

/// The kinds of which a file is no TOML.
fn broken(files: &[NamedText]) -> Unread {
    let deciding = files.iter().filter(|(name, _)| !case::holds_cases(name));
    let broken = deciding.filter(|(_, text)| !is_readable(text));
    broken.filter_map(|(name, _)| Kind::of(name)).collect()
}

/// What files make, whatever is wrong in them.
struct Assembled {
    set: PolicySet,
    mistakes: Vec<Mistake>,
}

fn assemble(all: &[&NamedText], broken: &Unread) -> Assembled {
    let sources: Vec<Source<'_>> = all.iter().map(|(name, text)| Source::new(name, text)).collect();
    let documents: Vec<_> = sources.iter().map(|source| document(source)).collect();
    let mut reading = Reading::default();
    for ((source, document), (name, _)) in sources.iter().zip(&documents).zip(all) {
        if !source.is_closed() {
            reading.file(name, source, Table::new(source, source.beginning(), document.get_ref()));
        }
    }
    let files = all.iter().map(|file| (*file).clone()).collect();
    let mut mistakes = std::mem::take(&mut reading.nested);
    let set = reading.link(broken, hash(all).into(), files, &mut mistakes);
    mistakes.extend(sources.into_iter().flat_map(Source::into_mistakes));
    Assembled { set, mistakes }
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

#[cfg(test)]
mod tests;
