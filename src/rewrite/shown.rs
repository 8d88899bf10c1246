//! What of a message is shown as its content, for whoever looks at it before it leaves (`lint`): the text leaves as
//! text, and the files beside them. What will be filled on the way out is blanked. Nothing is changed.

use super::Opened;
use super::leaf::Role;
use super::parts::{self, Kind, Place};
use super::placeholders::{Meaning, Placeholder, Search};
use crate::policy::Stream;
use crate::policy::dialect::Dialects;
use crate::policy::facts::BodySeal;

/// What stands for each octet of what will be filled.
pub const FILLED: u8 = b'x';

/// A message's content.
#[derive(Clone, Debug)]
pub struct Shown {
    /// In the order in which they stand; none of a body that is signed or encrypted.
    pub leaves: Vec<ShownLeaf>,
    pub files: Vec<File>,
    pub footer: FooterRoom,
}

/// A text that is shown.
#[derive(Clone, Debug)]
pub struct ShownLeaf {
    /// The part that it is, from 1 in the order in which they stand.
    pub part: usize,
    pub kind: LeafKind,
    /// Whether it is the first of its kind, which gets the footer.
    pub is_body: bool,
    /// As its charset says, what is ours to fill blanked.
    pub text: String,
    /// Of AMP: whether a placeholder of ours stands in it that lets a reader unsubscribe.
    pub has_unsubscribe: bool,
    /// Octets of the content, without transfer encoding.
    pub octets: usize,
}

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafKind {
    Plain,
    Html,
    /// HTML, too, in which double braces are the reader's own.
    Amp,
    Other,
}

/// A leaf that is no text to be shown.
#[derive(Clone, Debug)]
pub struct File {
    pub part: usize,
    /// Lower case: `image/png`.
    pub essence: String,
    /// As its fields say, folds included; empty where none says one.
    pub header: String,
}

/// Whether the message has a place for what is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FooterRoom {
    There,
    /// Signed or encrypted: not ours to change.
    Sealed,
    /// No text in it is shown, or none in a charset that can be written.
    Nowhere,
}

/// What will be filled in a message on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'d> {
    pub stream: Stream,
    pub dialects: &'d Dialects,
}

impl Opened<'_> {
    /// The content; what will be filled blanked, where that is asked.
    pub fn shown(&self, filling: Option<Filling<'_>>) -> Shown {
        let Self { message, structure, content } = self;
        let filled = filling.map(|own| (own.stream, Search::new(own.dialects, message)));
        let parts = &structure.parts;
        let leaves: Vec<ShownLeaf> = content
            .leaves
            .iter()
            .map(|leaf| ShownLeaf {
                part: leaf.index + 1,
                kind: match () {
                    () if leaf.part.media.is_html() => LeafKind::Html,
                    () if leaf.part.media.is_markup() => LeafKind::Amp,
                    () if leaf.part.media.is_plain() => LeafKind::Plain,
                    () => LeafKind::Other,
                },
                is_body: leaf.role == Role::Body,
                text: leaf.read(filled.as_ref().map(|(stream, search)| (*stream, search))),
                has_unsubscribe: filled.as_ref().is_some_and(|(_, search)| {
                    let ways = [Meaning::Unsubscribe, Meaning::Preferences];
                    ways.into_iter().any(|way| leaf.holds(way, search))
                }),
                octets: leaf.content.len(),
            })
            .collect();
        let footer = match content.seal {
            BodySeal::Sealed => FooterRoom::Sealed,
            BodySeal::Open if leaves.iter().any(|leaf| leaf.is_body) => FooterRoom::There,
            BodySeal::Open => FooterRoom::Nowhere,
        };
        let is_file = |(index, part): &(usize, &parts::Part)| {
            part.kind == Kind::Leaf
                && part.place != Place::Nested
                && !leaves.iter().any(|leaf| leaf.part == index + 1)
        };
        let files = parts.iter().enumerate().filter(is_file).map(|(index, part)| File {
            part: index + 1,
            essence: part.media.essence().to_owned(),
            header: String::from_utf8_lossy(&message.bytes()[part.header.clone()]).into_owned(),
        });
        Shown { files: files.collect(), footer, leaves }
    }
}

/// A text with letters where something will be filled in, in the memory that it has.
pub(super) fn blanked(text: String, found: &[Placeholder], stream: Stream) -> String {
    let filled = |own: &&Placeholder| match own.meaning {
        Meaning::Confirm => stream == Stream::Confirmation,
        // What a tool submits has none.
        Meaning::Data => false,
        Meaning::Unsubscribe | Meaning::Preferences | Meaning::PostalAddress => true,
    };
    let mut octets = text.into_bytes();
    for placeholder in found.iter().filter(filled) {
        let own = octets.get_mut(placeholder.at.clone()).unwrap_or_default();
        own.iter_mut().filter(|own| !own.is_ascii_whitespace()).for_each(|own| *own = FILLED);
    }
    // Placeholders begin and end between characters.
    String::from_utf8(octets).unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned())
}
