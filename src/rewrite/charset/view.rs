//! A content as it can be searched: every octet of ASCII in it means ASCII, so that a placeholder, a tag and a line's
//! end are found in any charset; and the way back from a place in it to the octets that it stands for.

use std::ops::Range;

use super::utf7::{self, End, Run};
use super::utf16::Order;
use crate::rewrite::edit::Edit;

/// What of a content is searched.
#[derive(Clone, Debug)]
pub(in crate::rewrite) struct View {
    /// `None`: the content itself.
    text: Option<Vec<u8>>,
    origin: Origin,
}

/// How places in the text are places in the content.
#[derive(Clone, Debug)]
enum Origin {
    Same,
    /// UTF-16 from this offset on.
    Units(usize),
    Runs(Vec<Run>),
}

impl View {
    pub(super) fn same() -> Self {
        Self { text: None, origin: Origin::Same }
    }

    /// Of the content's length.
    pub(super) fn masked(text: Vec<u8>) -> Self {
        Self { text: Some(text), origin: Origin::Same }
    }

    pub(super) fn utf16(order: Order, content: &[u8]) -> Self {
        let text = order.decode(content).into_bytes();
        Self { text: Some(text), origin: Origin::Units(order.mark(content)) }
    }

    pub(super) fn utf7(content: &[u8]) -> Option<Self> {
        let (text, runs) = utf7::read(content)?;
        Some(Self { text: Some(text.into_bytes()), origin: Origin::Runs(runs) })
    }

    /// What is searched of this content, the one that it was made of.
    pub fn text<'a>(&'a self, content: &'a [u8]) -> &'a [u8] {
        self.text.as_deref().unwrap_or(content)
    }

    /// A stretch of the text where that is not in the content's own octets and places.
    pub fn characters_at(&self, at: &Range<usize>) -> Option<&str> {
        match self.origin {
            Origin::Same => None,
            Origin::Units(_) | Origin::Runs(_) => self.characters().get(at.clone()),
        }
    }

    /// The text as far as it is UTF-8.
    fn characters(&self) -> &str {
        self.text.as_deref().and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }

    pub(super) fn utf16_edits(
        &self,
        wanted: Vec<(Range<usize>, String)>,
        encode: impl Fn(&str) -> Vec<u8>,
    ) -> Vec<Edit> {
        let Origin::Units(begin) = self.origin else { return Vec::new() };
        let text = self.characters();
        // Both walk on from the place before.
        let (mut at, mut octet) = (0, begin);
        let mut place = |wanted: usize| {
            octet += text.get(at..wanted).map_or(0, |between| between.encode_utf16().count() * 2);
            at = wanted.max(at);
            octet
        };
        wanted
            .into_iter()
            .map(|(range, text)| {
                let start = place(range.start);
                Edit::replace(start..place(range.end), encode(&text))
            })
            .collect()
    }

    /// An edit within a run writes the whole run anew.
    pub(super) fn utf7_edits(&self, wanted: Vec<(Range<usize>, String)>) -> Vec<Edit> {
        let Origin::Runs(runs) = &self.origin else { return Vec::new() };
        let text = self.characters();
        let mut together: Vec<(Range<usize>, String)> = Vec::with_capacity(wanted.len());
        for (at, with) in wanted {
            match together.last_mut() {
                Some((last, before)) if within(runs, last.end).is_some_and(|run| at.start < run.text.end) => {
                    before.push_str(text.get(last.end..at.start).unwrap_or_default());
                    before.push_str(&with);
                    last.end = at.end;
                }
                _ => together.push((at, with)),
            }
        }
        let mut edits: Vec<Edit> = Vec::with_capacity(together.len());
        for (at, with) in together {
            let written = edits.last().map_or(0, |edit| edit.at.end);
            edits.push(utf7_edit(runs, text, at, with, written));
        }
        edits
    }
}

/// The run that a place lies inside, neither before nor after it.
fn within(runs: &[Run], at: usize) -> Option<&Run> {
    let run = runs.get(runs.partition_point(|run| run.text.end <= at))?;
    (run.text.start < at).then_some(run)
}

/// `written` is how far the content has been written anew, which ends outside of runs.
fn utf7_edit(runs: &[Run], text: &str, at: Range<usize>, with: String, written: usize) -> Edit {
    let first = within(runs, at.start).map_or(at.start, |run| run.text.start);
    let last = within(runs, at.end).map_or(at.end, |run| run.text.end);
    let before = text.get(first..at.start).unwrap_or_default();
    let after = text.get(at.end..last).unwrap_or_default();
    let start = raw_place(runs, first);
    let open = runs.get(runs.partition_point(|run| run.raw.end < start));
    let open = start > written && open.is_some_and(|run| run.raw.end == start && run.end == End::Open);
    let mut encoded = if open { b"-".to_vec() } else { Vec::new() };
    encoded.extend(utf7::encode(&[before, &with, after].concat()));
    Edit::replace(start..raw_place(runs, last), encoded)
}

/// Where a place that lies inside no run stands in the content.
fn raw_place(runs: &[Run], at: usize) -> usize {
    match runs.partition_point(|run| run.text.end <= at).checked_sub(1).and_then(|index| runs.get(index)) {
        Some(run) => run.raw.end + (at - run.text.end),
        None => at,
    }
}
