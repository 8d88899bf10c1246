//! The path of MAIL and RCPT: cut out here, octet for octet, and read by `Address` alone; smtp-proto would
//! mangle it. RFC 5321, 4.1.2.

use crate::mail::Address;

/// What stood between the brackets, and what came after them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    pub mailbox: &'a str,
    pub parameters: &'a str,
}

/// Cuts `FROM:<path> parameters` in two. Blanks after the colon are let pass, as some tools write them.
/// `None` if there is no path in brackets.
pub(super) fn cut<'a>(keyword: &str, arguments: &'a str) -> Option<Path<'a>> {
    let (given, rest) = arguments.split_at_checked(keyword.len())?;
    if !given.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let rest = rest.trim_start_matches(' ').strip_prefix('<')?;
    let (mailbox, rest) = rest.split_at(closing_bracket(rest)?);
    let rest = rest.strip_prefix('>')?;
    let parameters = rest.trim_start_matches(' ');
    let apart = rest.is_empty() || parameters.len() < rest.len();
    apart.then_some(Path { mailbox, parameters })
}

/// Where the path ends: at the first `>` that no quotes protect.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Whether a peer's name for itself is a domain or an address literal: what may stand in `Received`.
pub(super) fn is_host(name: &str) -> bool {
    name.is_ascii() && format!("x@{name}").parse::<Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox_of(arguments: &str) -> Option<(&str, &str)> {
        cut("FROM:", arguments).map(|path| (path.mailbox, path.parameters))
    }

    #[test]
    fn a_path_is_what_stands_between_the_brackets() {
        assert_eq!(mailbox_of("FROM:<a@b.example>"), Some(("a@b.example", "")));
        assert_eq!(mailbox_of("from: <a@b.example>  SIZE=1"), Some(("a@b.example", "SIZE=1")));
        assert_eq!(mailbox_of("FROM:<>"), Some(("", "")));
        let quoted = r#"FROM:<"a> NOTIFY=NEVER"@c.example> SIZE=1"#;
        assert_eq!(mailbox_of(quoted), Some((r#""a> NOTIFY=NEVER"@c.example"#, "SIZE=1")));
        let escaped = r#"FROM:<"a\">"@c.example>"#;
        assert_eq!(mailbox_of(escaped), Some((r#""a\">"@c.example"#, "")));
    }

    #[test]
    fn what_is_no_path_is_not_guessed() {
        for arguments in [
            "",
            "FROM",
            "FROM:",
            "FROM:a@b",
            "FROM:<a@b",
            "FROM:<a@b>SIZE=1",
            "FROM <a@b>",
            "TO:<a@b>",
            "FROM:<\"a>",
        ] {
            assert_eq!(mailbox_of(arguments), None, "{arguments}");
        }
    }

    #[test]
    fn only_domains_and_literals_name_a_host() {
        for name in ["vm", "mail.shop.example", "[127.0.0.1]", "[IPv6:::1]"] {
            assert!(is_host(name), "{name}");
        }
        for name in ["", "a b", "a_b", "(x)", "a@b.example", "[x]", "-a.example"] {
            assert!(!is_host(name), "{name}");
        }
    }
}
