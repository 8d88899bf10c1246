//! What tracks in an HTML document: elements that are pictures nobody sees, backgrounds, and links. It reads tags as
//! browsers cut them, in conditional comments too, which Outlook reads. One pass, and another over its styles where a
//! hidden picture could be shown by one.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

use super::css::{self, Loaded};
use super::shape::Shape;
use super::{Finds, Search};
use crate::mail::html::{Left, Name, Token, Tokens, attributes};
use crate::policy::tracking::Handling;
use crate::policy::tracking::address::WebAddress;
use crate::rewrite::html::{self, Value};
use crate::rewrite::placeholders::{Insertion, Reading, gap};

/// Elements that are a picture; AMP's have an end tag, and the picture for who can't show them within.
const PICTURES: [&[u8]; 5] = [b"img", b"image", b"amp-img", b"amp-anim", b"amp-pixel"];
/// Those of them without content.
const VOID: [&[u8]; 2] = [b"img", b"image"];
/// Elements whose content nobody sees where they are hidden, and which templates end.
const CONTAINERS: [&[u8]; 5] = [b"div", b"span", b"table", b"center", b"section"];
/// The end of one of these ends what is open in it.
const CELLS: [&[u8]; 3] = [b"td", b"th", b"table"];
/// The most classes of one element that are looked at.
const MOST_CLASSES: usize = 32;
/// The most words of a document's styles that are remembered.
const MOST_STYLED: usize = 100_000;

pub(super) fn look(document: &[u8], search: &Search<'_>, finds: &mut Finds) {
    let mut walk = Walk {
        document,
        search,
        finds,
        styled: OnceCell::new(),
        base: None,
        open: None,
        hiding: None,
        in_style: false,
        left: Left::Nothing,
    };
    walk.walk(0..document.len(), Within::Document);
}

/// What a walk goes through. A comment in a comment is none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Document,
    Condition,
}

struct Walk<'a> {
    document: &'a [u8],
    search: &'a Search<'a>,
    finds: &'a mut Finds,
    /// Words of the document's styles.
    styled: OnceCell<HashSet<&'a [u8]>>,
    /// What addresses without a host begin with.
    base: Option<Base>,
    /// A picture with content that goes when it ends.
    open: Option<OpenPicture>,
    hiding: Option<Hiding>,
    /// Whether the element that was opened last is a style.
    in_style: bool,
    /// What the tag at hand ends besides its own.
    left: Left,
}

/// `<base href>`.
struct Base {
    /// `https://host`
    origin: String,
    /// Up to the last slash.
    folder: String,
}

struct OpenPicture {
    name: Name,
    depth: usize,
    /// Its place among what was found.
    index: usize,
}

/// The outermost element that hides its content.
struct Hiding {
    name: Name,
    depth: usize,
    /// Cells that were opened in it and have not ended.
    cells: usize,
}

/// What a start tag says that matters here, each the first of its name.
#[derive(Default)]
struct Tag {
    src: Option<Range<usize>>,
    width: Option<Range<usize>>,
    height: Option<Range<usize>>,
    style: Option<Range<usize>>,
    class: Option<Range<usize>>,
    id: Option<Range<usize>>,
    href: Option<Range<usize>>,
    action: Option<Range<usize>>,
    background: Option<Range<usize>>,
    srcset: Option<Range<usize>>,
    poster: Option<Range<usize>>,
    data: Option<Range<usize>>,
    hidden: bool,
}

impl Tag {
    /// `inside` goes from the end of the name to the end of the tag.
    fn read(document: &[u8], inside: Range<usize>) -> Self {
        let mut tag = Self::default();
        let Some(text) = document.get(inside.clone()) else { return tag };
        attributes(text, |name, value| {
            let value = inside.start + value.start..inside.start + value.end;
            let place = match Name::of(&text[name]).bytes() {
                b"src" => &mut tag.src,
                b"width" => &mut tag.width,
                b"height" => &mut tag.height,
                b"style" => &mut tag.style,
                b"class" => &mut tag.class,
                b"id" => &mut tag.id,
                b"href" => &mut tag.href,
                b"action" | b"action-xhr" => &mut tag.action,
                b"background" => &mut tag.background,
                b"srcset" | b"imagesrcset" => &mut tag.srcset,
                b"poster" => &mut tag.poster,
                b"data" => &mut tag.data,
                b"hidden" => return tag.hidden = true,
                _ => return,
            };
            place.get_or_insert(value);
        });
        tag
    }
}

