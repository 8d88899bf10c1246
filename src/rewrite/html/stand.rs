//! Where in HTML a place stands: in text, in a link's text, in a tag, in what is no markup. One pass over a document for
//! all its places; nothing is written here.

use std::iter::Peekable;
use std::ops::Range;

use super::conditional;
use crate::mail::html::{Token, Tokens, attributes, name_end};

/// The longest tag that is read, in octets.
const LONGEST_TAG: usize = 16 * 1024;

/// What a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rewrite) enum Stand {
    Text,
    /// The text of a link.
    Linked,
    /// A tag that begins here.
    Tag {
        start: usize,
    },
    /// What Outlook alone reads, as text.
    Condition,
    /// A comment, a script, a style, or what else is no markup.
    Raw,
}

/// What each of these places, which are in order and apart, stands in. What they hold is read as no markup.
pub(in crate::rewrite) fn stands<'r>(
    html: &[u8],
    places: impl Iterator<Item = &'r Range<usize>> + Clone,
) -> Vec<Stand> {
    if places.clone().next().is_none() {
        return Vec::new();
    }
    let mut without = html.to_vec();
    places.clone().for_each(|place| without[place.clone()].fill(b'_'));
    let mut tokens = Tokens::of(&without).peekable();
    let mut linked = false;
    let mut condition = None;
    let stand = |place: &Range<usize>| {
        while let Some(passed) = tokens.next_if(|token| token.whole().end <= place.start) {
            match passed {
                Token::Start { name, .. } if is_link(&without[name.clone()]) => linked = true,
                Token::End { name, .. } if is_link(&without[name.clone()]) => linked = false,
                _ => {}
            }
        }
        match tokens.peek().filter(|token| token.whole().start <= place.start) {
            Some(Token::Start { whole, .. } | Token::End { whole, .. }) => Stand::Tag { start: whole.start },
            Some(Token::Comment(whole)) => {
                let same = condition.take().filter(|own: &Condition<'_>| own.whole == *whole);
                condition.insert(same.unwrap_or_else(|| Condition::of(&without, whole.clone()))).stand(place)
            }
            Some(Token::Raw(_)) => Stand::Raw,
            None if linked => Stand::Linked,
            None => Stand::Text,
        }
    };
    places.map(stand).collect()
}

/// A comment, which may be a condition.
struct Condition<'h> {
    whole: Range<usize>,
    /// What it holds, from where on.
    inside: Option<(usize, Peekable<Tokens<'h>>)>,
}

impl<'h> Condition<'h> {
    fn of(html: &'h [u8], whole: Range<usize>) -> Self {
        let inside = conditional(html, whole.clone());
        Self { whole, inside: inside.map(|own| (own.start, Tokens::of(&html[own]).peekable())) }
    }

    /// Of places in order.
    fn stand(&mut self, place: &Range<usize>) -> Stand {
        let Some((start, tokens)) = &mut self.inside else { return Stand::Raw };
        let Some(at) = place.start.checked_sub(*start) else { return Stand::Raw };
        while tokens.next_if(|token| token.whole().end <= at).is_some() {}
        match tokens.peek() {
            Some(token) if token.whole().start <= at => Stand::Raw,
            _ => Stand::Condition,
        }
    }
}

fn is_link(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"a")
}

/// A tag that a placeholder stands in.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rewrite) struct Tag {
    /// `a` or `area`.
    pub is_link: bool,
    /// What comes after the name of its `href`, up to the end of the value: empty where it has none.
    pub href: Option<Range<usize>>,
}

/// The tag that begins at `start` and goes on after `after`.
pub(in crate::rewrite) fn tag(html: &[u8], start: usize, after: usize) -> Tag {
    let end = html.len().min(after.saturating_add(LONGEST_TAG));
    let name = start + 1..name_end(&html[..end], start + 1);
    let inside = &html[name.end..end];
    let mut href = None;
    attributes(inside, |attribute, value| {
        if href.is_some() || !inside[attribute.clone()].eq_ignore_ascii_case(b"href") {
            return;
        }
        let between = &inside[attribute.end..value.start];
        let quoted = matches!(between.last(), Some(b'"' | b'\''));
        let last = if between.contains(&b'=') { value.end + usize::from(quoted) } else { attribute.end };
        href = Some(name.end + attribute.end..name.end + last.min(inside.len()));
    });
    let name = &html[name];
    Tag { is_link: is_link(name) || name.eq_ignore_ascii_case(b"area"), href }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each `@` stands in.
    fn stands_of(html: &str) -> Vec<Stand> {
        let places: Vec<Range<usize>> = html.match_indices('@').map(|(at, _)| at..at + 1).collect();
        stands(html.as_bytes(), places.iter())
    }

    #[test]
    fn places_are_told_apart() {
        let html = "@<p title='@>'@>@</p><a href=\"@\">@</a>@<!-- @ <a> --><style>@</style><script>a<b '@</script>@<br @>@";
        let tag = |name: &str| Stand::Tag { start: html.find(name).unwrap() };
        let (text, raw) = (Stand::Text, Stand::Raw);
        assert_eq!(
            stands_of(html),
            [
                text,
                tag("<p"),
                tag("<p"),
                text,
                tag("<a"),
                Stand::Linked,
                text,
                raw,
                raw,
                raw,
                text,
                tag("<br"),
                text
            ]
        );
        assert_eq!(
            stands_of("<!--[if @]>@<a b=@><@ @<!-- @ --><![endif]-->@<!--[if mso]><@"),
            [raw, Stand::Condition, raw, Stand::Condition, Stand::Condition, raw, text, Stand::Condition]
        );
        assert_eq!(stands_of("5 < 6 @ <% @ %>"), [text, text]);
        assert_eq!(stands_of("<p x='y' it's @> @"), [Stand::Tag { start: 0 }, text]);
        assert_eq!(stands_of("<!--> @ <noscript>@"), [text, text]);
    }

    #[test]
    fn what_a_placeholder_holds_is_no_markup() {
        let html = "<a href=<%link%>>words</a> <%link%> @";
        let places: Vec<Range<usize>> =
            html.match_indices("<%link%>").map(|(at, own)| at..at + own.len()).collect();
        assert_eq!(stands(html.as_bytes(), places.iter()), [Stand::Tag { start: 0 }, Stand::Text]);
    }

    #[test]
    fn the_link_of_a_tag_is_found_however_it_is_quoted() {
        for (html, href) in [
            ("<a data-x=\"1\" HREF = 'y' z>", Some(" = 'y'")),
            ("<a href=y/z data-x=1>", Some("=y/z")),
            ("<a href=y href=z>", Some("=y")),
            ("<area\nhref=\"\"\n>", Some("=\"\"")),
            ("<a title=\"href=x\" data-x>", None),
            ("<a href>", Some("")),
            ("<a href z>", Some("")),
            ("<a href= >", Some("= ")),
            ("<a href=\"x", Some("=\"x")),
        ] {
            let tag = tag(html.as_bytes(), 0, 0);
            assert_eq!((tag.is_link, tag.href.map(|at| &html[at])), (true, href), "{html}");
        }
        assert!(!tag(b"<img href=x>", 0, 0).is_link);
    }
}
