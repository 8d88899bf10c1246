//! The message's content: which leaves are it, what comes into them, and what makes every leaf fit to travel.
//! RFC 2046; RFC 5322, 2.1.1; RFC 6152.
//!
//! Invariant 7: what is signed or encrypted, and every leaf that isn't content, keeps its bytes, but for a
//! transfer encoding that the way out asks for.

use super::charset::Charset;
use super::edit::{Edit, apply};
use super::headers::Wanted;
use super::leaf::{Copy, Filled, Leaf, Relabelled, Role, SignatureMark};
use super::media::Encoding;
use super::parts::{Ending, Kind, Part, Place, Structure};
use super::placeholders::{Meaning, Search};
use super::relabel::{Declaring, declare_encoding, declare_utf8};
use super::transfer::{self, MAX_LINE, base64, longest_line, quoted_printable};
use super::{EightBit, NotRewritable, TakenOut, pgp};
use crate::mail::message::Unparsable;
use crate::policy::Stream;
use crate::policy::facts::BodySeal;

/// The edits of everything below the header, what they ask of the header, and what of them took trackers out.
pub(super) fn edits(
    bytes: &[u8],
    structure: &Structure,
    copy: &Copy<'_>,
) -> Result<(Vec<Edit>, Wanted, TakenOut), NotRewritable> {
    let mut edits = Vec::new();
    let mut wanted = Wanted::default();
    let mut taken_out = TakenOut::default();
    let parts = &structure.parts;
    let opened = content(bytes, parts);
    if copy.rewriting.stream == Stream::Marketing {
        opened.takes_a_footer(structure)?;
    }
    for (index, part) in parts.iter().enumerate() {
        let leaf = opened.leaves.iter().find(|leaf| leaf.index == index);
        let locked = opened.locked.contains(&index);
        match part.kind {
            Kind::Sealed => sealed(bytes, part, copy.rewriting.eight_bit)?,
            Kind::Leaf if locked => sealed(bytes, part, copy.rewriting.eight_bit)?,
            Kind::Leaf => {
                let filled =
                    leaf.filter(|_| opened.seal == BodySeal::Open).map(|leaf| (leaf, leaf.fill(copy)));
                if let Some((_, filled)) = &filled {
                    taken_out += filled.taken_out;
                }
                Travel { bytes, part, eight_bit: copy.rewriting.eight_bit }.edit(
                    filled,
                    &mut edits,
                    &mut wanted,
                )?;
            }
            Kind::Multipart | Kind::Message
                if copy.rewriting.eight_bit == EightBit::Encode && part.encoding == Encoding::EightBit =>
            {
                declare_encoding(part, "7bit", &mut edits, &mut wanted);
            }
            Kind::Multipart | Kind::Message => {}
        }
    }
    Ok((edits, wanted, taken_out))
}

/// The leaves that are the message's content.
pub(super) struct Content<'a> {
    pub leaves: Vec<Leaf<'a>>,
    /// Whether any of the content is signed or encrypted: then none of it is touched.
    pub seal: BodySeal,
    /// Leaves that hold an inline signature or encryption.
    locked: Vec<usize>,
    /// The first text and the first HTML leaf.
    bodies: [Option<usize>; 2],
}

impl Content<'_> {
    /// Whether the place of a link that confirms stands in any text that is shown, so that it will be filled.
    pub fn holds_confirm_link(&self, search: &Search<'_>) -> bool {
        self.seal == BodySeal::Open && self.leaves.iter().any(|leaf| leaf.holds(Meaning::Confirm, search))
    }

    /// Whether marketing's footer comes in. One that some readers see elsewhere, or not at all, is none.
    pub fn takes_a_footer(&self, structure: &Structure) -> Result<BodySeal, Unparsable> {
        let mut shown = structure.parts.iter().filter(|part| part.place == Place::Inline);
        let doubt = shown.find_map(|part| part.doubt).or(structure.doubt);
        let opened = |index: &usize| self.leaves.iter().any(|leaf| leaf.index == *index);
        match doubt {
            Some(doubt) => Err(doubt),
            None if self.seal == BodySeal::Sealed || self.bodies.iter().flatten().all(opened) => {
                Ok(self.seal)
            }
            None => Err(Unparsable::Body),
        }
    }
}

