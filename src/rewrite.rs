//! MIME surgery on the way out: our headers, placeholders and footer go in; everything else stays byte for
//! byte (invariant 7). Pure.
//!
//! A copy is never written anew: the message's structure is found as ranges (`parts`), every change is an edit
//! of a range (`edit`), and all edits are made at once. RFC 5322, RFC 2045, RFC 2046, RFC 8058.

mod body;
mod charset;
mod edit;
mod field;
mod footer;
mod headers;
mod html;
mod leaf;
mod likeness;
mod media;
mod parts;
mod pgp;
mod placeholders;
mod relabel;
mod shown;
mod signatures;
mod tracking;
mod transfer;
mod written;

use std::sync::Arc;

use crate::mail::RawMessage;
use crate::mail::message::Unparsable;
use crate::policy::Stream;
use crate::policy::dialect::Dialects;
use crate::policy::facts::{BodySeal, ConfirmLink};
use crate::policy::sender::{ClippedFooter, SenderMailto};
use body::Content;
use parts::Structure;
use placeholders::Search;
pub use shown::{FILLED, File, Filling, FooterRoom, LeafKind, Shown, ShownLeaf};
pub use tracking::{MOST_HOSTS, TakenOut, Tracked, Tracking};

/// Gmail shows no more octets of a message's HTML, and hides the rest behind a link.
pub const CLIPPED_FROM: usize = 102 * 1024;

/// What goes into one recipient's copy.
#[derive(Clone, Debug)]
pub struct Rewriting {
    pub stream: Stream,
    /// Set on `marketing`; the links that placeholders of any stream stand for.
    pub links: Option<Links>,
    /// Language of the footer: one that `language` has.
    pub language: &'static str,
    /// What the sender's policy adds to the footer.
    pub footer_text: Option<OwnText>,
    /// The sender's name, for List-Id's phrase and the footer.
    pub sender_name: String,
    /// Added to the footer, and where `{{optgate.postal_address}}` stands.
    pub postal_address: Option<String>,
    /// What the pack that judged asks of marketing's content.
    pub demands: Demands,
    /// What becomes of the footer of an HTML body beyond `CLIPPED_FROM`.
    pub clipped_footer: ClippedFooter,
    /// `<apparel.demo-shop.example>`-like id without brackets; marketing alone.
    pub list_id: Option<String>,
    /// Gmail's `Feedback-ID`: campaign:stream:sender-like, no personal data; marketing alone.
    pub feedback_id: Option<String>,
    /// The whole `Received` field, folded, with its CRLF: `deliver` knows whence and when.
    pub received: String,
    /// For a missing `Date`: RFC 5322 form.
    pub date: String,
    /// For a missing `Message-ID`: without brackets.
    pub message_id: String,
    /// Added to every message for this upstream.
    pub extra_headers: Vec<(String, String)>,
    /// What of the message's own the upstream would obey.
    pub withheld: Option<Withheld>,
    /// Whose placeholders are filled, and whose headers taken out.
    pub dialects: Arc<Dialects>,
    /// What becomes of what tells that somebody reads it.
    pub tracking: Tracking,
    /// Whether a `mailto:` of the tool's stays in List-Unsubscribe.
    pub sender_mailto: SenderMailto,
    /// What the upstream can take.
    pub eight_bit: EightBit,
}

/// Words of the sender's own, plain text on one line, and the tag of their language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnText {
    pub language: String,
    pub text: String,
}

/// What a marketing body must show besides its link: put below it where the tool's template doesn't.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    pub postal_address: bool,
    /// That it is advertising.
    pub advertising_label: bool,
    /// The address of the sender's privacy notice.
    pub privacy_notice: Option<String>,
}

/// Fields that are the configuration's alone to set, since the upstream would send otherwise than was decided: those
/// whose name begins with `prefix`, and those of the names `also`. One that begins with one of `but` only names
/// something: the upstream gets it, though a dialect would take it out for any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withheld {
    pub prefix: &'static str,
    pub but: &'static [&'static str],
    pub also: &'static [&'static str],
}

