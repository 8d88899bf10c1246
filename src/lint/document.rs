//! An HTML document as its reader gets it: the text that is shown, what its attributes say, its links, and what
//! mailbox providers look for. Pure; one pass, linear. It finds places; nothing is changed.
//!
//! Comments (conditional ones too), scripts and styles show nothing; an unknown element shows its content.

use std::ops::Range;

use crate::mail::html::reference::{self, decoded};
use crate::mail::html::style::hides;
use crate::mail::html::{Token, Tokens, attributes};

/// The most links and attributes that are kept.
const MOST: usize = 2_000;
/// The longest attribute that is looked at, in octets, and the most of one tag.
const LONGEST: usize = 8 * 1024;
const MOST_OF_A_TAG: usize = 64;

/// What a document has.
#[derive(Debug, Default)]
pub struct Document {
    /// The text that is shown; a block is a line of its own.
    pub text: String,
    /// Where pieces of the text stand in the source: offset in the text, offset in the source; both grow.
    places: Vec<(usize, usize)>,
    /// `alt`, `title` and the like, decoded, and where they stand.
    pub attributes: Vec<(String, usize)>,
    pub links: Vec<Link>,
    /// Elements called like fields of a list: `<FirstName>`.
    pub tags: Vec<(String, usize)>,
    pub images: usize,
    /// Addresses of what is loaded, decoded, and where they stand.
    pub sources: Vec<(String, usize)>,
    /// The first without `alt`.
    pub image_without_alt: Option<usize>,
    pub script: Option<usize>,
    pub form: Option<usize>,
    /// Letters that inline styles hide, and where the first stand.
    pub hidden: (usize, usize),
}

/// `<a href>`, decoded, with its text.
#[derive(Debug)]
pub struct Link {
    pub href: String,
    pub text: Range<usize>,
    pub at: usize,
}

/// Elements whose content is not shown, or shows code.
const SILENT: &[&str] = &[
    "script", "style", "template", "noscript", "svg", "math", "textarea", "pre", "code", "kbd", "samp", "tt",
    "xmp",
];
/// Elements that stand within a line.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "em", "font", "i", "ins", "mark", "o:p", "q", "s",
    "small", "span", "strike", "strong", "sub", "sup", "time", "u", "var", "wbr", "label",
];
const FRAMES: &[&str] =
    &["form", "input", "select", "button", "iframe", "frame", "frameset", "object", "embed", "applet"];
const SPOKEN: &[&str] = &["alt", "title", "aria-label", "summary", "content", "placeholder"];
const VOID: &[&str] =
    &["img", "br", "hr", "meta", "link", "input", "area", "base", "col", "wbr", "embed", "source"];

impl Document {
    pub fn read(source: &str) -> Self {
        let mut reader = Reader { source, document: Self::default(), open: None, hiding: None, silent: None };
        reader.run();
        reader.document
    }

    /// Where an offset of the text stands in the source.
    pub fn source_of(&self, at: usize) -> usize {
        let next = self.places.partition_point(|(text, _)| *text <= at);
        let (text, source) =
            next.checked_sub(1).and_then(|own| self.places.get(own)).copied().unwrap_or_default();
        source + (at - text)
    }

    /// Letters and digits that a reader sees.
    pub fn visible_letters(&self) -> usize {
        self.text.chars().filter(|own| own.is_alphanumeric()).count().saturating_sub(self.hidden.0)
    }
}

struct Reader<'a> {
    source: &'a str,
    document: Document,
    /// The link that has not ended yet.
    open: Option<(String, usize, usize)>,
    /// What hides, how deep it is in elements of its own name, and where its text began.
    hiding: Option<Hiding>,
    /// The element that shows nothing, up to its end tag.
    silent: Option<String>,
}

struct Hiding {
    name: String,
    depth: usize,
    text: usize,
    at: usize,
}

/// A start tag: its attributes by name, as they are written, and where their values stand.
struct Tag<'a> {
    name: String,
    attributes: Vec<(String, &'a str, usize)>,
    closes_itself: bool,
}

