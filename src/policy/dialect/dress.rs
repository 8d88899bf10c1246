//! A placeholder's text as a regular expression that finds it in every dress: as typed, percent-encoded as in an
//! address, or as HTML writes it.

use std::fmt::Write as _;

/// The most blanks where the text has one; there may be none.
const MOST_BLANKS: usize = 8;
/// The most octets of one blank, and of one mark, in any dress.
const LONGEST_BLANK: usize = 11;
const LONGEST_MARK: usize = 14;
/// A blank, or the place where a tool has folded a line.
const BLANK: &str =
    r"(?:[ \t]|\r?\n[ \t]*|%20|%09|&nbsp;|&#0{0,4}160;|&#0{0,4}32;|&#[xX]0{0,4}[aA]0;|\xC2\xA0|\xA0)";

/// The expression for a text, and how many octets what it finds may have at most (line folds apart).
pub fn dressed(text: &str) -> (String, usize) {
    let mut out = String::new();
    let mut longest = 0;
    let mut after_blank = false;
    for character in text.chars() {
        if character == ' ' {
            if !after_blank {
                let _ = write!(out, "{BLANK}{{0,{MOST_BLANKS}}}");
                longest += MOST_BLANKS * LONGEST_BLANK;
            }
        } else if is_plain(character) {
            out.push_str(&regex::escape(&character.to_string()));
            longest += 1;
        } else {
            out.push_str(&mark(character));
            longest += LONGEST_MARK;
        }
        after_blank = character == ' ';
    }
    (out, longest)
}

/// An attribute of a tag: `name="value"` with any quotes, or none.
pub fn dressed_attribute(name: &str, value: &str) -> (String, usize) {
    let blanks = r"[ \t\r\n]{0,8}";
    let (name, value) = (regex::escape(name), regex::escape(value));
    let longest = name.len() + value.len() + 2 * 8 + 3;
    (format!("{name}{blanks}={blanks}(?:\"{value}\"|'{value}'|{value})"), longest)
}

/// The longest run of letters and digits, by which a text is looked for.
pub fn core(text: &str) -> &str {
    let runs = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    // The first of those that are as long.
    runs.fold("", |longest, run| if run.len() > longest.len() { run } else { longest })
}

/// What no encoder touches.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

fn mark(character: char) -> String {
    let code = u32::from(character);
    let digit = |own: char| match own {
        'A'..='F' => format!("[{own}{}]", own.to_ascii_lowercase()),
        _ => own.to_string(),
    };
    let hex: String = format!("{code:02X}").chars().map(digit).collect();
    let mut forms = vec![
        regex::escape(&character.to_string()),
        format!("%{hex}"),
        format!("&#0{{0,4}}{code};"),
        format!("&#[xX]0{{0,4}}{hex};"),
    ];
    // Readers take the oldest names without their semicolon too.
    let end = if matches!(character, '<' | '>' | '&' | '"') { ";?" } else { ";" };
    forms.extend(names(character).iter().map(|name| format!("&{name}{end}")));
    format!("(?:{})", forms.join("|"))
}

/// HTML's names of marks. HTML, 13.5.
fn names(character: char) -> &'static [&'static str] {
    match character {
        '{' => &["lbrace", "lcub"],
        '}' => &["rbrace", "rcub"],
        '[' => &["lbrack", "lsqb"],
        ']' => &["rbrack", "rsqb"],
        '(' => &["lpar"],
        ')' => &["rpar"],
        '<' => &["lt", "LT"],
        '>' => &["gt", "GT"],
        '&' => &["amp", "AMP"],
        '"' => &["quot", "QUOT"],
        '\'' => &["apos"],
        '%' => &["percnt"],
        '|' => &["vert", "verbar", "VerticalLine"],
        '*' => &["ast", "midast"],
        ':' => &["colon"],
        '=' => &["equals"],
        '#' => &["num"],
        '$' => &["dollar"],
        '@' => &["commat"],
        '!' => &["excl"],
        '/' => &["sol"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str, written: &str) -> bool {
        let expression = format!("(?-u)^(?:{})$", dressed(text).0);
        regex::bytes::Regex::new(&expression).unwrap().is_match(written.as_bytes())
    }

    #[test]
    fn a_text_is_found_however_its_marks_are_written() {
        for written in [
            "<%a_url%>",
            "&lt;%a_url%&gt;",
            "%3C%25a_url%25%3E",
            "%3c%25a_url%25%3e",
            "&#60;&#37;a_url&#x25;&#x3E;",
            "&lt%a_url%&gt",
        ] {
            assert!(finds("<%a_url%>", written), "{written}");
        }
        for written in ["<%a_url>", "<%b_url%>", "<% a_url%>", "&lt;a_url%&gt;"] {
            assert!(!finds("<%a_url%>", written), "{written}");
        }
    }

    #[test]
    fn a_blank_stands_for_any_number_of_them() {
        for written in ["{{x}}", "{{ x }}", "{{  x}}", "{{&nbsp;x%20}}", "{{\r\n x }}"] {
            assert!(finds("{{ x }}", written), "{written}");
        }
        assert!(!finds("{{ x }}", "{{ y }}"));
    }

    #[test]
    fn an_attribute_is_found_with_any_quotes() {
        let expression = format!("(?-u)^{}$", dressed_attribute("data-x", "1").0);
        let expression = regex::bytes::Regex::new(&expression).unwrap();
        for written in ["data-x=\"1\"", "data-x='1'", "data-x=1", "data-x = \"1\""] {
            assert!(expression.is_match(written.as_bytes()), "{written}");
        }
        assert!(!expression.is_match(b"data-x=\"1"));
    }

    #[test]
    fn a_text_is_looked_for_by_its_longest_word() {
        assert_eq!(core("{{{ pm:unsubscribe label=\""), "unsubscribe");
        assert_eq!(core("*|UNSUB:"), "UNSUB");
        assert_eq!(core("%%"), "");
    }
}
