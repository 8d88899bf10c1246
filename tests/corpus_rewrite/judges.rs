//! Python's `email` (its default policy and compat32) and npm's `mailparser` read a message before and after, and must
//! see the same tree, the same leaves and the same header but for what is ours.
//!
//! The programs lie in `judges/`; `tests/setup.sh` installs what they need.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mail_auth::dkim::Signature;
use optgate::policy::Stream;
use optgate::rewrite::{EightBit, Rewriting, Tracking};
use serde::Deserialize;

/// Fields of ours, each replacing what was there.
const OURS: [&str; 4] = ["list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id"];
/// Fields that are added where they are missing.
const ADDED: [&str; 3] = ["date", "message-id", "mime-version"];
/// Fields that never leave.
const PRIVATE: [&str; 3] = ["bcc", "resent-bcc", "return-path"];

/// A message and its copy.
pub struct Pair<'a> {
    pub name: String,
    pub before: &'a [u8],
    pub after: Vec<u8>,
    pub rewriting: &'a Rewriting,
}

/// One part as a judge sees it; what a judge doesn't tell is the same before and after.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Node {
    #[serde(rename = "type")]
    kind: Option<String>,
    parameters: serde_json::Value,
    disposition: Option<String>,
    filename: Option<String>,
    /// Raw names and values, in order.
    header: Vec<(String, String)>,
    /// The same as the judge decodes them.
    shown: Vec<(String, String)>,
    preamble: String,
    epilogue: String,
    defects: Vec<String>,
    sha256: Option<String>,
    octets: Option<String>,
    charset: String,
    text: Option<String>,
    children: Vec<Node>,
}

/// What the judges object to, a line each. `None` if they aren't installed and nobody asked for them.
pub fn objections(pairs: &[Pair<'_>]) -> Option<Vec<String>> {
    let modules = modules()?;
    let folder = tempfile::tempdir().unwrap();
    for (index, pair) in pairs.iter().enumerate() {
        fs::write(folder.path().join(format!("{index:06}a")), pair.before).unwrap();
        fs::write(folder.path().join(format!("{index:06}b")), &pair.after).unwrap();
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus_rewrite/judges");
    let (python, node) = std::thread::scope(|scope| {
        let python = scope.spawn(|| {
            let script = scripts.join("stdlib_email.py");
            answers(Command::new("python3").arg("-I").arg(script), folder.path())
        });
        let node = scope.spawn(|| {
            let script = scripts.join("mailparser.cjs");
            answers(Command::new("node").env("NODE_PATH", &modules).arg(script), folder.path())
        });
        (python.join().unwrap(), node.join().unwrap())
    });
    assert_eq!((python.len(), node.len()), (pairs.len() * 4, pairs.len() * 2), "a judge lost its way");
    let mut found = Vec::new();
    for (answers, judge) in [(&python, "default"), (&python, "compat32"), (&node, "mailparser")] {
        for (index, pair) in pairs.iter().enumerate() {
            let seen = |side: &str| &answers[&(format!("{index:06}{side}"), judge.to_owned())];
            let mut case = Case { pair, changed: 0, found: Vec::new() };
            case.compare(seen("a"), seen("b"), "");
            found.extend(case.found.into_iter().map(|what| format!("{} {judge}: {what}", pair.name)));
        }
    }
    Some(found)
}

/// Where npm has put what the judges need.
fn modules() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let modules = cache.map(|cache| cache.join("optgate/judges/node_modules"));
    let found = modules.filter(|modules| modules.join("mailparser/package.json").exists());
    let asked = ["OPTGATE_SHARED", "OPTGATE_CORPUS"].iter().any(|own| std::env::var_os(own).is_some())
        || std::env::var("CI").as_deref() == Ok("true");
    assert!(found.is_some() || !asked, "mailparser isn't installed: tests/run does that");
    if found.is_none() {
        println!("skipped: mailparser isn't installed: tests/run does that");
    }
    found
}

fn answers(command: &mut Command, folder: &Path) -> HashMap<(String, String), Node> {
    let output = command.arg(folder).stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let mut columns = line.splitn(3, '\t');
        let mut column = || columns.next().unwrap();
        let key = (column().to_owned(), column().to_owned());
        (key, serde_json::from_str(column()).unwrap_or_else(|error| panic!("{error}: {line}")))
    };
    text.lines().map(line).collect()
}

