//! Where a document's content begins and ends, and what of it nobody sees. It finds places and writes nothing anew. The
//! HTML standard, 13.2.6, as far as an insertion needs it: no tree is built, what is open is known.
//!
//! What a template leaves open must not swallow what is put at its end, and what is shown to some mail clients alone is
//! no place for it.

use std::ops::Range;

use super::open::{Open, Says};
use crate::mail::html::style::Hiding;
use crate::mail::html::{Name, Raw, Script, Token, Tokens, Unended, attributes};

/// A longer beginning of a conditional comment is none.
const MAX_CONDITION: usize = 128;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What insertions have to know of a document.
#[derive(Debug, Default)]
pub(in crate::rewrite) struct Layout {
    /// Right before the end of the body.
    pub end: usize,
    /// What has to stand there first, so that what follows is markup that all see.
    pub before_end: String,
    /// What has to follow, so that the rest means what it meant.
    pub after_end: String,
    /// Right before all content.
    pub start: usize,
    /// Of the places that were asked for those that a reader sees or can press.
    seen: Vec<usize>,
}

impl Layout {
    /// `asked` are offsets in ascending order; the first of a link's tag stands for the link.
    pub fn read(html: &[u8], asked: &[usize]) -> Self {
        let mut bounds = Bounds::read(html);
        let end = bounds.end.unwrap_or(match bounds.unended {
            // Blanks at the end stay there.
            Unended::Nothing => html.trim_ascii_end().len(),
            _ => html.len(),
        });
        let unended =
            if bounds.end.is_some() { Unended::Nothing } else { std::mem::take(&mut bounds.unended) };
        let mut walk = Walk {
            html,
            end,
            unended,
            asked,
            seen: Vec::new(),
            open: Open::default(),
            hiding: Hiding::read(html),
            revealed: None,
            comment: 0,
            reached: Reached::NotYet,
            before_end: String::new(),
            after_end: String::new(),
        };
        for token in Tokens::of(html) {
            walk.take(&token);
        }
        walk.text_to(html.len());
        walk.reach(html.len());
        Self {
            end,
            before_end: walk.before_end,
            after_end: walk.after_end,
            start: bounds.start(html),
            seen: walk.seen,
        }
    }

    /// Whether one of the places that were asked for is seen.
    pub fn shows(&self, at: usize) -> bool {
        self.seen.binary_search(&at).is_ok()
    }
}

/// The tags that a document's head and body begin and end with.
#[derive(Default)]
struct Bounds {
    doctype: Option<usize>,
    html: Option<usize>,
    head: Option<usize>,
    body: Option<usize>,
    /// The last `</body>`, since browsers go on with the body after an earlier one, or else `</html>`.
    end: Option<usize>,
    unended: Unended,
}

impl Bounds {
    fn read(html: &[u8]) -> Self {
        let mut bounds = Self::default();
        let mut tokens = Tokens::of(html);
        let (mut templates, mut html_end) = (0_usize, None);
        for token in tokens.by_ref() {
            match &token {
                Token::Comment(whole) if starts(&html[whole.clone()], b"<!doctype") => {
                    bounds.doctype.get_or_insert(whole.end);
                }
                Token::Start { name, whole } => match Name::of(&html[name.clone()]).bytes() {
                    b"template" => templates += 1,
                    b"html" if templates == 0 => drop(bounds.html.get_or_insert(whole.end)),
                    b"body" if templates == 0 => drop(bounds.body.get_or_insert(whole.end)),
                    _ => {}
                },
                Token::End { name, whole } => match Name::of(&html[name.clone()]).bytes() {
                    b"template" => templates = templates.saturating_sub(1),
                    b"head" if templates == 0 => drop(bounds.head.get_or_insert(whole.end)),
                    b"body" if templates == 0 => bounds.end = Some(whole.start),
                    b"html" if templates == 0 => html_end = Some(whole.start),
                    _ => {}
                },
                Token::Comment(_) | Token::Raw(_) => {}
            }
        }
        bounds.end = bounds.end.or(html_end);
        bounds.unended = tokens.unended();
        bounds
    }

    fn start(&self, html: &[u8]) -> usize {
        let mark = if html.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        self.body.or(self.head).or(self.html).or(self.doctype).unwrap_or(mark)
    }
}

/// What is open, and who sees it, from tag to tag.
struct Walk<'a> {
    html: &'a [u8],
    end: usize,
    unended: Unended,
    asked: &'a [usize],
    seen: Vec<usize>,
    open: Open,
    hiding: Hiding,
    /// The beginning of a conditional comment around what all but some see, without what only those see.
    revealed: Option<String>,
    /// Of the last comment.
    comment: usize,
    reached: Reached,
    before_end: String,
    after_end: String,
}

/// Whether the place of the footer has been passed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    NotYet,
    Passed,
}

