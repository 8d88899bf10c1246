//! Words of others, such as a form's text, as they may stand in mail of ours: mail clients make links of whatever looks
//! like one, and a form that a robot fills in must not carry its links to strangers. Pure.

use std::sync::LazyLock;

use regex::Regex;

/// The most characters that are quoted.
const LONGEST: usize = 1_000;
const MOST_LINES: usize = 20;
/// Seen by nobody, and no client looks for an address beyond it.
const BREAK: char = '\u{200B}';

/// What makes a text an address: a scheme's colon, the dot of a host, an `@`. The dot keeps out of placeholders, too.
static JOINTS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:[:/]/?|@|[.。．｡])[^\s\u{200B}]").expect("the expression is fixed"));

/// A text that others wrote: bounded, in lines, with nothing in it that becomes a link or a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote(Vec<String>);

impl Quote {
    /// `None` where nothing of it can be shown.
    pub fn of(text: &str) -> Option<Self> {
        let cut: String = text.chars().take(LONGEST).collect();
        let more = text.chars().nth(LONGEST).is_some();
        let mut lines: Vec<String> = cut.lines().map(unlinked).filter(|line| !line.is_empty()).collect();
        let more = more || lines.len() > MOST_LINES;
        lines.truncate(MOST_LINES);
        if more && let Some(last) = lines.last_mut() {
            last.push('…');
        }
        (!lines.is_empty()).then_some(Self(lines))
    }

    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// One line in which no client finds an address.
pub fn unlinked(text: &str) -> String {
    let line = line(text);
    let mut out = String::with_capacity(line.len() + 16);
    let mut from = 0;
    while let Some(joint) = JOINTS.find_at(&line, from) {
        // Behind the mark, and before what follows it.
        let after = line[..joint.end()].char_indices().next_back().map_or(joint.end(), |(at, _)| at);
        out.push_str(&line[from..after]);
        out.push(BREAK);
        from = after;
    }
    out.push_str(&line[from..]);
    out
}

/// One line without what steers a display: control characters, and those that change the direction of reading.
pub fn line(text: &str) -> String {
    let shown = |own: &char| !is_steering(*own);
    let plain: String =
        text.chars().map(|own| if own.is_control() { ' ' } else { own }).filter(shown).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Unicode's bidirectional controls, and what is there to be seen by nobody. UAX 9, 2.
fn is_steering(own: char) -> bool {
    matches!(own,
        '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Vec<String> {
        Quote::of(text).map(|quote| quote.lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    #[test]
    fn nothing_that_is_quoted_is_an_address_any_more() {
        for text in [
            "buy at https://evil.example/now?x=1",
            "buy at HTTP://EVIL.EXAMPLE",
            "www.evil.example",
            "evil.example/now",
            "mail me@evil.example",
            "mailto:me@evil.example",
            "http:\\evil.example",
            "//evil.example",
        ] {
            let line = quoted(text).concat();
            for address in ["://", "evil.example", "evil.EXAMPLE", "EVIL.EXAMPLE", "www.e", "me@e", "//evil"]
            {
                assert!(!line.contains(address), "{address} in {line:?}");
            }
            assert_eq!(line.replace(BREAK, ""), text, "a reader sees what was written");
        }
        assert_eq!(quoted("Ja. Schickt mir Post, 3 mal."), ["Ja. Schickt mir Post, 3 mal."]);
    }

    #[test]
    fn nothing_that_is_quoted_is_a_placeholder() {
        for text in [
            "{{optgate.confirm_url}}",
            "{{{ optgate.preferences_url }}}",
            "%7B%7Boptgate.unsubscribe_url%7D%7D",
        ] {
            assert!(!quoted(text).concat().contains("optgate.confirm"), "{text}");
            assert!(quoted(text).concat().contains("optgate.\u{200B}"), "{text}");
        }
    }

    #[test]
    fn what_is_quoted_is_bounded_and_steers_nothing() {
        assert_eq!(quoted("a\u{202E}b\u{7}c\r\n\r\n\t d\u{200F}"), ["ab c", "d"]);
        assert_eq!(quoted(" \r\n\u{200B}"), [""; 0]);
        let long = quoted(&"ä".repeat(5_000));
        assert_eq!((long.len(), long[0].chars().count()), (1, LONGEST + 1));
        assert!(long[0].ends_with('…'));
        assert_eq!(quoted(&"x\n".repeat(400)).len(), MOST_LINES);
    }
}