impl Withheld {
    /// `None` of a field that is no business of this upstream's.
    fn says(&self, name: &[u8]) -> Option<Passage> {
        let begins = |start: &str| {
            name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start.as_bytes()))
        };
        if self.also.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes())) {
            return Some(Passage::Stays);
        }
        let but = || self.but.iter().any(|but| begins(but));
        begins(self.prefix).then(|| if but() { Passage::Leaves } else { Passage::Stays })
    }
}

/// Whether a field leaves with the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passage {
    Leaves,
    Stays,
}

/// The signed links of one copy.
#[derive(Clone, Debug)]
pub struct Links {
    pub unsubscribe: String,
    pub preferences: String,
    /// On `confirmation` alone.
    pub confirm: Option<String>,
    /// In mail of our own about a person's data.
    pub data: Option<String>,
    pub mailto: Option<String>,
}

/// Whether 8-bit bodies may leave as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EightBit {
    AsIs,
    /// The upstream lacks 8BITMIME: what we may change becomes quoted-printable.
    Encode,
}

/// A copy ready to be signed.
#[derive(Clone, Debug)]
pub struct Rewritten {
    pub bytes: Vec<u8>,
    /// It still has octets beyond ASCII: send it with BODY=8BITMIME.
    pub eight_bit: bool,
    /// What was taken out of it.
    pub taken_out: TakenOut,
}

/// Why there is no copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRewritable {
    /// A signed 8-bit body for an upstream without 8BITMIME: `rejected`, 5.6.3.
    #[error("a signed 8-bit body can't be sent to an upstream without 8BITMIME")]
    SignedEightBit,
    #[error(transparent)]
    Unparsable(#[from] Unparsable),
    /// A mistake of the caller's: nothing may leave on `marketing` without a way out of it.
    #[error("marketing without links")]
    LinksMissing,
}

/// A message that can be rewritten on some stream, split into its parts once for all that is asked of it.
#[derive(Debug)]
pub struct Checked<'m> {
    message: &'m RawMessage,
    structure: Structure,
}

/// The same with its content opened.
pub struct Opened<'m> {
    message: &'m RawMessage,
    structure: &'m Structure,
    content: Content<'m>,
}

/// Checks at intake what would make a rewrite impossible on the way out, on any stream.
pub fn check(message: &RawMessage) -> Result<Checked<'_>, Unparsable> {
    parts::split(message).map(|structure| Checked { message, structure })
}

impl Checked<'_> {
    /// Undoes transfer encodings, and tells charsets.
    pub fn open(&self) -> Opened<'_> {
        let Self { message, structure } = self;
        Opened { message, structure, content: body::content(message.bytes(), &structure.parts) }
    }
}

impl<'m> Opened<'m> {
    pub fn message(&self) -> &'m RawMessage {
        self.message
    }

    /// Whether the footer of marketing can come in, so that all its readers see it: not where the body is signed or
    /// encrypted, on which policy decides. An error where nobody can tell how the body will be read.
    pub fn takes_a_footer(&self) -> Result<BodySeal, Unparsable> {
        self.content.takes_a_footer(self.structure)
    }

    /// Whether the place of a link that confirms, such as `{{optgate.confirm_url}}`, stands where it will be filled.
    pub fn confirm_link(&self, dialects: &Dialects) -> ConfirmLink {
        let search = Search::new(dialects, self.message);
        if self.content.holds_confirm_link(&search) { ConfirmLink::Present } else { ConfirmLink::Absent }
    }
}

/// One recipient's copy.
pub fn rewrite(message: &RawMessage, rewriting: &Rewriting) -> Result<Rewritten, NotRewritable> {
    if rewriting.stream == Stream::Marketing && rewriting.links.is_none() {
        return Err(NotRewritable::LinksMissing);
    }
    let structure = parts::split(message)?;
    let (in_body, wanted, taken_out) =
        body::edits(message.bytes(), &structure, &leaf::Copy::new(rewriting, message))?;
    let mut edits = headers::edits(message, rewriting, wanted);
    edits.extend(in_body);
    edits.extend(signatures::edits(message, rewriting.withheld));
    edit::sort(&mut edits);
    let bytes = edit::apply(message.bytes(), &edits);
    Ok(Rewritten { eight_bit: !bytes.is_ascii(), bytes, taken_out })
}

#[cfg(test)]
mod tests;
