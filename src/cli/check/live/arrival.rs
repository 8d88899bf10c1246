//! A message that arrived, and the probe that it was when it left. Its text is a stranger's by now.

use bytes::Bytes;
use uuid::Uuid;

use super::probe::{Gateway, Probe, SUBJECT};
use crate::deliver::upstream::Settings;
use crate::mail::RawMessage;
use crate::mail::author::authors;

/// What came in. Lines end in CRLF.
pub struct Arrival {
    pub bytes: Vec<u8>,
    message: Option<RawMessage>,
}

impl Arrival {
    pub fn of(bytes: Vec<u8>) -> Self {
        let message = RawMessage::index(Bytes::from(bytes.clone())).ok();
        Self { bytes, message }
    }

    /// As a mail program saved it: with the line ends of its system, or in an mbox.
    pub fn saved(text: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + text.len() / 32);
        let mut lines = text.split(|byte| *byte == b'\n').peekable();
        let mut first = true;
        while let Some(line) = lines.next() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let mark = std::mem::take(&mut first) && line.starts_with(b"From ");
            let end = lines.peek().is_none() && line.is_empty();
            if !mark && !end {
                bytes.extend_from_slice(line);
                bytes.extend_from_slice(b"\r\n");
            }
        }
        Self::of(bytes)
    }

    /// The values of a field, unfolded.
    pub fn values(&self, name: &str) -> Vec<String> {
        let message = self.message.as_ref();
        message.map(|own| own.all(name).map(|field| own.unfolded(field)).collect()).unwrap_or_default()
    }

    /// The id in the Subject.
    pub fn id(&self) -> Option<Uuid> {
        let subject = self.values("Subject").into_iter().next()?;
        let (_, id) = subject.split_once(SUBJECT)?;
        id.split_whitespace().next()?.parse().ok()
    }

    /// What it was when it left, without signatures; `None` if that can't be told from it.
    pub fn rebuilt(&self, gateway: &Gateway, settings: Option<&Settings>) -> Option<Vec<u8>> {
        let one = |name: &str| {
            let value = self.values(name).into_iter().next()?;
            authors(&value)?.into_iter().next()
        };
        let probe = Probe { id: self.id()?, from: one("From")?, to: one("To")? };
        match settings {
            Some(settings) => probe.copy(gateway, settings, Default::default()).ok().map(|copy| copy.message),
            None => probe.bare(gateway).ok(),
        }
    }
}