pub(super) fn content<'a>(bytes: &'a [u8], parts: &'a [Part]) -> Content<'a> {
    let shown = |part: &Part| part.kind == Kind::Leaf && part.place == Place::Inline && part.media.is_text();
    let first = |wanted: &dyn Fn(&Part) -> bool| parts.iter().position(|part| shown(part) && wanted(part));
    // Any other text is read as plain where there is none (RFC 2046, 4.1.4).
    let text = first(&|part| part.media.is_plain()).or_else(|| first(&|part| !part.media.is_markup()));
    let mut content = Content {
        leaves: Vec::new(),
        seal: BodySeal::Open,
        locked: Vec::new(),
        bodies: [text, first(&|part| part.media.is_html())],
    };
    if parts.iter().any(|part| part.kind == Kind::Sealed && part.place == Place::Inline) {
        content.seal = BodySeal::Sealed;
        return content;
    }
    for (index, part) in parts.iter().enumerate().filter(|(_, part)| shown(part) && part.doubt.is_none()) {
        let raw = &bytes[part.body.clone()];
        let Some(decoded) = transfer::decode(part.encoding, raw) else { continue };
        let read = Charset::of(part.media.charset(), &decoded);
        let searched = read.as_ref().map_or(&*decoded, |(_, view)| view.text(&decoded));
        if pgp::is_armored(searched, &part.media) {
            content.seal = BodySeal::Sealed;
            content.locked.push(index);
        }
        let Some((charset, view)) = read else { continue };
        let body = content.bodies.contains(&Some(index));
        let role = if body { Role::Body } else { Role::Other };
        let declaring = Declaring::of(bytes, part);
        let mark = SignatureMark::of(part.encoding, raw);
        content.leaves.push(Leaf { index, part, content: decoded, charset, view, declaring, role, mark });
    }
    content
}

fn sealed(bytes: &[u8], part: &Part, eight_bit: EightBit) -> Result<(), NotRewritable> {
    if eight_bit == EightBit::Encode && !bytes[part.body.clone()].is_ascii() {
        return Err(NotRewritable::SignedEightBit);
    }
    Ok(())
}

/// A leaf on its way out.
struct Travel<'a> {
    bytes: &'a [u8],
    part: &'a Part,
    eight_bit: EightBit,
}

impl Travel<'_> {
    fn edit(
        &self,
        filled: Option<(&Leaf<'_>, Filled)>,
        edits: &mut Vec<Edit>,
        wanted: &mut Wanted,
    ) -> Result<(), NotRewritable> {
        let (content, changes, charset) = match filled {
            Some((leaf, filled)) if !filled.edits.is_empty() => {
                (Some(&*leaf.content), filled.edits, filled.charset)
            }
            _ => (None, Vec::new(), Relabelled::No),
        };
        if charset == Relabelled::Utf8 {
            declare_utf8(self.bytes, self.part, edits, wanted);
        }
        let raw = &self.bytes[self.part.body.clone()];
        let whole = match self.part.encoding {
            Encoding::SevenBit | Encoding::EightBit => self.identity(raw, &changes),
            Encoding::QuotedPrintable => self.refold(raw, content, &changes, quoted_printable::encode),
            Encoding::Base64 => self.refold(raw, content, &changes, base64::encode),
            Encoding::Unknown if self.eight_bit == EightBit::Encode && !raw.is_ascii() => {
                return Err(NotRewritable::SignedEightBit);
            }
            Encoding::Unknown => None,
        };
        match whole {
            Some(encoded) => {
                if matches!(self.part.encoding, Encoding::SevenBit | Encoding::EightBit) {
                    declare_encoding(self.part, "quoted-printable", edits, wanted);
                }
                edits.push(Edit::replace(self.part.body.clone(), self.ended(raw, encoded)));
            }
            None => {
                let spliced = transfer::splice(self.part.encoding, raw, content.unwrap_or(raw), changes);
                let start = self.part.body.start;
                edits.extend(spliced.into_iter().map(|Edit { at, with }| {
                    Edit::replace(start + at.start..start + at.end, self.ended(raw, with))
                }));
            }
        }
        Ok(())
    }

    /// The quoted-printable form of a leaf without encoding, if it can't travel as it is.
    fn identity(&self, raw: &[u8], changes: &[Edit]) -> Option<Vec<u8>> {
        let brings_eight = changes.iter().any(|edit| !edit.with.is_ascii());
        let unlabelled = self.part.encoding == Encoding::SevenBit && brings_eight;
        let unwelcome = self.eight_bit == EightBit::Encode && (brings_eight || !raw.is_ascii());
        if unlabelled || unwelcome || self.part.longest_line > MAX_LINE {
            return Some(quoted_printable::encode(&apply(raw, changes)));
        }
        if changes.is_empty() {
            return None;
        }
        let changed = apply(raw, changes);
        (longest_line(&changed) > MAX_LINE).then(|| quoted_printable::encode(&changed))
    }

    /// The leaf encoded anew, if its lines are too long to travel.
    fn refold(
        &self,
        raw: &[u8],
        content: Option<&[u8]>,
        changes: &[Edit],
        encode: fn(&[u8]) -> Vec<u8>,
    ) -> Option<Vec<u8>> {
        if self.part.longest_line <= MAX_LINE {
            return None;
        }
        let decoded = match content {
            Some(content) => content.into(),
            None => transfer::decode(self.part.encoding, raw)?,
        };
        let mut encoded = encode(&apply(&decoded, changes));
        if raw.ends_with(b"\r\n") && !encoded.ends_with(b"\r\n") {
            encoded.extend_from_slice(b"\r\n");
        }
        Some(encoded)
    }

    /// Keeps the boundary, or the end of the message, at a line of its own.
    fn ended(&self, raw: &[u8], mut with: Vec<u8>) -> Vec<u8> {
        if self.part.ending == Ending::NoCrlf
            && raw.is_empty()
            && !with.is_empty()
            && !with.ends_with(b"\r\n")
        {
            with.extend_from_slice(b"\r\n");
        }
        with
    }
}
