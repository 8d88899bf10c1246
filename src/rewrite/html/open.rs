//! The elements that are open at a place of a document, as far as an insertion there has to know of them. The HTML
//! standard, 13.2.4.

use std::collections::HashMap;

use crate::mail::effort::looked_at;
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
/// Those of them that no other end tag ends, and that show what is in them.
fn is_walled(name: &[u8]) -> bool {
    matches!(name, b"marquee" | b"applet")
}
/// Outside of a table their start tags are none. The HTML standard, 13.2.6.4.7.
fn is_part_of_table(name: &[u8]) -> bool {
    matches!(name, b"tbody" | b"thead" | b"tfoot" | b"tr" | b"td" | b"th" | b"caption" | b"colgroup")
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
        let in_table = || [b"table".as_slice(), b"template"].iter().any(|own| self.has(&Name::of(own)));
        if own.is_empty() || is_void(own) || is_part_of_table(own) && !in_table() {
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

    fn has(&self, name: &Name) -> bool {
        self.count.contains_key(name)
    }

    pub fn end(&mut self, name: &Name) {
        if !self.has(name) {
            return;
        }
        let far = passes(name.bytes());
        let mut found = None;
        for (at, element) in self.elements.iter().enumerate().rev() {
            looked_at(1);
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
        let mut endings = String::new();
        let mut named: Vec<Name> = Vec::new();
        // An end tag ends the innermost of its name: those within what must end are ended first.
        let tags = self.elements.iter().filter_map(|element| {
            let name = element.name.bytes();
            let must = element.content == Content::Hidden || name == b"table" || is_walled(name);
            if must && !named.contains(&element.name) {
                named.push(element.name);
            }
            named.contains(&element.name).then_some(name)
        });
        let tags: Vec<&[u8]> = tags.collect();
        for name in tags.iter().rev() {
            endings.push_str("</");
            endings.push_str(&String::from_utf8_lossy(name));
            endings.push('>');
        }
        endings
    }
}