impl Tag<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, ..)| own == name).map(|(_, value, _)| *value)
    }
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        let mut shown = 0;
        for token in Tokens::of(self.source.as_bytes()) {
            let whole = token.whole();
            self.text(shown..whole.start);
            shown = whole.end;
            match token {
                Token::Start { name, whole } => self.start_tag(name, whole),
                Token::End { name, .. } => self.end_tag(&self.source[name].to_ascii_lowercase(), shown),
                // A template's own words are shown where nothing filled them.
                Token::Comment(whole) if is_of_a_template(&self.source[whole.clone()]) => self.text(whole),
                Token::Comment(_) | Token::Raw(_) => {}
            }
        }
        self.text(shown..self.source.len());
        self.end_link();
        self.end_hiding();
    }

    fn end_tag(&mut self, name: &str, end: usize) {
        match &self.silent {
            Some(silent) if silent != name => return,
            _ => self.silent = None,
        }
        if name == "a" {
            self.end_link();
        }
        self.break_at(name, end);
        if let Some(hiding) = self.hiding.as_mut().filter(|hiding| hiding.name == name) {
            hiding.depth -= 1;
            if hiding.depth == 0 {
                self.end_hiding();
            }
        }
    }

    fn start_tag(&mut self, name: Range<usize>, whole: Range<usize>) {
        if self.silent.is_some() {
            return;
        }
        let tag = tag(self.source, name, &whole);
        self.break_at(&tag.name, whole.end);
        self.notice(&tag, whole.clone());
        if let Some(hiding) =
            self.hiding.as_mut().filter(|hiding| hiding.name == tag.name && !tag.closes_itself)
        {
            hiding.depth += 1;
        } else if self.hiding.is_none()
            && !VOID.contains(&tag.name.as_str())
            && tag.value("style").is_some_and(|style| hides(style.as_bytes()))
        {
            let text = self.document.text.len();
            self.hiding = Some(Hiding { name: tag.name.clone(), depth: 1, text, at: whole.start });
        }
        if SILENT.contains(&tag.name.as_str()) && !tag.closes_itself {
            self.silent = Some(tag.name);
        }
    }

    fn notice(&mut self, tag: &Tag<'_>, whole: Range<usize>) {
        let start = whole.start;
        let document = &mut self.document;
        match tag.name.as_str() {
            "a" | "area" => {
                self.end_link();
                if let Some(href) = tag.value("href") {
                    self.open = Some((decoded(href), self.document.text.len(), start));
                }
            }
            "img" => {
                document.images += 1;
                let tracks = [tag.value("width"), tag.value("height")]
                    .iter()
                    .any(|own| matches!(own, Some("1" | "0")));
                if tag.value("alt").is_none() && !tracks {
                    document.image_without_alt.get_or_insert(start);
                }
            }
            "script" => drop(document.script.get_or_insert(start)),
            name if FRAMES.contains(&name) => drop(document.form.get_or_insert(start)),
            "eloqua" => document.tags.push(("<eloqua …>".to_owned(), start)),
            name if document.tags.len() < MOST
                && !name.contains(':')
                && super::merge_field::field::is_tag(name) =>
            {
                let end = whole.end.min(start + 60);
                document.tags.push((
                    super::merge_field::letters::start_of(&self.source[start..], end - start).to_owned(),
                    start,
                ));
            }
            _ => {}
        }
        let document = &mut self.document;
        if tag.value("class").is_some_and(|class| class.split_whitespace().any(|own| own == "eloquaemail")) {
            document.tags.push(("class=\"eloquaemail\"".to_owned(), start));
        }
        if tag.attributes.iter().any(|(name, ..)| name.starts_with("on") && name.len() > 4) {
            document.script.get_or_insert(start);
        }
        for (name, value, at) in &tag.attributes {
            if document.attributes.len() < MOST && SPOKEN.contains(&name.as_str()) {
                document.attributes.push((decoded(value), *at));
            }
            if document.sources.len() < MOST && matches!(name.as_str(), "src" | "srcset" | "background") {
                document.sources.push((decoded(value), *at));
            }
        }
    }

    fn text(&mut self, range: Range<usize>) {
        if range.is_empty() || self.silent.is_some() {
            return;
        }
        self.document.places.push((self.document.text.len(), range.start));
        let text = &self.source[range.clone()];
        if memchr::memchr(b'&', text.as_bytes()).is_none() {
            self.document.text.push_str(text);
            return;
        }
        let mut from = 0;
        for at in memchr::memchr_iter(b'&', text.as_bytes()) {
            if at < from {
                continue;
            }
            if let Some((said, length)) = reference::at(&text[at..]) {
                self.document.text.push_str(&text[from..at]);
                self.document.text.push(said);
                from = at + length;
                self.document.places.push((self.document.text.len(), range.start + from));
            }
        }
        self.document.text.push_str(&text[from..]);
    }

    /// A block stands on lines of its own.
    fn break_at(&mut self, name: &str, end: usize) {
        if !INLINE.contains(&name) && !self.document.text.ends_with('\n') {
            self.document.text.push('\n');
            self.document.places.push((self.document.text.len(), end));
        }
    }

    fn end_link(&mut self) {
        if let Some((href, text, at)) = self.open.take()
            && self.document.links.len() < MOST
        {
            self.document.links.push(Link { href, text: text..self.document.text.len(), at });
        }
    }

    fn end_hiding(&mut self) {
        let Some(hiding) = self.hiding.take() else { return };
        let text = &self.document.text[hiding.text..];
        let letters = text.chars().filter(|own| own.is_alphanumeric()).count();
        let (before, at) = self.document.hidden;
        self.document.hidden = (before + letters, if before == 0 { hiding.at } else { at });
    }
}

