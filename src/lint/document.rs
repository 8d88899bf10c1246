//! An HTML document as its reader gets it: the text that is shown, what its attributes say, its links, and what
//! mailbox providers look for. Pure; one pass, linear. It finds places; nothing is changed.
//!
//! Read as browsers do where that matters: comments (conditional ones too), scripts and styles show nothing; an
//! unknown element shows its content.

mod reference;

use std::ops::Range;

pub use reference::decoded;

/// The most links and attributes that are kept.
const MOST: usize = 2_000;
/// The longest attribute that is looked at, in octets.
const LONGEST: usize = 8 * 1024;

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
        let mut reader = Reader { source, at: 0, document: Self::default(), open: None, hiding: None };
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
    at: usize,
    document: Document,
    /// The link that has not ended yet.
    open: Option<(String, usize, usize)>,
    /// What hides, how deep it is in elements of its own name, and where its text began.
    hiding: Option<Hiding>,
}

struct Hiding {
    name: String,
    depth: usize,
    text: usize,
    at: usize,
}

/// A start tag.
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
        while let Some(found) = memchr::memchr(b'<', &self.source.as_bytes()[self.at..]) {
            let start = self.at + found;
            self.text(self.at..start);
            self.at = start;
            self.markup();
        }
        self.text(self.at..self.source.len());
        self.end_link();
        self.end_hiding();
    }

    fn markup(&mut self) {
        let rest = &self.source[self.at..];
        let next = rest.as_bytes().get(1).copied().unwrap_or_default();
        if rest.starts_with("<!--") {
            let end = memchr::memmem::find(&rest.as_bytes()[2..], b"-->").map_or(rest.len(), |end| end + 5);
            self.at += end;
        } else if next == b'!' || next == b'?' && !rest.starts_with("<?=") && !rest.starts_with("<?php") {
            self.at += memchr::memchr(b'>', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        } else if next == b'/' && rest.as_bytes().get(2).is_some_and(u8::is_ascii_alphabetic) {
            self.end_tag();
        } else if next.is_ascii_alphabetic() {
            self.start_tag();
        } else {
            self.text(self.at..self.at + 1);
            self.at += 1;
        }
    }

    fn end_tag(&mut self) {
        let rest = &self.source[self.at..];
        let end = memchr::memchr(b'>', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        let name: String = rest[2..].chars().take_while(|own| is_of_a_name(*own)).collect();
        let name = name.to_ascii_lowercase();
        self.at += end;
        if name == "a" {
            self.end_link();
        }
        self.break_at(&name);
        if let Some(hiding) = self.hiding.as_mut().filter(|hiding| hiding.name == name) {
            hiding.depth -= 1;
            if hiding.depth == 0 {
                self.end_hiding();
            }
        }
    }

    fn start_tag(&mut self) {
        let start = self.at;
        let (tag, end) = tag(self.source, start);
        self.at = end;
        self.break_at(&tag.name);
        self.notice(&tag, start);
        if let Some(hiding) =
            self.hiding.as_mut().filter(|hiding| hiding.name == tag.name && !tag.closes_itself)
        {
            hiding.depth += 1;
        } else if self.hiding.is_none()
            && !VOID.contains(&tag.name.as_str())
            && tag.value("style").is_some_and(hides)
        {
            let text = self.document.text.len();
            self.hiding = Some(Hiding { name: tag.name.clone(), depth: 1, text, at: start });
        }
        if SILENT.contains(&tag.name.as_str()) && !tag.closes_itself {
            self.skip(&tag.name);
        }
    }

    /// Past the end tag of an element that shows nothing.
    fn skip(&mut self, name: &str) {
        let rest = &self.source.as_bytes()[self.at..];
        let ends = |at: &usize| {
            rest.get(at + 2..at + 2 + name.len()).is_some_and(|own| own.eq_ignore_ascii_case(name.as_bytes()))
        };
        let end = memchr::memmem::find_iter(rest, b"</").find(ends);
        self.at += end.unwrap_or(rest.len());
    }

    fn notice(&mut self, tag: &Tag<'_>, start: usize) {
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
                let end = self.at.min(start + 60);
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
        }
    }

    fn text(&mut self, range: Range<usize>) {
        if range.is_empty() {
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
    fn break_at(&mut self, name: &str) {
        if !INLINE.contains(&name) && !self.document.text.ends_with('\n') {
            self.document.text.push('\n');
            self.document.places.push((self.document.text.len(), self.at));
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

fn is_of_a_name(own: char) -> bool {
    !own.is_whitespace() && own != '>' && own != '/'
}

fn hides(style: &str) -> bool {
    let style: String =
        style.chars().filter(|own| !own.is_whitespace()).collect::<String>().to_ascii_lowercase();
    ["display:none", "visibility:hidden", "font-size:0;", "font-size:0px", "opacity:0;"]
        .iter()
        .any(|own| style.contains(own))
        || style.ends_with("font-size:0")
        || style.ends_with("opacity:0")
}

/// The start tag that begins here, and where it ends.
fn tag(source: &str, start: usize) -> (Tag<'_>, usize) {
    let bytes = source.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() && is_of_a_name(char::from(bytes[at])) {
        at += 1;
    }
    let name = source[start + 1..at].to_ascii_lowercase();
    let mut tag = Tag { name, attributes: Vec::new(), closes_itself: false };
    loop {
        while at < bytes.len() && (bytes[at].is_ascii_whitespace() || bytes[at] == b'/') {
            at += 1;
        }
        match bytes.get(at) {
            None => return (tag, at),
            Some(b'>') => {
                tag.closes_itself = bytes[at - 1] == b'/';
                return (tag, at + 1);
            }
            Some(_) => at = attribute(source, at, &mut tag),
        }
    }
}

/// Reads an attribute; answers where it ends.
fn attribute<'a>(source: &'a str, start: usize, tag: &mut Tag<'a>) -> usize {
    let bytes = source.as_bytes();
    let is_end = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/');
    let mut at = start + 1;
    while at < bytes.len() && !is_end(bytes[at]) {
        at += 1;
    }
    let name = &source[start..at];
    let mut value = at;
    while value < bytes.len() && bytes[value].is_ascii_whitespace() {
        value += 1;
    }
    if bytes.get(value) != Some(&b'=') {
        return at;
    }
    value += 1;
    while value < bytes.len() && bytes[value].is_ascii_whitespace() {
        value += 1;
    }
    let (from, to, end) = match bytes.get(value) {
        Some(quote @ (b'"' | b'\'')) => {
            let to = memchr::memchr(*quote, &bytes[value + 1..]).map_or(bytes.len(), |to| value + 1 + to);
            (value + 1, to, (to + 1).min(bytes.len()))
        }
        _ => {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
            let to = bytes[value..].iter().position(ends).map_or(bytes.len(), |to| value + to);
            (value, to, to)
        }
    };
    if to - from <= LONGEST && tag.attributes.len() < 64 {
        tag.attributes.push((name.to_ascii_lowercase(), &source[from..to], from));
    }
    end
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
