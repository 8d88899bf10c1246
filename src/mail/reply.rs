//! What our SMTP server says. RFC 5321, 4.2; enhanced codes of RFC 3463.

use std::fmt;

/// One reply: code, enhanced code, and one or more lines of plain text without internals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// Absent on the greeting, the answers to HELO and EHLO, and 354.
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

    /// 2xx and 3xx.
    pub fn is_positive(&self) -> bool {
        self.code < 400
    }
}

/// The wire form, CRLF included. Control characters and bytes beyond ASCII in a text become `?`, since a
/// text may quote what a peer sent.
impl fmt::Display for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.lines.len().saturating_sub(1);
        for (index, line) in self.lines.iter().enumerate() {
            let separator = if index == last { ' ' } else { '-' };
            write!(out, "{}{separator}", self.code)?;
            if let Some((class, subject, detail)) = self.enhanced {
                write!(out, "{class}.{subject}.{detail} ")?;
            }
            for character in line.chars() {
                let safe = matches!(character, ' '..='~');
                fmt::Write::write_char(out, if safe { character } else { '?' })?;
            }
            out.write_str("\r\n")?;
        }
        Ok(())
    }
}
