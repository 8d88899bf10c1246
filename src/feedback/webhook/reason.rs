//! Why a server did not take a copy, out of the line that a provider hands on: `smtp; 550 5.1.1 no such user`.

use crate::feedback::told::Reason;

/// Characters of a server's words that are kept.
const MOST: usize = 1_000;

/// A status code by itself. RFC 3463.
pub(super) type Status = (u8, u8, u8);

/// What a line says; where it has no status, the one that stands beside it, and where that is missing too and the
/// line has no code either, what the provider's own word for it means.
pub(super) fn reason(line: &str, beside: Option<&str>, meant: Option<Status>) -> Reason {
    let spoken = bare(line);
    let code = code(spoken);
    let words = if code.is_some() { spoken.get(3..).unwrap_or_default() } else { spoken };
    let status = first_status(words).or_else(|| beside.and_then(|text| status(text.trim())));
    let status = status.or(if code.is_some() { None } else { meant });
    Reason { code, status, text: line.trim().chars().take(MOST).collect() }
}

/// The same with a code that stands by itself. Some providers have codes of their own beyond those of SMTP.
pub(super) fn with_code(mut reason: Reason, code: Option<u64>) -> Reason {
    let told = code.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code));
    reason.code = reason.code.or(told);
    reason
}

/// Without the kind of diagnostic before it. RFC 3464, 2.3.6.
fn bare(line: &str) -> &str {
    let line = line.trim();
    match line.split_once(';') {
        Some((kind, rest)) if kind.trim().eq_ignore_ascii_case("smtp") => rest.trim_start(),
        _ => line,
    }
}

fn code(spoken: &str) -> Option<u16> {
    let digits = spoken.get(..3).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let ends = spoken.as_bytes().get(3).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.');
    digits.parse().ok().filter(|code| ends && (400..600).contains(code))
}

/// The status that a reply begins with: further on it may be part of anything.
fn first_status(words: &str) -> Option<Status> {
    let word = words.trim_start_matches([' ', '-', '#']).split([' ', ':', ';', ',']).next()?;
    status(word)
}

fn status(word: &str) -> Option<Status> {
    let mut parts = word.split('.');
    let mut part = || parts.next()?.parse::<u16>().ok().and_then(|part| u8::try_from(part).ok());
    let found = (part()?, part()?, part()?);
    (parts.next().is_none() && matches!(found.0, 2 | 4 | 5)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, beside: Option<&str>, meant: Option<Status>, expect: (Option<u16>, Option<Status>)) {
        let found = reason(line, beside, meant);
        assert_eq!((found.code, found.status), expect, "{line}");
    }

    #[test]
    fn code_and_status_are_read_out_of_a_servers_line() {
        let gone = (Some(550), Some((5, 1, 1)));
        check("smtp; 550 5.1.1 user unknown", Some("5.1.1"), None, gone);
        check("550-5.1.1 The email account that you tried", None, None, gone);
        check("smtp;550 #5.1.1 no such user", None, Some((4, 0, 0)), gone);
        check("421 4.7.0 [TSS04] deferred", None, None, (Some(421), Some((4, 7, 0))));
        check("500 unknown recipient", Some("5.0.0"), None, (Some(500), Some((5, 0, 0))));
        check("550 no status here", None, Some((5, 1, 1)), (Some(550), None));
        check("", None, Some((5, 1, 1)), (None, Some((5, 1, 1))));
        check("No Such User Here", None, Some((5, 1, 1)), (None, Some((5, 1, 1))));
        check("5.2.2 mailbox full", None, None, (None, Some((5, 2, 2))));
        check("550ms later, 250 4.4.4.4", None, None, (None, None));
        check("\u{e5}\u{e4}\u{f6}", Some("5.1.300"), None, (None, None));
    }

    #[test]
    fn a_servers_words_are_bounded() {
        assert_eq!(reason(&"\u{e5}".repeat(5_000), None, None).text.chars().count(), MOST);
        assert_eq!(with_code(Reason::default(), Some(605)).code, None);
        assert_eq!(with_code(Reason::default(), Some(550)).code, Some(550));
    }
}