/// One judge's view of one pair.
struct Case<'a> {
    pair: &'a Pair<'a>,
    /// Leaves into which something came.
    changed: usize,
    found: Vec<String>,
}

impl Case<'_> {
    fn object(
        &mut self,
        path: &str,
        what: &str,
        before: &impl std::fmt::Debug,
        after: &impl std::fmt::Debug,
    ) {
        let cut = |shown: String| shown.chars().take(400).collect::<String>();
        let (before, after) = (cut(format!("{before:?}")), cut(format!("{after:?}")));
        self.found.push(format!("part {path:?}: {what}\n    before {before}\n    after  {after}"));
    }

    fn compare(&mut self, before: &Node, after: &Node, path: &str) {
        let name = |node: &Node| (node.kind.clone(), node.disposition.clone(), node.filename.clone());
        let frame = |node: &Node| (node.preamble.clone(), node.epilogue.clone());
        if name(before) != name(after) || before.children.len() != after.children.len() {
            let count = |node: &Node| (name(node), node.children.len());
            return self.object(path, "another structure", &count(before), &count(after));
        }
        if frame(before) != frame(after) {
            self.object(path, "another frame", &frame(before), &frame(after));
        }
        if !after.defects.iter().all(|defect| before.defects.contains(defect)) {
            self.object(path, "a new defect", &before.defects, &after.defects);
        }
        self.leaf(before, after, path);
        self.header(before, after, path);
        for (index, (old, new)) in before.children.iter().zip(&after.children).enumerate() {
            self.compare(old, new, &format!("{path}.{}", index + 1));
        }
        let left = matches!(self.pair.rewriting.tracking, Tracking::Leave);
        if path.is_empty() && left && self.changed > 2 {
            self.object(path, "more than two bodies", &0, &self.changed.to_string());
        }
    }

    /// A leaf says the same, or the old and a footer.
    fn leaf(&mut self, before: &Node, after: &Node, path: &str) {
        // A judge that can't open a multipart has no leaf to compare.
        let kind = before.kind.as_deref().unwrap_or_default();
        if kind.starts_with("multipart/") {
            return;
        }
        let content =
            |node: &Node| (node.sha256.clone(), node.octets.clone(), node.text.clone().unwrap_or_default());
        if content(before) == content(after) {
            return;
        }
        // To mailparser a nested message is a file, whose leaves travel otherwise where there is no 8BITMIME.
        if kind == "message/rfc822" && self.pair.rewriting.eight_bit == EightBit::Encode {
            return;
        }
        self.changed += 1;
        // What goes of a text is judged by `tracking`.
        if matches!(self.pair.rewriting.tracking, Tracking::TakeOut(_)) && kind.starts_with("text/") {
            return;
        }
        // RFC 2046, 4.1.4: a text of a type that nobody knows is read as plain; mailparser takes it for a file.
        let file = before.text.is_none() && before.octets.is_none();
        if file && kind.starts_with("text") && !matches!(kind, "text/plain" | "text/html") {
            return;
        }
        let read = |node: &Node| node.text.clone().filter(|text| !text.starts_with("raised "));
        let text = |node: &Node| read(node).or_else(|| node.octets.clone()).unwrap_or_default();
        // Octets tell more, where the charset is still the same.
        let same_charset = before.charset == after.charset && before.octets.is_some();
        if same_charset && inserted(&octets(before), &octets(after)).is_none() {
            self.object(path, "octets are not the old ones and ours", &octets(before), &octets(after));
        }
        let marketing = self.pair.rewriting.stream == Stream::Marketing;
        let link = &self.pair.rewriting.links.as_ref().expect("links").unsubscribe;
        match inserted(&text(before), &text(after)) {
            Some(ours) if marketing && ours.contains(link.as_str()) => {}
            Some(ours) => self.object(path, "something else than a footer came in", &"", &ours),
            None => self.object(path, "not the old text and ours", &text(before), &text(after)),
        }
    }

    fn header(&mut self, before: &Node, after: &Node, path: &str) {
        self.fields(&before.header, &after.header, path, "header");
        self.fields(&before.shown, &after.shown, path, "decoded header");
        let known = |node: &Node| match &node.parameters {
            serde_json::Value::Array(list) => {
                let other = |one: &&serde_json::Value| {
                    one[0].as_str().is_none_or(|name| !is(name, "charset") && !name.is_empty())
                };
                list.iter().filter(other).cloned().collect()
            }
            other => vec![other.clone()],
        };
        if known(before) != known(after) && !before.header.is_empty() {
            self.object(path, "other parameters", &before.parameters, &after.parameters);
        }
    }

    /// The same fields in the same order, but for ours and for what says how a leaf travels.
    fn fields(&mut self, before: &[(String, String)], after: &[(String, String)], path: &str, which: &str) {
        let root = path.is_empty();
        let lacks = |name: &str| !before.iter().any(|(own, _)| is(own, name));
        let encode = self.pair.rewriting.eight_bit == EightBit::Encode;
        let travels = |name: &str| is(name, "content-type") || is(name, "content-transfer-encoding");
        let private = |name: &str| {
            PRIVATE.iter().any(|own| is(name, own))
                || name.to_ascii_lowercase().starts_with("x-optgate-")
                || self.pair.rewriting.dialects.removes(name.trim_end().as_bytes())
        };
        let ours = |name: &str| root && OURS.iter().any(|own| is(name, own));
        let added = |name: &str| root && ADDED.iter().any(|own| is(name, own) && lacks(own));
        // What can't be read as a signature goes.
        let unreadable = |name: &str, value: &str| {
            let signature = || Signature::parse(value.as_bytes());
            root && is(name, "dkim-signature")
                && !signature().is_ok_and(|own| own.v == 1 && !own.d.contains('('))
        };
        let old = before.iter().filter(|(name, value)| {
            !(ours(name) || root && private(name) || name.is_empty() || unreadable(name, value))
        });
        let mut first = root;
        let new = after.iter().filter(|(name, _)| {
            let received = std::mem::take(&mut first) && is(name, "received");
            !(received || ours(name) || added(name) || name.is_empty())
        });
        let (mut old, mut new): (Vec<_>, Vec<_>) = (old.collect(), new.collect());
        let said = |fields: &[&(String, String)]| -> Vec<(String, String)> {
            fields.iter().filter(|(name, _)| travels(name)).map(|field| (*field).clone()).collect()
        };
        let (before_travel, after_travel) = (said(&old), said(&new));
        if before_travel != after_travel && (self.changed > 0 || encode || self.refolded()) {
            old.retain(|(name, _)| !travels(name));
            new.retain(|(name, _)| !travels(name));
        }
        if old != new {
            let at = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
            let from = |fields: &[&(String, String)]| {
                format!("{:?}", fields.iter().skip(at).take(2).collect::<Vec<_>>())
            };
            self.object(path, &format!("another {which}, from field {at}"), &from(&old), &from(&new));
        }
        if root && self.pair.rewriting.stream == Stream::Marketing && which == "header" && !after.is_empty() {
            for own in OURS {
                let count = after.iter().filter(|(name, _)| is(name, own)).count();
                if count != 1 {
                    self.object(path, &format!("{own} is there {count} times"), &"", &"");
                }
            }
        }
    }

    /// Whether lines were too long to travel, so that a leaf had to be encoded.
    fn refolded(&self) -> bool {
        self.pair.before.split(|octet| *octet == b'\n').any(|line| line.len() > 999)
    }
}

fn octets(node: &Node) -> String {
    node.octets.clone().unwrap_or_default()
}

fn is(name: &str, wanted: &str) -> bool {
    name.trim_end().eq_ignore_ascii_case(wanted)
}

/// What came in, if that is all that happened.
pub fn inserted(before: &str, after: &str) -> Option<String> {
    let (old, new): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = &old[same..];
    (new.len() >= old.len() && new.ends_with(rest))
        .then(|| new[same..new.len() - rest.len()].iter().collect())
}