impl<'a> Walk<'a> {
    fn walk(&mut self, at: Range<usize>, within: Within) {
        let document = self.document;
        let Some(text) = document.get(at.clone()) else { return };
        let place = |range: Range<usize>| at.start + range.start..at.start + range.end;
        let mut tokens = Tokens::of(text);
        while let Some(token) = tokens.next() {
            match token {
                Token::Start { name, whole } => {
                    self.left = tokens.left();
                    self.start(place(name), place(whole));
                }
                Token::End { name, whole } => self.end(&document[place(name)], place(whole).end),
                Token::Comment(whole) => {
                    let inner = html::conditional(document, place(whole));
                    if let Some(inner) = inner.filter(|_| within == Within::Document) {
                        // Nothing goes from one side of a comment to the other.
                        self.open = None;
                        self.walk(inner, Within::Condition);
                        self.open = None;
                    }
                }
                Token::Raw(whole) if self.in_style => self.stylesheet(place(whole)),
                Token::Raw(_) => {}
            }
        }
    }

    fn start(&mut self, name: Range<usize>, whole: Range<usize>) {
        let own = Name::of(&self.document[name.clone()]);
        let bytes = own.bytes();
        self.in_style = bytes == b"style";
        let tag = Tag::read(self.document, name.end..whole.end);
        if bytes == b"base" && self.base.is_none() {
            self.base = tag.href.and_then(|href| Base::read(&self.address(href)?));
            return;
        }
        let shape = self.shape(&tag);
        // What else stands in a picture doesn't go with it.
        if !PICTURES.contains(&bytes) && bytes != b"noscript" || self.left == Left::Foreign {
            self.open = None;
        }
        if PICTURES.contains(&bytes) {
            if self.picture(&own, &tag, shape, &whole) {
                return;
            }
        } else {
            self.nest(&own, &tag, shape);
        }
        self.loaded(bytes, &tag);
        let small = shape.is_small() && self.search.trackers.shapes().small == Handling::TakeOut;
        if let Some(style) = tag.style.and_then(|style| Value::attribute(self.document, style)) {
            self.css(&style, small);
        }
        match bytes {
            b"a" | b"area" => self.link(tag.href),
            b"form" => self.link(tag.action),
            _ if bytes.starts_with(b"v:") => self.link(tag.href),
            _ => {}
        }
    }

    /// What an element loads that stays.
    fn loaded(&mut self, name: &[u8], tag: &Tag) {
        if !PICTURES.contains(&name) {
            self.emptied(tag.src.clone());
        }
        if name == b"link" {
            self.emptied(tag.href.clone());
        }
        if name == b"object" {
            self.emptied(tag.data.clone());
        }
        self.emptied(tag.background.clone());
        self.emptied(tag.poster.clone());
        self.emptied_set(tag.srcset.clone());
    }

    /// Follows what hides its content.
    fn nest(&mut self, own: &Name, tag: &Tag, shape: Shape) {
        let bytes = own.bytes();
        if let Some(hiding) = &mut self.hiding {
            hiding.depth += usize::from(hiding.name == *own);
            hiding.cells += usize::from(CELLS.contains(&bytes));
        } else if CONTAINERS.contains(&bytes) && shape.is_hidden() && !self.may_be_shown(tag) {
            self.hiding = Some(Hiding { name: *own, depth: 1, cells: 0 });
        }
    }

    fn end(&mut self, name: &[u8], end: usize) {
        let own = Name::of(name);
        if let Some(open) = self.open.as_mut().filter(|open| open.name == own) {
            open.depth -= 1;
            if open.depth == 0 {
                let index = open.index;
                self.open = None;
                // What was found in it goes with it.
                self.finds.found.truncate(index + 1);
                let picture = self.finds.found.get_mut(index);
                if let Some(piece) = picture.and_then(|own| own.pieces.last_mut()) {
                    piece.at.end = end;
                }
            }
        }
        if !PICTURES.contains(&own.bytes()) && own.bytes() != b"noscript" {
            self.open = None;
        }
        let Some(hiding) = &mut self.hiding else { return };
        let ends_all = matches!(own.bytes(), b"body" | b"html");
        let ends_around = CELLS.contains(&own.bytes()) && hiding.cells == 0 && hiding.name != own;
        hiding.depth -= usize::from(hiding.name == own);
        hiding.cells -= usize::from(CELLS.contains(&own.bytes()) && hiding.cells > 0);
        if hiding.depth == 0 || ends_all || ends_around {
            self.hiding = None;
        }
    }

