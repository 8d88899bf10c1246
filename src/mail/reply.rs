//! What our SMTP server says. RFC 5321, 4.2; enhanced codes of RFC 3463.

use std::fmt;

/// The longest reply line, CRLF included. RFC 5321, 4.5.3.1.5.
pub const MAX_REPLY_LINE: usize = 512;

/// One reply: code, enhanced code, and one or more lines of plain text without internals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// Absent on the greeting, the answers to HELO and EHLO, and 3xx.
    pub enhanced: Option<(u8, u8, u8)>,
    pub lines: Vec<String>,
}

impl Reply {
    /// A reply of one line with an enhanced code.
    pub fn new(code: u16, enhanced: (u8, u8, u8), text: impl Into<String>) -> Self {
        Self { code, enhanced: Some(enhanced), lines: vec![text.into()] }
    }

    /// A reply without an enhanced code.
    pub fn plain(code: u16, lines: Vec<String>) -> Self {
        Self { code, enhanced: None, lines }
    }
}

/// The wire form, CRLF included. Control characters and bytes beyond ASCII in a text become `?`, since a
/// text may quote what a peer sent; what a line has no room for is cut off.
impl fmt::Display for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let enhanced = self.enhanced.map(|(class, subject, detail)| format!("{class}.{subject}.{detail} "));
        let enhanced = enhanced.unwrap_or_default();
        let room = MAX_REPLY_LINE - "250 \r\n".len() - enhanced.len();
        let last = self.lines.len().saturating_sub(1);
        for (index, line) in self.lines.iter().enumerate() {
            let separator = if index == last { ' ' } else { '-' };
            let safe = |character| if matches!(character, ' '..='~') { character } else { '?' };
            let text: String = line.chars().take(room).map(safe).collect();
            write!(out, "{}{separator}{enhanced}{text}\r\n", self.code)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_never_carries_more_than_its_line() {
        let reply = Reply::new(550, (5, 7, 1), "a\r\n250 ok\0ö\u{2028}");
        assert_eq!(reply.to_string(), "550 5.7.1 a??250 ok???\r\n");
        assert_eq!(Reply::new(550, (5, 7, 1), "x".repeat(2_000)).to_string().len(), MAX_REPLY_LINE);
    }

    #[test]
    fn every_line_of_a_reply_but_the_last_has_a_hyphen() {
        let reply = Reply::plain(250, vec!["host".into(), "PIPELINING".into(), "SIZE 9".into()]);
        assert_eq!(reply.to_string(), "250-host\r\n250-PIPELINING\r\n250 SIZE 9\r\n");
    }
}
