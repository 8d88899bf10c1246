//! The elements that are open at a place of a document, as far as an insertion there has to know of them. The HTML
//! standard, 13.2.4.

use std::collections::HashMap;

use crate::mail::html::Name;

/// Browsers nest little deeper; what is deeper is not told apart.
const MOST: usize = 256;
/// Elements without an end. The HTML standard, 13.1.2. Of the last three there is one, whatever its tags say.
fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area"
            | b"base"
            | b"basefont"
            | b"br"
            | b"col"
            | b"embed"
            | b"hr"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"param"
            | b"source"
            | b"track"
            | b"wbr"
            | b"html"
            | b"head"
            | b"body"
    )
}
/// What is within is not shown where they are understood.
fn hides(name: &[u8]) -> bool {
    matches!(name, b"template" | b"select" | b"object" | b"video" | b"audio" | b"canvas" | b"datalist")
}
/// What is within is shown when somebody opens them.
fn is_folded(name: &[u8]) -> bool {
    matches!(name, b"details" | b"dialog")
}
/// Elements whose end tag may be left out before another of the same name. The HTML standard, 13.1.2.4.
fn may_be_unended(name: &[u8]) -> bool {
    matches!(
        name,
        b"p" | b"li" | b"dt" | b"dd" | b"tr" | b"td" | b"th" | b"tbody" | b"thead" | b"option" | b"optgroup"
    )
}
/// End tags within them end nothing outside of them. The HTML standard, 13.2.4.2.
fn is_barrier(name: &[u8]) -> bool {
    matches!(name, b"table" | b"td" | b"th" | b"caption" | b"template" | b"object" | b"marquee" | b"applet")
}
/// But these do.
fn passes(name: &[u8]) -> bool {
    matches!(
        name,
        b"table" | b"tbody" | b"thead" | b"tfoot" | b"tr" | b"td" | b"th" | b"caption" | b"template"
    )
}

/// Elements, outermost first.
#[derive(Default)]
pub(super) struct Open {
    elements: Vec<Element>,
    /// How many of each name, so that an end tag of none costs nothing.
    count: HashMap<Name, usize>,
    hiding: usize,
}

struct Element {
    name: Name,
    content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Shown,
    Hidden,
}

/// What a start tag's attributes say of whether its element is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    Hidden,
    /// It is, though it could be folded.
    Open,
}

impl Open {
    pub fn start(&mut self, name: &Name, says: Says) {
        let own = name.bytes();
        if own.is_empty() || is_void(own) {
            return;
        }
        if may_be_unended(own) && self.elements.last().is_some_and(|last| last.name == *name) {
            self.pop();
        }
        if self.elements.len() < MOST {
            let hidden = match says {
                Says::Hidden => true,
                Says::Open => hides(own),
                Says::Nothing => hides(own) || is_folded(own),
            };
            let content = if hidden { Content::Hidden } else { Content::Shown };
            self.hiding += usize::from(hidden);
            *self.count.entry(*name).or_default() += 1;
            self.elements.push(Element { name: *name, content });
        }
    }

    pub fn end(&mut self, name: &Name) {
        if !self.count.contains_key(name) {
            return;
        }
        let far = passes(name.bytes());
        let mut found = None;
        for (at, element) in self.elements.iter().enumerate().rev() {
            if element.name == *name {
                found = Some(at);
            }
            if found.is_some() || !far && is_barrier(element.name.bytes()) {
                break;
            }
        }
        while found.is_some_and(|at| self.elements.len() > at) {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(Element { name, content }) = self.elements.pop() else {
            return;
        };
        self.hiding -= usize::from(content == Content::Hidden);
        if let Some(count) = self.count.get_mut(&name) {
            *count -= 1;
            if *count == 0 {
                self.count.remove(&name);
            }
        }
    }

    /// Whether any of them hides what is in it.
    pub fn hides(&self) -> bool {
        self.hiding > 0
    }

    /// The end tags that bring what follows into sight, and out of tables.
    pub fn endings(&self) -> String {
        let ended =
            |element: &&Element| element.content == Content::Hidden || element.name.bytes() == b"table";
        let tag = |element: &Element| format!("</{}>", String::from_utf8_lossy(element.name.bytes()));
        self.elements.iter().rev().filter(ended).map(tag).collect()
    }
}
