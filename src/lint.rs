//! A message → what its content has wrong: merge fields that nobody filled, and what mailbox providers refuse or hide.
//! Pure, and one pass over each text that is shown; what becomes of a finding is for `policy` to say.
//!
//! It reads what a reader would: the fields of the header that are shown, the text leaves with transfer encoding and
//! charset undone. Attachments, nested messages and what is signed or encrypted are not opened. It changes nothing
//! and refuses nothing.

mod content;
mod document;
mod header;
mod home;
mod link;
mod merge_field;
mod salutation;

use serde::Serialize;

use crate::classify::author;
use crate::mail::redaction::redact;
use crate::policy::Stream;
use crate::policy::dialect::Dialects;
use crate::policy::facts::BodySeal;
use crate::policy::finding::{FindingName, Found};
use crate::rewrite::{Filling, FooterRoom, Opened, TakenOut, Tracked};
pub use home::Home;
use merge_field::letters::start_of;

/// The most that are told of one message.
const MOST: usize = 200;
/// The most of one name.
const MOST_OF_A_NAME: usize = 10;
/// The longest excerpt, in octets.
const EXCERPT: usize = 80;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub name: FindingName,
    /// `subject`, `text part 2`, `html part 3`.
    pub place: String,
    /// From 1: of a field in the file, of a text in the part as it is decoded. 0 where it has no line.
    pub line: usize,
    /// From 1, in characters; 0 where it has none.
    pub column: usize,
    /// What stands there, on one line; empty where nothing does.
    pub excerpt: String,
}

/// All that is wrong, in the order of the message.
pub fn look(
    opened: &Opened<'_>,
    stream: Stream,
    dialects: &Dialects,
    tracked: &Tracked,
    home: &Home,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    header::look(opened.message(), &mut findings);
    let shown = opened.shown(Some(Filling { stream, dialects }));
    content::look(&shown, stream, &mut findings);
    home.look(author(opened.message()).as_deref(), &shown, stream, &mut findings);
    let why = match shown.footer {
        FooterRoom::Sealed => Some("signed or encrypted"),
        FooterRoom::Nowhere => Some("no text that is shown"),
        FooterRoom::There => None,
    };
    if let Some(why) = why.filter(|_| stream == Stream::Marketing) {
        findings.add(FindingName::FooterImpossible, "body", None, why);
    }
    trackers(tracked, &mut findings);
    findings.all
}

/// What `tracked` says that somebody should know of before the campaign.
fn trackers(tracked: &Tracked, findings: &mut Findings) {
    for (name, hosts) in [
        (FindingName::OpaqueTrackedLink, &tracked.opaque_hosts),
        (FindingName::UnknownPixelHost, &tracked.unknown_pixel_hosts),
    ] {
        hosts.iter().for_each(|host| findings.add(name, "body", None, host));
    }
    if tracked.seal == BodySeal::Sealed && tracked.tracks() {
        let TakenOut { pixels, links, opaque_links } = tracked.would;
        let counted = format!("{pixels} pixels, {} tracked links", links.saturating_add(opaque_links));
        findings.add(FindingName::SealedTracker, "body", None, &counted);
    }
}

/// The first of each name, as it is kept with the message's facts: nothing that tells one recipient's copy from
/// another's.
pub fn found(
    opened: &Opened<'_>,
    stream: Stream,
    dialects: &Dialects,
    tracked: &Tracked,
    home: &Home,
) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for finding in look(opened, stream, dialects, tracked, home) {
        if found.iter().any(|own| own.name == finding.name) {
            continue;
        }
        // Invariant 12: facts are kept in clear and for ever. A field has a name of the template's; what merely looks
        // like one may be somebody's own.
        let told = finding.name == FindingName::MergeFieldLeak;
        let detail = told.then(|| format!("{} in {}", redact(&finding.excerpt), finding.place));
        found.push(Found { name: finding.name, detail });
    }
    found.sort_by_key(|own| own.name);
    found
}

/// What is gathered on the way.
#[derive(Default)]
struct Findings {
    all: Vec<Finding>,
}

/// A text that is looked at, and an offset in it.
type At<'a> = (&'a str, usize);

impl Findings {
    fn add(&mut self, name: FindingName, place: &str, at: Option<At<'_>>, excerpt: &str) {
        let same = self.all.iter().filter(|own| own.name == name).count();
        if self.all.len() >= MOST || same >= MOST_OF_A_NAME {
            return;
        }
        let (line, column) = at.map_or((0, 0), |(text, at)| line_and_column(text, at));
        // It goes into replies and onto terminals.
        let of_a_line = |character: char| character.is_whitespace() || character.is_control();
        let words = excerpt.split(of_a_line).filter(|word| !word.is_empty());
        let excerpt = words.collect::<Vec<_>>().join(" ");
        let cut = start_of(&excerpt, EXCERPT);
        let excerpt = if cut.len() < excerpt.len() { format!("{cut}…") } else { excerpt };
        self.all.push(Finding { name, place: place.to_owned(), line, column, excerpt });
    }
}

/// From 1. At most as often as there are findings, so that all of it stays linear.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = start_of(text, at);
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests;
