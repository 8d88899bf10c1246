//! What the upstream says, cut into replies. RFC 5321, 4.2.1. Pure.
//!
//! The grammar is smtp-proto's; the framing and the bounds are ours, since its own let a reply of endless short
//! lines grow without end. A stranger fills this buffer: never more than `MAX_REPLY` octets of it are kept.

use smtp_proto::response::parser::ResponseReceiver;

use crate::deliver::response::Response;

/// The longest reply in octets, all lines together.
const MAX_REPLY: usize = 16 * 1024;
/// The most lines of a reply.
const MAX_LINES: usize = 128;
/// What is kept of the text: smtp-proto takes no more.
const MAX_TEXT: usize = 3 * 1024;

/// The answer is no SMTP, or too much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garbled;

/// Octets that have come, and how far they were looked at.
#[derive(Default)]
pub struct Replies {
    buffer: Vec<u8>,
}

/// One whole reply: as it came, and as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub raw: Vec<u8>,
    pub response: Response,
}

impl Replies {
    /// Adds what was read. At most `MAX_REPLY` octets should come at once.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// Forgets what came and was not yet asked for: at STARTTLS it may be an attacker's (CVE-2011-0411).
    pub fn clear(&mut self) {
        self.buffer.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next whole reply, if it has come.
    pub fn take(&mut self) -> Result<Option<Reply>, Garbled> {
        let mut code = None;
        let mut at = 0;
        for _ in 0..MAX_LINES {
            let Some(found) = self.buffer.get(at..).and_then(|rest| rest.iter().position(|&b| b == b'\n'))
            else {
                return if self.buffer.len() > MAX_REPLY { Err(Garbled) } else { self.beginning_is_sound() };
            };
            let line = self.buffer[at..at + found].trim_ascii_end();
            let (own, last) = code_of(line)?;
            if *code.get_or_insert(own) != own {
                return Err(Garbled);
            }
            at += found + 1;
            if at > MAX_REPLY {
                return Err(Garbled);
            }
            if last == Last::Yes {
                let raw: Vec<u8> = self.buffer.drain(..at).collect();
                return parse(raw).map(Some);
            }
        }
        Err(Garbled)
    }

    /// An unfinished line that can't become a reply any more needs no waiting for its end.
    fn beginning_is_sound(&self) -> Result<Option<Reply>, Garbled> {
        let digits = self.buffer.iter().take(3).all(u8::is_ascii_digit);
        if digits { Ok(None) } else { Err(Garbled) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Yes,
    No,
}

/// The code of a line, and whether more lines follow.
fn code_of(line: &[u8]) -> Result<(u16, Last), Garbled> {
    let (digits, rest) = line.split_at_checked(3).ok_or(Garbled)?;
    let last = match rest.first() {
        None | Some(b' ') => Last::Yes,
        Some(b'-') => Last::No,
        Some(_) => return Err(Garbled),
    };
    let [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'] = digits else { return Err(Garbled) };
    let code = digits.iter().fold(0, |code, digit| 10 * code + u16::from(digit - b'0'));
    Ok((code, last))
}

fn parse(raw: Vec<u8>) -> Result<Reply, Garbled> {
    let cut = cut_text(&raw);
    let parsed = ResponseReceiver::default().parse(&mut cut.iter()).map_err(|_| Garbled)?;
    let [class, subject, detail] = parsed.esc;
    let enhanced = matches!(class, 2 | 4 | 5).then_some((class, subject, detail));
    Ok(Reply { response: Response { code: parsed.code, enhanced, text: parsed.message }, raw })
}

/// A long reply keeps its first and its last line.
fn cut_text(raw: &[u8]) -> Vec<u8> {
    if raw.len() <= MAX_TEXT {
        return raw.to_vec();
    }
    let last_line = raw[..raw.len() - 1].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let first_line = raw.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let mut cut = Vec::with_capacity(MAX_TEXT);
    if first_line <= last_line {
        cut.extend_from_slice(&raw[..first_line.min(MAX_TEXT / 2)]);
        if !cut.ends_with(b"\n") && !cut.is_empty() {
            cut.extend_from_slice(b"\r\n");
        }
    }
    let last = &raw[last_line..];
    cut.extend_from_slice(&last[..last.len().min(MAX_TEXT / 2)]);
    if !cut.ends_with(b"\n") {
        cut.extend_from_slice(b"\r\n");
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Result<Vec<Response>, Garbled> {
        let mut replies = Replies::default();
        replies.push(text);
        std::iter::from_fn(|| replies.take().transpose()).map(|reply| reply.map(|r| r.response)).collect()
    }

    fn response(code: u16, enhanced: Option<(u8, u8, u8)>, text: &str) -> Response {
        Response { code, enhanced, text: text.into() }
    }

    #[test]
    fn replies_of_one_and_of_many_lines_are_told_apart() {
        assert_eq!(
            all(b"250-first\r\n250 last\r\n354 go\r\n250 2.1.5 ok\r\n").unwrap(),
            [
                response(250, None, "first\nlast"),
                response(354, None, "go"),
                response(250, Some((2, 1, 5)), "ok")
            ]
        );
        assert_eq!(all(b"250\r\n").unwrap(), [response(250, None, "")]);
        assert_eq!(all(b"550 5.7.1\r\n").unwrap()[0].enhanced, Some((5, 7, 1)));
    }

    #[test]
    fn the_enhanced_code_of_many_lines_is_found() {
        let replies = all(b"550-5.7.26 not\r\n550 5.7.26 authenticated\r\n").unwrap();
        assert_eq!(replies[0].enhanced, Some((5, 7, 26)));
    }

    #[test]
    fn octets_may_come_one_by_one() {
        let mut replies = Replies::default();
        let text = b"250-a\r\n250 2.0.0 b\r\n";
        for (index, octet) in text.iter().enumerate() {
            assert!(replies.take().unwrap().is_none(), "{index}");
            replies.push(&[*octet]);
        }
        assert_eq!(replies.take().unwrap().unwrap().response.code, 250);
        assert!(replies.is_empty());
    }

    #[test]
    fn what_is_no_smtp_is_garbled() {
        for text in [
            "HTTP/1.1 400 no\r\n",
            "hello\r\n",
            "25\r\n",
            "250_ok\r\n",
            "150 ok\r\n",
            "950 ok\r\n",
            "250-a\r\n550 b\r\n",
            "\r\n",
            "HTTP",
        ] {
            assert_eq!(all(text.as_bytes()), Err(Garbled), "{text}");
        }
    }

    #[test]
    fn a_reply_without_end_is_garbled_and_not_kept() {
        assert_eq!(all("250-x\r\n".repeat(10_000).as_bytes()), Err(Garbled));
        assert_eq!(all("250-\r\n".repeat(10_000).as_bytes()), Err(Garbled));
        assert_eq!(all(&[b'2'; MAX_REPLY + 1]), Err(Garbled));
    }

    #[test]
    fn a_long_reply_keeps_its_codes() {
        let text = format!("550-5.7.1 {}\r\n550-{}\r\n550 5.7.1 end\r\n", "x".repeat(4000), "y".repeat(4000));
        let replies = all(text.as_bytes()).unwrap();
        assert_eq!((replies[0].code, replies[0].enhanced), (550, Some((5, 7, 1))));
        assert!(replies[0].text.len() < MAX_TEXT);
    }
}
