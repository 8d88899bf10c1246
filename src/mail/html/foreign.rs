//! Drawings and formulas in HTML: in them CDATA is text, and no element's content is raw. The HTML standard, 13.2.6.5.

use super::tokens::Closed;

/// More of them within each other are not told apart.
const MOST: usize = 64;

/// What is open of them, outermost first.
#[derive(Default)]
pub(super) struct Foreign {
    open: Vec<Kind>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Foreign,
    /// HTML within a drawing or formula.
    Html,
}

impl Foreign {
    pub fn is_here(&self) -> bool {
        self.open.last() == Some(&Kind::Foreign)
    }

    pub fn start(&mut self, name: &[u8], closed: Closed) {
        if self.is_here() && is_breakout(name) {
            let html = self.open.iter().rposition(|kind| *kind == Kind::Html).map_or(0, |html| html + 1);
            self.open.truncate(html);
        } else if closed == Closed::Yes && self.open.len() < MOST {
            if is_foreign(name) {
                self.open.push(Kind::Foreign);
            } else if self.is_here() && is_integration(name) {
                self.open.push(Kind::Html);
            }
        }
    }

    pub fn end(&mut self, name: &[u8]) {
        let kind = match name {
            _ if is_foreign(name) => Kind::Foreign,
            _ if is_integration(name) => Kind::Html,
            _ => return,
        };
        if let Some(at) = self.open.iter().rposition(|open| *open == kind) {
            self.open.truncate(at);
        }
    }
}

/// In them CDATA is text, and nothing is raw.
fn is_foreign(name: &[u8]) -> bool {
    matches!(name, b"svg" | b"math")
}

/// Back to HTML within drawings and formulas.
fn is_integration(name: &[u8]) -> bool {
    matches!(
        name,
        b"foreignobject" | b"desc" | b"title" | b"annotation-xml" | b"mi" | b"mo" | b"mn" | b"ms" | b"mtext"
    )
}

/// They end a drawing or formula that was left open.
fn is_breakout(name: &[u8]) -> bool {
    matches!(
        name,
        b"b" | b"big"
            | b"blockquote"
            | b"body"
            | b"br"
            | b"center"
            | b"code"
            | b"dd"
            | b"div"
            | b"dl"
            | b"dt"
            | b"em"
            | b"embed"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"head"
            | b"hr"
            | b"i"
            | b"img"
            | b"li"
            | b"listing"
            | b"menu"
            | b"meta"
            | b"nobr"
            | b"ol"
            | b"p"
            | b"pre"
            | b"ruby"
            | b"s"
            | b"small"
            | b"span"
            | b"strong"
            | b"strike"
            | b"sub"
            | b"sup"
            | b"table"
            | b"tt"
            | b"u"
            | b"ul"
            | b"var"
    )
}
