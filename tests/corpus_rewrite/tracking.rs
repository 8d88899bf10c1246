//! Real messages with removal on: what goes is what policy names, as another reader of HTML sees it, who had no part in
//! this; everything else stays, and a second pass finds nothing.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use lol_html::html_content::{Comment, Element, TextChunk};
use lol_html::{HtmlRewriter, Settings, doc_comments, doc_text, element};
use optgate::keys::sha256_hex;
use optgate::mail::RawMessage;
use optgate::policy::tracking::address::WebAddress;
use optgate::policy::tracking::{Change, Trackers};
use optgate::policy::{Stream, file};
use optgate::rewrite::{EightBit, LeafKind, Rewriting, ShownLeaf, TakenOut, Tracking, check, rewrite};
use regex::{Captures, Regex};

use crate::corpus::{canonical, corpus, files, leaves, rewriting};
use crate::judges::{Pair, objections};

const OWN_HOST: &str = "mail.example.com";

pub fn trackers() -> Arc<Trackers> {
    static SHIPPED: LazyLock<Arc<Trackers>> = LazyLock::new(|| {
        let policy = file::parse(&file::shipped()).unwrap().0;
        policy.sender("demo-shop").unwrap().trackers.clone()
    });
    SHIPPED.clone()
}

/// Takes trackers out and puts nothing in.
fn taking_out() -> Rewriting {
    let base = rewriting(Stream::Functional, "en", EightBit::AsIs);
    Rewriting { tracking: Tracking::TakeOut(trackers()), ..base }
}

/// A document as the other reader sees it.
#[derive(Default)]
struct Seen {
    /// Names and attributes, values as they are written.
    tags: Vec<(String, Vec<(String, String)>)>,
    comments: Vec<String>,
    text: String,
}

fn seen(html: &str) -> Seen {
    let seen: Rc<RefCell<Seen>> = Rc::default();
    let (tags, comments, text) = (seen.clone(), seen.clone(), seen.clone());
    let on_tag = move |tag: &mut Element<'_, '_>| {
        let attributes = tag.attributes().iter().map(|own| (own.name(), own.value())).collect();
        tags.borrow_mut().tags.push((tag.tag_name(), attributes));
        Ok(())
    };
    let on_comment = move |comment: &mut Comment<'_>| {
        comments.borrow_mut().comments.push(comment.text());
        Ok(())
    };
    let on_text = move |chunk: &mut TextChunk<'_>| {
        text.borrow_mut().text.push_str(chunk.as_str());
        Ok(())
    };
    let settings = Settings::new()
        .append_element_content_handler(element!("*", on_tag))
        .append_document_content_handler(doc_comments!(on_comment))
        .append_document_content_handler(doc_text!(on_text))
        .with_strict(false);
    let mut reader = HtmlRewriter::new(settings, |_: &[u8]| {});
    reader.write(html.as_bytes()).unwrap();
    reader.end().unwrap();
    seen.take()
}

/// As an address is read, but for references that addresses don't have.
fn address(written: &str) -> String {
    static NUMBERED: LazyLock<Regex> = LazyLock::new(|| Regex::new("&#([0-9]{2,3});").unwrap());
    let read = written.replace(['\r', '\n', '\t'], "").replace("&amp;", "&");
    let character =
        |found: &Captures<'_>| found[1].parse().ok().and_then(char::from_u32).unwrap_or('?').to_string();
    NUMBERED.replace_all(read.trim(), character).into_owned()
}

/// What a link must become.
fn expected(written: &str) -> String {
    let text = address(written);
    let Some(link) = WebAddress::parse(&text) else { return text };
    match trackers().untrack(&link, |own| own.host() == OWN_HOST).change {
        None => text,
        Some(Change::Target(target)) => target,
        Some(Change::Without(goes)) => goes.into_iter().rev().fold(text, |mut text, range| {
            text.replace_range(range, "");
            text
        }),
    }
}

fn value<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

