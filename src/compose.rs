//! Mail that the gateway writes itself, to one person in a sender's name: a letter of plain words becomes a message
//! with a text and an HTML part. RFC 5322; RFC 2046, 5.1.4; RFC 3834.
//!
//! Nothing in it is promotional, is tracked, or is loaded from elsewhere. What it is told by others goes into no header
//! as it came, and into no part as markup, as a link or as a placeholder. Its own placeholders are filled on the way out,
//! like those of any mail.

mod quote;

use std::time::{Duration, SystemTime};

use askama::Template;
use jiff::Timestamp;
use lettre::message::header::{self, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use uuid::Uuid;

use crate::language;
use crate::mail::Address;
use crate::policy::look::{Ground, Logo};
use crate::policy::sender::{Author, SenderPolicy};
pub use quote::{Quote, unlinked};

/// The longest line of the text part, as long as its words are shorter, in characters. RFC 5322, 2.1.1.
const MAX_LINE: usize = 72;
/// The longest subject, in characters.
const MAX_SUBJECT: usize = 150;

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One that `language` has.
    pub language: &'static str,
    pub subject: String,
    pub blocks: Vec<Block>,
}

/// A part of it, in the order of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Text(String),
    List(Vec<String>),
    /// What others wrote.
    Quote(Quote),
    /// What the person may do.
    Button {
        label: String,
        place: Place,
    },
    /// What few need to read.
    Quiet(String),
}

/// Where a link of ours will stand: it is made for the copy that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Confirm,
    Data,
}

impl Place {
    fn text(self) -> &'static str {
        match self {
            Self::Confirm => "{{optgate.confirm_url}}",
            Self::Data => "{{optgate.data_url}}",
        }
    }
}

/// The language to write in: the one that was told, else the recorded one, else the sender's; of those that we have.
pub fn spoken(sender: &SenderPolicy, told: Option<&str>, recorded: Option<&str>) -> &'static str {
    let own = [told, recorded].into_iter().flatten().find_map(language::known);
    own.unwrap_or_else(|| language::serving(&sender.default_locale))
}

/// Whose letter it is, and whom it goes to.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    pub id: Uuid,
    pub sender: &'a SenderPolicy,
    pub from: &'a Author,
    pub to: &'a Address,
    /// The gateway's own name, for `Message-ID`.
    pub hostname: &'a str,
    pub now: Timestamp,
}