impl Walk<'_> {
    fn take(&mut self, token: &Token) {
        let whole = match token {
            Token::Start { whole, .. } | Token::End { whole, .. } => whole,
            Token::Comment(whole) | Token::Raw(whole) => whole,
        };
        self.text_to(whole.start);
        self.reach(whole.start);
        match token {
            Token::Comment(whole) => self.comment(whole),
            Token::Raw(_) => {}
            Token::End { name, .. } => self.open.end(&Name::of(&self.html[name.clone()])),
            Token::Start { name, whole } => self.start(name, whole),
        }
        self.pass(whole.end);
    }

    /// What was asked for up to here, in text.
    fn text_to(&mut self, at: usize) {
        let count = self.asked.partition_point(|asked| *asked < at);
        let (text, rest) = self.asked.split_at(count);
        if !self.open.hides() {
            self.seen.extend(text);
        }
        self.asked = rest;
    }

    /// What was asked for up to here, and nobody sees.
    fn pass(&mut self, at: usize) {
        let count = self.asked.partition_point(|asked| *asked < at);
        self.asked = &self.asked[count..];
    }

    fn start(&mut self, name: &Range<usize>, whole: &Range<usize>) {
        let tag = &self.html[name.end..whole.end];
        let lower = Name::of(&self.html[name.clone()]);
        let pressed = matches!(lower.bytes(), b"a" | b"area");
        let (mut link, mut says) = (0..0, Says::Nothing);
        attributes(tag, |attribute, value| match Name::of(&tag[attribute]).bytes() {
            b"href" if pressed && link.is_empty() => link = value,
            b"open" => says = Says::Open,
            _ => {}
        });
        if self.hiding.hides(tag) {
            says = Says::Hidden;
        }
        self.open.start(&lower, says);
        if !self.open.hides() && says != Says::Hidden {
            let before = |at: usize| self.asked.partition_point(|asked| *asked < at);
            let tag = if pressed { before(whole.start + 1) } else { 0 };
            let (from, to) = (before(name.end + link.start), before(name.end + link.end));
            self.seen.extend(self.asked[..tag].iter().chain(&self.asked[from..to]));
        }
    }

    /// `<!--[if !mso]><!-->` and `<![if !mso]>`, up to `<![endif]`.
    fn comment(&mut self, whole: &Range<usize>) {
        self.comment = whole.start;
        let comment = &self.html[whole.clone()];
        if starts(comment, b"<!--<![endif]") || starts(comment, b"<![endif]") {
            self.revealed = None;
        } else if let Some(opening) = revealing(comment) {
            self.revealed = Some(opening);
        }
    }

    fn reach(&mut self, at: usize) {
        if self.reached == Reached::Passed || at < self.end {
            return;
        }
        self.reached = Reached::Passed;
        let mut before = self.ending();
        before.push_str(&self.open.endings());
        if let Some(opening) = self.revealed.take() {
            let long = opening.starts_with("<!--");
            before.push_str(if long { "<!--<![endif]-->" } else { "<![endif]>" });
            self.after_end = opening;
        }
        self.before_end = before;
    }

    /// Of what the document ends within.
    fn ending(&self) -> String {
        match &self.unended {
            Unended::Nothing => String::new(),
            Unended::Comment(_) if starts(&self.html[self.comment..], b"<!--[if") => {
                "<![endif]-->".to_owned()
            }
            Unended::Comment(missing) => (*missing).to_owned(),
            Unended::Tag { quote, raw } => {
                let mark = quote.map(|quote| char::from(quote).to_string()).unwrap_or_default();
                format!("{mark}>{}", raw.map(end_tag).unwrap_or_default())
            }
            Unended::Raw(Raw::Script, Script::DoublyEscaped) => "--></script>".to_owned(),
            Unended::Raw(raw, _) => end_tag(*raw),
        }
    }
}

/// What begins a conditional comment of which all but some see what follows, as it stands.
fn revealing(comment: &[u8]) -> Option<String> {
    let opening = if starts(comment, b"<!--[if") {
        let end = [&b"<!-->"[..], b"<!--->"].into_iter().find(|end| comment.ends_with(end))?;
        // What stands between is for Outlook alone, and has been said.
        let condition = memchr::memmem::find(comment, b"]>")? + b"]>".len();
        [comment.get(..condition)?, end].concat()
    } else if starts(comment, b"<![if") {
        comment.to_vec()
    } else {
        return None;
    };
    String::from_utf8(opening).ok().filter(|own| own.len() <= MAX_CONDITION && own.is_ascii())
}

fn end_tag(raw: Raw) -> String {
    match raw {
        Raw::Plaintext => String::new(),
        _ => format!("</{}>", raw.name()),
    }
}

fn starts(text: &[u8], with: &[u8]) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

#[cfg(test)]
mod tests;