/// What a browser takes for a comment, and a reader for a field that was left over.
fn is_of_a_template(comment: &str) -> bool {
    ["<?=", "<?php"].iter().any(|own| comment.starts_with(own))
}

fn tag<'a>(source: &'a str, name: Range<usize>, whole: &Range<usize>) -> Tag<'a> {
    let closes_itself = source[whole.clone()].ends_with("/>");
    let inside = name.end..whole.end;
    let name = source[name].to_ascii_lowercase();
    let mut tag = Tag { name, attributes: Vec::new(), closes_itself };
    let own = &source[inside.clone()];
    attributes(own.as_bytes(), |name, value| {
        if value.len() <= LONGEST && tag.attributes.len() < MOST_OF_A_TAG {
            let at = inside.start + value.start;
            tag.attributes.push((own[name].to_ascii_lowercase(), &own[value], at));
        }
    });
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_and_nothing_else() {
        let document = Document::read(
            "<html><head><style>p{color:red}</style><script>var a='<p>'</script></head><body><!-- {{x}} -->\
             <p>Hej <b>{{</b>name<i>}}</i> &amp; v&#228;n &lt;FirstName&gt;</p><pre>{{code}}</pre><p>a < b</p>",
        );
        assert_eq!(document.text.trim(), "Hej {{name}} & vän <FirstName>\na < b");
    }

    #[test]
    fn places_lead_back_to_the_source() {
        let source = "<p>one &amp; two</p>\r\n<p>{{x}}</p>";
        let document = Document::read(source);
        let at = document.text.find("{{").unwrap();
        assert_eq!(document.source_of(at), source.find("{{").unwrap());
    }

    #[test]
    fn links_images_scripts_and_what_is_hidden_are_found() {
        let document = Document::read(
            "<a href='http://x.example/?a=1&amp;b=2'>x.example</a><img src=a><img src=b alt=''><img src=c width=1>\
             <div style='DISPLAY: none'>hidden <div>words</div></div><p onclick=\"go()\">seen</p><form></form>",
        );
        assert_eq!(document.links[0].href, "http://x.example/?a=1&b=2");
        assert_eq!(&document.text[document.links[0].text.clone()].trim(), &"x.example");
        assert_eq!((document.images, document.hidden.0), (3, 11));
        assert!(document.image_without_alt.is_some() && document.script.is_some() && document.form.is_some());
    }

    #[test]
    fn broken_markup_is_read_to_its_end() {
        for broken in
            ["<a href=\"x", "<p", "<", "</", "<a b='", "<!--", "<style>", "&#", "&#x110000;", "<p é=ü>"]
        {
            let _ = Document::read(broken);
        }
        let deep = "<div style='display:none'>".repeat(50_000);
        let _ = Document::read(&deep);
        let _ = Document::read(&"<a href=x ".repeat(100_000));
        let _ = Document::read(&"&".repeat(500_000));
    }
}
