//! What tells that somebody reads a mail: pictures that nobody sees and links that count, found in the texts that are
//! shown, and taken out for whom policy says. What to look for is `policy::tracking`'s to say.
//!
//! It never touches what is signed or encrypted, an attachment, our own links, or a way out. A picture goes with its
//! element, a link changes in its address; every other octet stays.

mod css;
mod document;
mod plain;
mod shape;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::Opened;
use super::body::{self, Content};
use super::parts::{self, Part, Place};
use super::placeholders::{Insertion, Reading};
use crate::mail::RawMessage;
use crate::policy::facts::BodySeal;
use crate::policy::tracking::address::WebAddress;
use crate::policy::tracking::{Change, Trackers};

/// The most hosts of a kind that are told of one message.
pub const MOST_HOSTS: usize = 100;
/// The most that is taken out of one text.
const MOST: usize = 20_000;

/// What becomes of what tells that somebody reads the copy.
#[derive(Clone, Debug)]
pub enum Tracking {
    /// It stays as it was submitted.
    Leave,
    /// What these name goes.
    TakeOut(Arc<Trackers>),
}

/// What was taken out of one copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenOut {
    pub pixels: u32,
    /// Links that lead to their target at once, or tell the person no more.
    pub links: u32,
    /// Links through a redirect of which only its owner knows the target: they stayed.
    pub opaque_links: u32,
}

/// What of a message would be taken out of a copy, and hosts of which policy says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    pub would: TakenOut,
    /// Of a sealed body nothing is taken out.
    pub seal: BodySeal,
    /// Of pixels that only their shape tells: lower case, at most `MOST_HOSTS`, of 253 octets at most each.
    pub unknown_pixel_hosts: BTreeSet<String>,
    /// Of links, likewise.
    pub unknown_link_hosts: BTreeSet<String>,
    /// Of links through redirects that hide where they lead, likewise.
    pub opaque_hosts: BTreeSet<String>,
}

impl std::ops::AddAssign for TakenOut {
    fn add_assign(&mut self, other: Self) {
        self.pixels = self.pixels.saturating_add(other.pixels);
        self.links = self.links.saturating_add(other.links);
        self.opaque_links = self.opaque_links.saturating_add(other.opaque_links);
    }
}

/// What is looked for in one message.
pub(super) struct Search<'t> {
    trackers: &'t Trackers,
    /// The host of our own pages.
    own_host: Option<String>,
}

/// One thing that would go.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    kind: Kind,
    /// In order; of a link those that make it what it becomes, together or not at all.
    pieces: Vec<Insertion>,
}

impl Found {
    /// From its first piece to its last.
    fn whole(&self) -> Range<usize> {
        let start = self.pieces.first().map_or(0, |first| first.at.start);
        start..self.pieces.last().map_or(start, |last| last.at.end)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pixel,
    Link,
}

/// What was found in one text.
#[derive(Debug, Default)]
pub(super) struct Finds {
    found: Vec<Found>,
    opaque_links: u32,
    opaque_hosts: BTreeSet<String>,
    unknown_pixel_hosts: BTreeSet<String>,
    unknown_link_hosts: BTreeSet<String>,
}

impl<'t> Search<'t> {
    /// `own_link` is any link of ours.
    pub fn new(trackers: &'t Trackers, own_link: Option<&str>) -> Self {
        let own_host = own_link.and_then(WebAddress::parse).map(|own| own.host().to_owned());
        Self { trackers, own_host }
    }

    fn is_ours(&self, address: &WebAddress) -> bool {
        self.own_host.as_deref() == Some(address.host())
    }

    /// Whether it is one of our links, or has one of them in it.
    fn leads_to_us(&self, address: &WebAddress) -> bool {
        self.own_host.as_ref().is_some_and(|own| address.text().contains(own.as_str()))
    }

    pub fn look(&self, text: &[u8], reading: Reading) -> Finds {
        let mut finds = Finds::default();
        match reading {
            Reading::Markup => document::look(text, self, &mut finds),
            Reading::Plain => plain::look(text, self, &mut finds),
        }
        finds.found.sort_by_key(|own| own.whole().start);
        finds
    }

    /// What goes of a text into which these come, in order and apart; those that stand in what goes, go too.
    pub fn take_out(&self, text: &[u8], reading: Reading, coming: &mut Vec<Insertion>) -> TakenOut {
        let finds = self.look(text, reading);
        let mut taken = TakenOut { opaque_links: finds.opaque_links, ..TakenOut::default() };
        let mut goes: Vec<Insertion> = Vec::new();
        for found in finds.found {
            let range = &found.whole();
            if goes.last().is_some_and(|last| last.at.end > range.start) {
                continue;
            }
            let first = coming.partition_point(|own| own.at.end <= range.start);
            let meets = coming.get(first).filter(|own| own.at.start < range.end);
            match found.kind {
                // A link that we fill is ours.
                Kind::Link if meets.is_some() => continue,
                Kind::Pixel if is_crossed(coming, first, range) => continue,
                Kind::Pixel => taken.pixels += 1,
                Kind::Link => taken.links += 1,
            }
            goes.extend(found.pieces);
        }
        // What comes between two elements has nothing to do with either.
        let within = |own: &Insertion| {
            let before = goes.partition_point(|gone| gone.at.end <= own.at.start);
            goes.get(before).is_some_and(|gone| gone.at.start < own.at.end && own.at.start >= gone.at.start)
        };
        coming.retain(|own| !within(own));
        coming.extend(goes);
        coming.sort_by_key(|own| own.at.start);
        taken
    }
}

/// Whether one of these, from the first that meets it on, stands in a range only in part: readers cut the element
/// elsewhere then.
fn is_crossed(coming: &[Insertion], first: usize, range: &Range<usize>) -> bool {
    let meeting = coming.iter().skip(first).take_while(|own| own.at.start < range.end);
    let mut crossing = meeting.filter(|own| own.at.start < range.start || own.at.end > range.end);
    crossing.next().is_some()
}

impl Finds {
    fn pixel(&mut self, insertion: Insertion) {
        self.add(Kind::Pixel, vec![insertion]);
    }

