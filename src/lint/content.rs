//! What the texts of a message have wrong, and the files beside them.

use super::document::Document;
use super::merge_field::{self, Certainty, Leak, Reading};
use super::salutation::{self, Slip};
use super::{Findings, link};
use crate::policy::Stream;
use crate::policy::finding::FindingName as Name;
use crate::rewrite::{CLIPPED_FROM, File, LeafKind, Shown, ShownLeaf};

/// What our footer takes of what Gmail shows, generously.
const FOOTER: usize = 2 * 1024;
/// Fewer letters beside pictures are hardly any text.
const FEW_LETTERS: usize = 100;
/// More letters are no preview line.
const MANY_HIDDEN: usize = 500;
/// The longest text that is looked at, in octets: far beyond what anybody reads.
const LONGEST: usize = 4 * 1024 * 1024;

/// Files that the large mailbox providers refuse, within archives too; Gmail's list.
const BLOCKED: &[&str] = &[
    "ade",
    "adp",
    "apk",
    "appx",
    "appxbundle",
    "bat",
    "cab",
    "chm",
    "cmd",
    "com",
    "cpl",
    "diagcab",
    "diagcfg",
    "diagpkg",
    "dll",
    "dmg",
    "ex",
    "ex_",
    "exe",
    "hta",
    "img",
    "ins",
    "iso",
    "isp",
    "jar",
    "jnlp",
    "js",
    "jse",
    "lib",
    "lnk",
    "mde",
    "mjs",
    "msc",
    "msi",
    "msix",
    "msixbundle",
    "msp",
    "mst",
    "nsh",
    "pif",
    "ps1",
    "scr",
    "sct",
    "shb",
    "sys",
    "vb",
    "vbe",
    "vbs",
    "vhd",
    "vxd",
    "wsc",
    "wsf",
    "wsh",
    "xll",
];

pub fn look(shown: &Shown, stream: Stream, findings: &mut Findings) {
    for leaf in &shown.leaves {
        let text = super::start_of(&leaf.text, LONGEST);
        match leaf.kind {
            LeafKind::Plain => plain(leaf, text, findings),
            LeafKind::Html => document(leaf, text, findings),
            LeafKind::Amp if stream == Stream::Marketing && !leaf.has_unsubscribe => {
                findings.add(Name::AmpWithoutLink, &format!("amp part {}", leaf.part), None, "");
            }
            LeafKind::Amp | LeafKind::Other => {}
        }
    }
    let has = |kind| shown.leaves.iter().any(|leaf| leaf.kind == kind && leaf.is_body);
    if has(LeafKind::Html) && !has(LeafKind::Plain) {
        findings.add(Name::NoTextAlternative, "body", None, "");
    }
    for file in &shown.files {
        if let Some(name) = blocked(file) {
            findings.add(Name::AttachmentBlocked, &format!("part {}", file.part), None, &name);
        }
    }
}

/// The name of what stands where a name should.
pub fn name_of(slip: Slip) -> Name {
    match slip {
        Slip::Nothing => Name::EmptySalutation,
        Slip::Value => Name::MergeFieldLeak,
    }
}

fn name_of_leak(leak: &Leak) -> Name {
    match leak.certainty {
        Certainty::Sure => Name::MergeFieldLeak,
        Certainty::Possible => Name::PossibleMergeField,
    }
}

fn plain(leaf: &ShownLeaf, text: &str, findings: &mut Findings) {
    let place = format!("text part {}", leaf.part);
    read(text, Reading::Plain, &place, text, |at| at, findings);
    link::in_text(text, &place, findings);
}