/// What a picture is, as far as it tells itself.
#[derive(PartialEq)]
enum Picture {
    /// Policy names it, or it has a pixel each way by its attributes, and nothing speaks for it.
    Pixel,
    /// It may be hidden by what its style or its place says.
    Doubtful,
    Shown,
}

fn picture(attributes: &[(String, String)]) -> Picture {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*([0-9.]+)\s*(%?)").unwrap());
    let Some(source) = value(attributes, "src").and_then(|src| WebAddress::parse(&address(src))) else {
        return Picture::Shown;
    };
    let trackers = trackers();
    if trackers.is_pixel(&source) {
        return Picture::Pixel;
    }
    if trackers.is_harmless(&source) {
        return Picture::Shown;
    }
    let number = |name: &str| {
        let found = NUMBER.captures(value(attributes, name)?)?;
        found[1].parse::<f64>().ok().filter(|_| found[2].is_empty())
    };
    let (width, height) = (number("width"), number("height"));
    let small = |own: Option<f64>| own.is_some_and(|own| own <= 1.0);
    let plain = ["style", "class", "id", "hidden"].iter().all(|name| value(attributes, name).is_none());
    match (small(width) && small(height), plain) {
        (true, true) => Picture::Pixel,
        (true, false) => Picture::Doubtful,
        // A line, or a picture with a size.
        (false, true) if width.is_some_and(|own| own > 1.0) && height.is_some_and(|own| own > 0.0) => {
            Picture::Shown
        }
        (false, _) => Picture::Doubtful,
    }
}

/// Objections to what became of a document.
fn object(before: &str, after: &str, place: &str) -> Vec<String> {
    let (old, new) = (seen(before), seen(after));
    let mut found = Vec::new();
    let mut left = new.tags.iter().peekable();
    for (name, attributes) in &old.tags {
        let stays = left.peek().is_some_and(|(own, others)| {
            let linked = ["href", "action"];
            own == name
                && attributes.len() == others.len()
                && attributes.iter().zip(others).all(|((key, value), (other, now))| {
                    let same =
                        value == now || linked.contains(&key.as_str()) && expected(value) == address(now);
                    key == other && (same || key == "style" && now.contains("none") || now.is_empty())
                })
        });
        let is_picture = name == "img" || name == "image";
        match picture(attributes) {
            Picture::Pixel if is_picture && stays => found.push(format!("{place}: {attributes:?} stayed")),
            Picture::Shown if !stays => {
                found.push(format!("{place}: <{name}> {attributes:?} went or changed"))
            }
            Picture::Doubtful if !stays && !is_picture => {
                found.push(format!("{place}: <{name}> {attributes:?} went"))
            }
            _ => {}
        }
        if stays {
            left.next();
        }
    }
    if left.next().is_some() {
        found.push(format!("{place}: a tag came in"));
    }
    if old.text != new.text {
        let same = old.text.bytes().zip(new.text.bytes()).take_while(|(old, new)| old == new).count();
        let rest = |text: &str| {
            String::from_utf8_lossy(&text.as_bytes()[same..]).chars().take(60).collect::<String>()
        };
        found.push(format!("{place}: the text changed: {:?} {:?}", rest(&old.text), rest(&new.text)));
    }
    let plain = |seen: &Seen| -> Vec<String> {
        seen.comments.iter().filter(|own| !own.starts_with("[if")).cloned().collect()
    };
    if plain(&old) != plain(&new) || old.comments.len() != new.comments.len() {
        found.push(format!("{place}: a comment changed"));
    }
    found
}

fn shown(message: &RawMessage) -> Vec<ShownLeaf> {
    check(message).map(|checked| checked.open().shown(None).leaves).unwrap_or_default()
}