    fn shape(&self, tag: &Tag) -> Shape {
        let text = |at: &Option<Range<usize>>| {
            let value = Value::attribute(self.document, at.clone()?)?;
            Some(value.text)
        };
        let (width, height, style) = (text(&tag.width), text(&tag.height), text(&tag.style));
        Shape::of(width.as_deref(), height.as_deref(), style.as_deref(), tag.hidden)
    }

    /// Takes a picture out that tracks; answers whether it did.
    fn picture(&mut self, own: &Name, tag: &Tag, shape: Shape, whole: &Range<usize>) -> bool {
        if let Some(open) = self.open.as_mut().filter(|open| open.name == *own) {
            open.depth += 1;
        }
        let own_address = tag.src.clone().and_then(|src| self.picture_address(src));
        // A set alone is emptied where the picture has another one to show.
        let goes_by_name = own_address.is_some() || tag.src.is_none();
        let of_set = || self.candidates(tag.srcset.clone()?).next();
        let Some(address) = own_address.or_else(of_set) else { return false };
        let named = goes_by_name && self.search.trackers.is_pixel(&address);
        if !named && !self.is_unseen(own, tag, shape, &address) {
            return false;
        }
        if !named {
            self.finds.unnamed(&address, self.search);
        }
        let text = self.left_behind(whole);
        let index = self.finds.found.len();
        self.finds.pixel(Insertion { at: whole.clone(), text });
        let was_added = self.finds.found.len() > index;
        if was_added && self.open.is_none() && !VOID.contains(&own.bytes()) {
            self.open = Some(OpenPicture { name: *own, depth: 1, index });
        }
        true
    }

    /// Whether only who counts can want such a picture.
    fn is_unseen(&self, own: &Name, tag: &Tag, shape: Shape, address: &WebAddress) -> bool {
        let shapes = self.search.trackers.shapes();
        // An `amp-pixel` has no other use.
        let small = shape.is_small() || own.bytes() == b"amp-pixel";
        let hidden = || {
            let own = shape.is_hidden() && !self.may_be_shown(tag);
            // A size that is said makes it a picture of something that is hidden for now.
            let within = self.hiding.is_some() && tag.width.is_none() && tag.height.is_none();
            own || within
        };
        (small && shapes.small == Handling::TakeOut && !(shape.is_hidden() && self.may_be_shown(tag))
            || shapes.hidden == Handling::TakeOut && hidden())
            && !self.search.trackers.is_harmless(address)
    }

    /// Whether a rule of the document's styles is about it: mail clients for telephones get other pictures so.
    fn may_be_shown(&self, tag: &Tag) -> bool {
        let value =
            |at: &Option<Range<usize>>| at.clone().and_then(|at| self.document.get(at)).unwrap_or_default();
        let names = [value(&tag.class), value(&tag.id)];
        let words = names.iter().flat_map(|names| names.split(u8::is_ascii_whitespace));
        let mut words = words.filter(|word| !word.is_empty()).take(MOST_CLASSES).peekable();
        words.peek().is_some() && {
            let styled = self.styled.get_or_init(|| styled(self.document));
            words.any(|word| styled.contains(word))
        }
    }

    /// Nothing, but where what stands around the element would then mean something else.
    fn left_behind(&self, whole: &Range<usize>) -> String {
        if self.left == Left::Foreign {
            return "<img alt=\"\">".to_owned();
        }
        gap(self.document, whole, "", Reading::Markup).to_owned()
    }

    /// A value that policy names is emptied, which asks nobody for a picture.
    fn emptied(&mut self, at: Option<Range<usize>>) {
        let Some(at) = at else { return };
        if self.picture_address(at.clone()).is_some_and(|own| self.search.trackers.is_pixel(&own)) {
            self.empty(at);
        }
    }

    /// The same of several pictures to choose from, all of them if one is named.
    fn emptied_set(&mut self, at: Option<Range<usize>>) {
        let Some(at) = at else { return };
        if self.candidates(at.clone()).any(|own| self.search.trackers.is_pixel(&own)) {
            self.empty(at);
        }
    }

    fn empty(&mut self, at: Range<usize>) {
        let quoted = at.start.checked_sub(1).and_then(|before| self.document.get(before));
        let text = if matches!(quoted, Some(b'"' | b'\'')) { "" } else { "\"\"" };
        self.finds.pixel(Insertion { at, text: text.to_owned() });
    }