fn document(leaf: &ShownLeaf, source: &str, findings: &mut Findings) {
    let place = format!("html part {}", leaf.part);
    let document = Document::read(source);
    read(&document.text, Reading::Document, &place, source, |at| document.source_of(at), findings);
    for (tag, at) in &document.tags {
        findings.add(Name::MergeFieldLeak, &place, Some((source, *at)), tag);
    }
    let sources = document.sources.iter().map(|own| (own, Reading::Address));
    for ((value, at), reading) in document.attributes.iter().map(|own| (own, Reading::Line)).chain(sources) {
        for leak in merge_field::find(value, reading) {
            let excerpt = value.get(leak.at.clone()).unwrap_or_default();
            findings.add(name_of_leak(&leak), &place, Some((source, *at)), excerpt);
        }
    }
    link::in_document(&document, source, &place, findings);
    let mut add = |name, at: Option<usize>, excerpt: &str| {
        findings.add(name, &place, at.map(|at| (source, at)), excerpt);
    };
    if let Some(at) = document.script {
        add(Name::ScriptInMail, Some(at), source.get(at..).map_or("", |rest| super::start_of(rest, 40)));
    }
    if let Some(at) = document.form {
        add(Name::FormInMail, Some(at), source.get(at..).map_or("", |rest| super::start_of(rest, 40)));
    }
    if let Some(at) = document.image_without_alt {
        add(Name::ImageWithoutAlt, Some(at), source.get(at..).map_or("", |rest| super::start_of(rest, 60)));
    }
    if document.hidden.0 > MANY_HIDDEN {
        add(Name::HiddenText, Some(document.hidden.1), &format!("{} letters", document.hidden.0));
    }
    if leaf.is_body && document.images > 0 && document.visible_letters() < FEW_LETTERS {
        let counted = format!("{} letters beside {} pictures", document.visible_letters(), document.images);
        add(Name::ImageOnly, None, &counted);
    }
    if leaf.is_body && leaf.octets + FOOTER > CLIPPED_FROM {
        add(
            Name::HtmlClipped,
            None,
            &format!("{} KB with the footer", (leaf.octets + FOOTER).div_ceil(1024)),
        );
    }
}

/// Merge fields and salutations of a text; `origin` leads from its offsets to those of the source.
fn read(
    text: &str,
    reading: Reading,
    place: &str,
    source: &str,
    origin: impl Fn(usize) -> usize,
    findings: &mut Findings,
) {
    for leak in merge_field::find(text, reading) {
        let excerpt = text.get(leak.at.clone()).unwrap_or_default();
        findings.add(name_of_leak(&leak), place, Some((source, origin(leak.at.start))), excerpt);
    }
    for (range, slip) in salutation::find(text) {
        let excerpt = text.get(range.clone()).unwrap_or_default();
        findings.add(name_of(slip), place, Some((source, origin(range.start))), excerpt);
    }
    if let Some(range) = salutation::printed(text) {
        let excerpt = text.get(range.clone()).unwrap_or_default();
        findings.add(Name::MergeFieldLeak, place, Some((source, origin(range.start))), excerpt);
    }
}

/// The name of a file that is refused.
fn blocked(file: &File) -> Option<String> {
    let header = file.header.replace("\r\n", "");
    let lower = header.to_ascii_lowercase();
    let names = lower.match_indices("name").take(8).filter_map(|(at, word)| {
        let rest = header.get(at + word.len()..)?;
        let value = &rest[rest.find('=').filter(|at| *at <= 3)? + 1..];
        let value = value.trim_start();
        let ends =
            |own: char| if value.starts_with('"') { own == '"' } else { own == ';' || own.is_whitespace() };
        value.trim_start_matches('"').split(ends).next()
    });
    let refused = |name: &&str| {
        let ending =
            name.rsplit_once('.').map(|(_, ending)| ending.trim_end_matches(['.', ' ']).to_ascii_lowercase());
        ending.is_some_and(|ending| BLOCKED.contains(&ending.as_str()))
    };
    let named = { names }.find(refused).map(str::to_owned);
    let programs = [
        "application/x-msdownload",
        "application/x-msdos-program",
        "application/vnd.microsoft.portable-executable",
    ];
    named.or_else(|| programs.contains(&file.essence.as_str()).then(|| file.essence.clone()))
}
