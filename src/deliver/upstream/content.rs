//! The octets between 354 and the answer to the final dot. RFC 5321, 4.5.2. Pure.

use crate::deliver::response::Unfit;

/// A message with its dots stuffed and its final dot. The parts are one message, cut at line starts.
///
/// Invariant 8: what is not canonical, a stray CR or LF anywhere, never gets here alive.
pub fn stuffed(parts: &[&[u8]]) -> Result<Vec<u8>, Unfit> {
    let size: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(size + size / 64 + 16);
    for part in parts {
        if !is_canonical(part) {
            return Err(Unfit::NotCanonical);
        }
        stuff(part, &mut out);
        if !part.is_empty() && !part.ends_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b".\r\n");
    Ok(out)
}

/// Whether every CR is followed by LF, and every LF preceded by CR.
fn is_canonical(part: &[u8]) -> bool {
    let carriage_returns = part.iter().filter(|&&byte| byte == b'\r').count();
    let mut pairs = 0;
    let mut at = 0;
    while let Some(found) = part[at..].iter().position(|&byte| byte == b'\n') {
        let line_feed = at + found;
        if line_feed == 0 || part[line_feed - 1] != b'\r' {
            return false;
        }
        pairs += 1;
        at = line_feed + 1;
    }
    pairs == carriage_returns
}

fn stuff(part: &[u8], out: &mut Vec<u8>) {
    if part.first() == Some(&b'.') {
        out.push(b'.');
    }
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = part[at..].iter().position(|&byte| byte == b'\n') {
        at += found + 1;
        if part.get(at) == Some(&b'.') {
            out.extend_from_slice(&part[copied..at]);
            out.push(b'.');
            copied = at;
        }
    }
    out.extend_from_slice(&part[copied..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[&str], expect: &str) {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        assert_eq!(String::from_utf8(stuffed(&parts).unwrap()).unwrap(), expect);
    }

    #[test]
    fn a_dot_that_starts_a_line_is_doubled() {
        check(&["a: b\r\n\r\n.\r\n..\r\nx.y\r\n.z\r\n"], "a: b\r\n\r\n..\r\n...\r\nx.y\r\n..z\r\n.\r\n");
        check(&[".a\r\n"], "..a\r\n.\r\n");
        check(&["a: b\r\n", ".c\r\n"], "a: b\r\n..c\r\n.\r\n");
    }

    #[test]
    fn the_final_dot_stands_on_a_line_of_its_own() {
        check(&["a: b\r\n\r\nc"], "a: b\r\n\r\nc\r\n.\r\n");
        check(&[], ".\r\n");
        check(&["", "a\r\n"], "a\r\n.\r\n");
    }

    #[test]
    fn i8_a_stray_cr_or_lf_never_leaves() {
        for text in ["a\nb\r\n", "a\rb\r\n", "\n", "a\r\r\n", "a\r\n\n", "a\r\n.\r", "a\r"] {
            assert_eq!(stuffed(&[text.as_bytes()]), Err(Unfit::NotCanonical), "{text:?}");
        }
    }
}