#[test]
fn what_goes_of_real_mail_is_what_policy_names_and_all_else_stays() {
    let Some(folder) = corpus() else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    paths.sort();
    let (mut total, mut objections, mut changed) = (TakenOut::default(), Vec::new(), 0);
    for path in paths {
        let Ok(message) = RawMessage::index(canonical(&fs::read(&path).unwrap()).into()) else { continue };
        let Ok(copy) = rewrite(&message, &taking_out()) else { continue };
        let plain = rewrite(&message, &rewriting(Stream::Functional, "en", EightBit::AsIs)).unwrap();
        let nothing = copy.taken_out.pixels + copy.taken_out.links == 0;
        assert_eq!(nothing, copy.bytes == plain.bytes, "{path:?}: {:?}", copy.taken_out);
        total += copy.taken_out;
        changed += usize::from(!nothing);
        let copied = RawMessage::index(copy.bytes.clone().into()).unwrap();
        let again = rewrite(&copied, &taking_out()).unwrap();
        assert_eq!((again.taken_out.pixels, again.taken_out.links), (0, 0), "{path:?}");
        // What a gateway that leaves trackers makes of the message is what they are taken out of.
        let (before, after) = (shown(&RawMessage::index(plain.bytes.into()).unwrap()), shown(&copied));
        assert_eq!(before.len(), after.len(), "{path:?}");
        for (old, new) in before.iter().zip(&after) {
            let place = format!("{} part {}", path.display(), old.part);
            match old.kind {
                LeafKind::Html | LeafKind::Amp => objections.extend(object(&old.text, &new.text, &place)),
                LeafKind::Plain => {
                    let still = |text: &str| -> Vec<String> {
                        text.lines().filter(|line| !line.contains("://")).map(str::to_owned).collect()
                    };
                    if still(&old.text) != still(&new.text) {
                        objections.push(format!("{place}: a line without a link changed"));
                    }
                }
                LeafKind::Other => assert_eq!(old.text, new.text, "{place}"),
            }
        }
    }
    println!("{total:?} in {changed} messages");
    assert!(
        objections.is_empty(),
        "{} objections:\n{}",
        objections.len(),
        objections.iter().take(30).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(total.pixels > 50, "the corpus is not where it should be");
}

#[test]
fn i7_with_removal_on_every_other_leaf_keeps_its_octets() {
    let Some(folder) = corpus().map(|corpus| corpus.join("marketing")) else { return };
    let manifest = fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    for line in manifest.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = entry["file"].as_str().unwrap();
        let original = canonical(&fs::read(folder.join(name)).unwrap());
        let message = RawMessage::index(original.clone().into()).unwrap();
        let copy = rewrite(&message, &taking_out()).unwrap();
        if entry["signed"] == true {
            assert_eq!(copy.taken_out, TakenOut::default(), "{name}");
        }
        let (before, after) = (leaves(&original), leaves(&copy.bytes));
        assert_eq!(before.len(), after.len(), "{name}");
        for leaf in entry["leaves"].as_array().unwrap().iter().filter(|leaf| leaf["role"] == "keep") {
            let path = leaf["path"].as_str().unwrap();
            assert_eq!(before[path].content, after[path].content, "{name} {path}");
            if let Some(expected) = leaf["sha256"].as_str() {
                assert_eq!(sha256_hex(&after[path].content), expected, "{name} {path}");
            }
        }
    }
}

#[test]
fn other_parsers_see_the_same_tree_and_header_with_removal_on() {
    let Some(folder) = corpus() else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    paths.sort();
    let rewriting = taking_out();
    let mut messages = Vec::new();
    for path in paths {
        let before = canonical(&fs::read(&path).unwrap());
        let Ok(message) = RawMessage::index(before.clone().into()) else { continue };
        let Ok(copy) = rewrite(&message, &rewriting) else { continue };
        // Those that stay whole are judged elsewhere.
        if copy.taken_out.pixels + copy.taken_out.links > 0 {
            messages.push((path.display().to_string(), before, copy.bytes));
        }
    }
    let pairs: Vec<Pair<'_>> = messages
        .iter()
        .map(|(name, before, after)| Pair {
            name: name.clone(),
            before,
            after: after.clone(),
            rewriting: &rewriting,
        })
        .collect();
    assert!(pairs.len() > 20, "{}", pairs.len());
    let Some(objections) = objections(&pairs) else { return };
    assert!(objections.is_empty(), "{}", objections.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
}