/// Why a letter can't be written.
#[derive(Debug, thiserror::Error)]
pub enum NotComposed {
    #[error("its From can't stand in a header")]
    From,
    #[error("its parts can't be described")]
    Parts,
    #[error(transparent)]
    Message(#[from] lettre::error::Error),
    #[error(transparent)]
    Html(#[from] askama::Error),
}

/// The message, in canonical form.
pub fn compose(letter: &Letter, envelope: &Envelope<'_>) -> Result<Vec<u8>, NotComposed> {
    let from: lettre::Address = envelope.from.address.to_string().parse().map_err(|_| NotComposed::From)?;
    let parts = MultiPart::alternative()
        .boundary(format!("letter-{}", envelope.id.simple()))
        .build()
        .singlepart(part(ContentType::TEXT_PLAIN, text(letter, envelope.sender)));
    let logo = envelope.sender.look.logo.as_ref().and_then(|logo| Picture::of(logo, envelope));
    let html = part(ContentType::TEXT_HTML, html(letter, envelope.sender, logo.as_ref())?);
    let parts = match logo {
        Some(logo) => parts.multipart(
            MultiPart::builder()
                .header(related(envelope.id)?)
                .build()
                .singlepart(html)
                .singlepart(logo.part()),
        ),
        None => parts.singlepart(html),
    };
    let name = envelope.from.name.as_deref().map(quote::line).filter(|name| !name.is_empty());
    // Whom it goes to stands in the envelope of the delivery: lettre's has to be there and is not used.
    let unused = lettre::address::Envelope::new(None, vec![from.clone()])?;
    let message = lettre::Message::builder()
        .envelope(unused)
        .from(Mailbox::new(name, from))
        // Beyond ASCII only with SMTPUTF8, without which no mail goes to such an address. RFC 6532.
        .raw_header(as_it_is("To", format!("<{}>", envelope.to)))
        .subject(quote::line(&letter.subject).chars().take(MAX_SUBJECT).collect::<String>())
        .date(system_time(envelope.now))
        .message_id(Some(format!("<{}@{}>", envelope.id, envelope.hostname)))
        .raw_header(as_it_is("Auto-Submitted", "auto-generated".to_owned()))
        .header(header::MIME_VERSION_1_0)
        .multipart(parts)?;
    Ok(message.formatted())
}

/// Which of its parts is shown has to be said. RFC 2387, 3.1.
fn related(id: uuid::Uuid) -> Result<ContentType, NotComposed> {
    let kind = format!("multipart/related; type=\"text/html\"; boundary=\"dressed-{}\"", id.simple());
    ContentType::parse(&kind).map_err(|_| NotComposed::Parts)
}

fn part(kind: ContentType, content: String) -> SinglePart {
    SinglePart::builder().header(kind).body(content)
}

/// A logo that travels with the letter, so that nothing is loaded. RFC 2392.
struct Picture {
    id: String,
    kind: ContentType,
    octets: Vec<u8>,
}

impl Picture {
    /// None where it is of a kind that mail clients don't show: the name stands in its place.
    fn of(logo: &Logo, envelope: &Envelope<'_>) -> Option<Self> {
        let (kind, encoded) = logo.0.strip_prefix("data:")?.split_once(";base64,")?;
        if !matches!(kind, "image/png" | "image/jpeg") {
            return None;
        }
        let octets = data_encoding::BASE64.decode(encoded.as_bytes()).ok()?;
        let id = format!("logo-{}@{}", envelope.id.simple(), envelope.hostname);
        Some(Self { id, kind: ContentType::parse(kind).ok()?, octets })
    }

    fn part(self) -> SinglePart {
        Attachment::new_inline(self.id).body(self.octets, self.kind)
    }
}

/// What buttons and links are shown in.
struct Colors {
    act: String,
    on_act: String,
}

impl Colors {
    /// The sender's own as on its pages, else ours.
    fn of(sender: &SenderPolicy, ground: Ground, [act, on_act]: [&str; 2]) -> Self {
        match sender.look.shown(ground) {
            Some(color) => Self { act: color.to_string(), on_act: ground.ink_on_color().to_string() },
            None => Self { act: act.to_owned(), on_act: on_act.to_owned() },
        }
    }
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    light: Colors,
    dark: Colors,
    logo: Option<&'a str>,
    language: &'a str,
    direction: &'a str,
    subject: &'a str,
    sender: &'a str,
    blocks: &'a [Block],
    address: Option<&'a str>,
    notice: Option<&'a str>,
    notice_label: String,
}

fn html(letter: &Letter, sender: &SenderPolicy, logo: Option<&Picture>) -> Result<String, askama::Error> {
    let html = Html {
        light: Colors::of(sender, Ground::Light, ["#0b57d0", "#ffffff"]),
        dark: Colors::of(sender, Ground::Dark, ["#a8c7fa", "#0a1a33"]),
        logo: logo.map(|logo| logo.id.as_str()),
        language: letter.language,
        direction: language::direction(letter.language),
        subject: &letter.subject,
        sender: &sender.name,
        blocks: &letter.blocks,
        address: sender.postal_address.as_deref(),
        notice: sender.privacy_notice.as_deref(),
        notice_label: language::text(letter.language, "mail-privacy", &[]),
    };
    Ok(html.render()?.replace('\n', "\r\n"))
}

fn text(letter: &Letter, sender: &SenderPolicy) -> String {
    let mut lines = vec![quote::line(&sender.name)];
    for block in &letter.blocks {
        lines.push(String::new());
        match block {
            Block::Text(text) | Block::Quiet(text) => lines.extend(folded(text, "")),
            Block::List(items) => lines.extend(items.iter().flat_map(|item| folded(item, "- "))),
            Block::Quote(quote) => lines.extend(quote.lines().flat_map(|line| folded(line, "> "))),
            Block::Button { label, place } => lines.extend([format!("{label}:"), place.text().to_owned()]),
        }
    }
    // RFC 3676, 4.3.
    lines.extend([String::new(), "-- ".to_owned(), quote::line(&sender.name)]);
    lines.extend(sender.postal_address.iter().flat_map(|address| folded(address, "")));
    let label = || language::text(letter.language, "mail-privacy", &[]);
    lines.extend(sender.privacy_notice.iter().map(|notice| format!("{}: {notice}", label())));
    lines.join("\r\n") + "\r\n"
}

/// The first line begins with the mark, and so do those of a quote; the others are set in.
fn folded(text: &str, mark: &str) -> Vec<String> {
    let next = if mark == "> " { mark.to_owned() } else { " ".repeat(mark.len()) };
    let mut lines = vec![mark.to_owned()];
    let mut bare = true;
    for word in text.split_whitespace() {
        let Some(last) = lines.last_mut() else { break };
        if !bare && last.chars().count() + 1 + word.chars().count() > MAX_LINE {
            lines.push(format!("{next}{word}"));
            continue;
        }
        if !bare {
            last.push(' ');
        }
        last.push_str(word);
        bare = false;
    }
    lines
}

/// A field whose value is canonical already, without a line end.
fn as_it_is(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

/// lettre writes dates from 1970 on.
fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0))
}

#[cfg(test)]
#[path = "compose/tests.rs"]
mod tests;