    fn add(&mut self, kind: Kind, pieces: Vec<Insertion>) {
        if self.found.len() < MOST {
            self.found.push(Found { kind, pieces });
        }
    }

    /// Looks at a link; `write` makes what comes into the text, by stretches of its address and what stands there then.
    fn link(
        &mut self,
        address: &WebAddress,
        search: &Search<'_>,
        mut write: impl FnMut(Range<usize>, &str) -> Insertion,
    ) {
        if search.leads_to_us(address) {
            return;
        }
        if !search.trackers.knows(address.host()) {
            note(&mut self.unknown_link_hosts, address.host());
        }
        let untracked = search.trackers.untrack(address, |own| search.leads_to_us(own));
        if untracked.opaque {
            self.opaque_links = self.opaque_links.saturating_add(1);
            note(&mut self.opaque_hosts, address.host());
        }
        match untracked.change {
            None => {}
            Some(Change::Target(target)) => {
                self.add(Kind::Link, vec![write(0..address.text().len(), &target)]);
            }
            Some(Change::Without(goes)) => {
                self.add(Kind::Link, goes.into_iter().map(|range| write(range, "")).collect());
            }
        }
    }

    /// Of a pixel that only its shape tells.
    fn unnamed(&mut self, address: &WebAddress, search: &Search<'_>) {
        if !search.trackers.knows(address.host()) {
            note(&mut self.unknown_pixel_hosts, address.host());
        }
    }
}

/// Keeps the first that come.
fn note(hosts: &mut BTreeSet<String>, host: &str) {
    if hosts.len() < MOST_HOSTS {
        hosts.insert(host.to_owned());
    }
}

impl Tracked {
    fn none(seal: BodySeal) -> Self {
        Self {
            would: TakenOut::default(),
            seal,
            unknown_pixel_hosts: BTreeSet::new(),
            unknown_link_hosts: BTreeSet::new(),
            opaque_hosts: BTreeSet::new(),
        }
    }

    /// Whether anything in it tells that somebody reads it.
    pub fn tracks(&self) -> bool {
        self.would != TakenOut::default()
    }

    fn add(&mut self, finds: &Finds) {
        let pixels = finds.found.iter().filter(|own| own.kind == Kind::Pixel).count();
        self.would += TakenOut {
            pixels: u32::try_from(pixels).unwrap_or(u32::MAX),
            links: u32::try_from(finds.found.len() - pixels).unwrap_or(u32::MAX),
            opaque_links: finds.opaque_links,
        };
        for (own, found) in [
            (&mut self.unknown_pixel_hosts, &finds.unknown_pixel_hosts),
            (&mut self.unknown_link_hosts, &finds.unknown_link_hosts),
            (&mut self.opaque_hosts, &finds.opaque_hosts),
        ] {
            found.iter().for_each(|host| note(own, host));
        }
    }

    fn look(&mut self, content: &Content<'_>, search: &Search<'_>) {
        content.leaves.iter().filter_map(|leaf| leaf.trackers(search)).for_each(|finds| self.add(&finds));
    }
}

impl Opened<'_> {
    /// What would be taken out of a copy for who gave no consent, and the hosts that policy doesn't know. `own_link` is
    /// any link of ours, whose host is no stranger. What is signed is read, though nothing is ever taken out of it.
    pub fn tracked(&self, trackers: &Trackers, own_link: Option<&str>) -> Tracked {
        let search = Search::new(trackers, own_link);
        let mut tracked = Tracked::none(self.content.seal);
        tracked.look(&self.content, &search);
        let signed = self.structure.parts.iter().filter(|part| part.place == Place::Inline);
        for inner in signed.filter_map(|part| signed_part(self.message.bytes(), part)) {
            if let Ok(message) = RawMessage::index(inner)
                && let Ok(structure) = parts::split(&message)
            {
                tracked.look(&body::content(message.bytes(), &structure.parts), &search);
            }
        }
        tracked
    }
}

/// The part that a multipart/signed signs, as it stands. RFC 1847, 2.1.
fn signed_part(bytes: &Bytes, part: &Part) -> Option<Bytes> {
    let boundary = part.media.boundary().filter(|_| part.media.essence() == "multipart/signed")?;
    let line = [b"\r\n--", boundary].concat();
    // The first boundary may begin the content.
    let content = bytes.get(part.body.start.saturating_sub(2)..part.body.end)?;
    let opening = memchr::memmem::find(content, &line)? + line.len();
    let start = opening + memchr::memchr(b'\n', content.get(opening..)?)? + 1;
    let length = memchr::memmem::find(content.get(start..)?, &line)?;
    let at = part.body.start.saturating_sub(2) + start;
    Some(bytes.slice(at..at + length))
}