    /// The pictures of a `srcset` that somebody else hosts. The HTML standard, 4.8.4.2.1.
    fn candidates(&self, at: Range<usize>) -> impl Iterator<Item = WebAddress> + use<'_, 'a> {
        let text = Value::attribute(self.document, at).map(|value| value.text).unwrap_or_default();
        let words: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
        words.into_iter().filter_map(|word| {
            let address = self.absolute(word.trim_matches(','))?;
            (!self.search.is_ours(&address)).then_some(address)
        })
    }

    /// A style that holds rules.
    fn stylesheet(&mut self, at: Range<usize>) {
        let Some(text) = self.document.get(at.clone()) else { return };
        let place = |own: &Range<usize>| at.start + own.start..at.start + own.end;
        for import in css::imports(text) {
            if self.absolute(&import.address).is_some_and(|own| self.search.trackers.is_pixel(&own)) {
                self.finds.pixel(Insertion { at: place(&import.whole), text: String::new() });
            }
        }
        for url in css::urls(text) {
            self.url(&url, place(&url.whole), false);
        }
    }

    /// An element's own style.
    fn css(&mut self, style: &Value, small: bool) {
        for url in css::urls(style.text.as_bytes()) {
            self.url(&url, style.origin(&url.whole), small);
        }
    }

    /// What policy names, or an element that nobody sees loads, becomes `none`.
    fn url(&mut self, url: &Loaded, at: Range<usize>, small: bool) {
        let Some(address) = self.absolute(&url.address).filter(|own| !self.search.is_ours(own)) else {
            return;
        };
        let named = self.search.trackers.is_pixel(&address);
        if named || small && !self.search.trackers.is_harmless(&address) {
            if !named {
                self.finds.unnamed(&address, self.search);
            }
            self.finds.pixel(Insertion { at, text: "none".to_owned() });
        }
    }

    fn link(&mut self, at: Option<Range<usize>>) {
        let Some(value) = at.and_then(|at| Value::attribute(self.document, at)) else { return };
        let value = value.address();
        let Some(address) = WebAddress::parse(&value.text) else { return };
        self.finds.link(&address, self.search, |at, with| Insertion {
            at: value.origin(&at),
            text: html::escape(with),
        });
    }

    fn address(&self, at: Range<usize>) -> Option<String> {
        Some(Value::attribute(self.document, at)?.address().text)
    }

    /// Of a picture that somebody else hosts.
    fn picture_address(&self, at: Range<usize>) -> Option<WebAddress> {
        self.absolute(&self.address(at)?).filter(|own| !self.search.is_ours(own))
    }

    fn absolute(&self, text: &str) -> Option<WebAddress> {
        WebAddress::parse(text).or_else(|| WebAddress::parse(&self.base.as_ref()?.join(text)?))
    }
}

impl Base {
    fn read(text: &str) -> Option<Self> {
        let address = WebAddress::parse(text)?;
        let path = address.path();
        let folder = path.get(..=path.rfind('/').unwrap_or_default()).unwrap_or("/");
        Some(Self { origin: format!("https://{}", address.host()), folder: folder.to_owned() })
    }

    /// `None` of what has a scheme, or is no place.
    fn join(&self, text: &str) -> Option<String> {
        let scheme = text.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':'));
        match text.chars().next() {
            None | Some('#') => None,
            Some('/') => Some(format!("{}{text}", self.origin)),
            Some(_) if scheme => None,
            Some(_) => Some(format!("{}{}{text}", self.origin, self.folder)),
        }
    }
}

/// The words of all styles, the first of them.
fn styled(document: &[u8]) -> HashSet<&[u8]> {
    let mut words = HashSet::new();
    let mut in_style = false;
    for token in Tokens::of(document) {
        match token {
            Token::Start { name, .. } => in_style = Name::of(&document[name]).bytes() == b"style",
            Token::Raw(whole) if in_style => {
                let of_a_word = |octet: &u8| {
                    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') || !octet.is_ascii()
                };
                let own = document[whole].split(|octet| !of_a_word(octet)).filter(|word| !word.is_empty());
                for word in own {
                    if words.len() >= MOST_STYLED {
                        return words;
                    }
                    words.insert(word);
                }
            }
            _ => {}
        }
    }
    words
}
