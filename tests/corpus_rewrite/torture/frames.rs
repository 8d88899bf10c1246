//! What stands round the leaves: headers that torture, boundaries, preambles and epilogues.

use super::{Choices, Message, Piece, leaves};

pub fn message(number: u32, choices: &mut Choices) -> Message {
    let (mut header, mut pieces) = (top(number, choices), Vec::new());
    let structure = choices.below(12);
    match structure {
        0 => single(choices, "text/plain", &mut header, &mut pieces),
        1 => single(choices, "text/html", &mut header, &mut pieces),
        _ => {
            let mut frame = Frame { number, depth: 0 };
            frame.multipart(choices, structure, &mut header, &mut pieces);
        }
    }
    header.extend_from_slice(b"\r\n");
    pieces.insert(0, Piece::Header(header));
    Message { name: format!("torture {number} ({structure})"), pieces: joined(pieces) }
}

fn single(choices: &mut Choices, kind: &str, header: &mut Vec<u8>, pieces: &mut Vec<Piece>) {
    let (fields, mut raw) = leaves::body(choices, kind);
    header.extend(fields);
    // SMTP ends a message at a line's end.
    if !raw.ends_with(b"\r\n") {
        raw.extend_from_slice(b"\r\n");
    }
    pieces.push(Piece::Body(raw));
}

/// Fields of the whole message.
fn top(number: u32, choices: &mut Choices) -> Vec<u8> {
    const ODD: [&str; 20] = [
        "Received: from a.example (a.example [192.0.2.1])\r\n\tby b.example with ESMTP id 1\r\n\tfor <c@d.example>; Fri, 20 Nov 2026 10:00:00 +0000\r\n",
        "DKIM-Signature: v=1; a=rsa-sha256; d=old.example; s=x;\r\n h=from:subject; bh=abc=;\r\n b=de f==\r\n",
        "X-Folded:\r\n value on the next line\r\n",
        "X-Tabs:\tvalue\twith\ttabs\t\r\n",
        "X-Empty:\r\n",
        "X-Blank: \r\n",
        "X-Twice: one\r\nX-Twice: two\r\nx-twice: three\r\n",
        "To: =?utf-8?Q?=C3=85sa?= <a@b.example>, \"Doe, J. (x)\" <j@d.example>,\r\n\t(comment (nested)) undisclosed:;\r\n",
        "Cc: group: a@b.example, c@d.example;, e@f.example\r\n",
        "Subject: =?iso-8859-1?q?v=E5r?= =?utf-8?b?w6Q=?=\r\n =?utf-8?Q?_?= plain =?bad?X?x?= =?utf-8?Q?open\r\n",
        "Keywords: =?utf-8?B?4oKs?=,\r\n\t=?utf-8?B?4oKs?=\r\n",
        "List-Unsubscribe: <mailto:out@old.example>,\r\n <https://old.example/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "List-ID: Old <old.example>\r\nPrecedence: bulk\r\n",
        "Bcc: secret@b.example\r\n",
        "X-Optgate-Scope: apparel\r\nX-Optgate-Stream: marketing\r\n",
        "Feedback-ID: a:b:c:d\r\n",
        "References: <a@b.example>\r\n <c@d.example>\r\n\t<e@f.example>\r\n",
        "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b\r\n",
        "Comments: (((( \" unbalanced\r\n",
        "X-Mailer: v:1: a=b; c=\"d\\\"e\"\r\n",
    ];
    let mut header =
        format!("From: =?utf-8?Q?Sh=C3=B6p?= <news@shop.example>\r\nMessage-ID: <{number}@shop.example>\r\n")
            .into_bytes();
    let mut before = Vec::new();
    for field in ODD {
        if choices.one_in(5) {
            let at = if choices.one_in(2) { &mut before } else { &mut header };
            at.extend_from_slice(field.as_bytes());
        }
    }
    if !choices.one_in(4) {
        header.extend_from_slice(b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n");
    }
    // A message without it isn't MIME to some, whatever follows.
    header.extend_from_slice(b"MIME-Version: 1.0\r\n");
    [before, header].concat()
}

struct Frame {
    number: u32,
    depth: usize,
}

impl Frame {
    fn multipart(
        &mut self,
        choices: &mut Choices,
        structure: usize,
        header: &mut Vec<u8>,
        pieces: &mut Vec<Piece>,
    ) {
        let bodies: &[&str] = match structure {
            2 | 3 => &["text/plain", "text/html"],
            4 => &["text/html"],
            5 => &["text/plain"],
            _ => choices.of(&[&["text/plain", "text/html"][..], &["text/html"], &["text/plain"]]),
        };
        let kind = match structure {
            2 | 3 => "alternative",
            4 => "related",
            _ => choices.of(&["mixed", "MIXED", "x-unknown", "mixed"]),
        };
        let boundary = self.open(choices, kind, header);
        let ends = choices.of(&["", "", " ", "\t", "  \t "]);
        pieces.push(Piece::Kept(preamble(choices, &boundary)));
        let line = format!("--{boundary}{ends}\r\n").into_bytes();
        if matches!(structure, 2..=5) || self.depth > 2 {
            for (index, body) in bodies.iter().enumerate() {
                let before: &[u8] = if index > 0 { b"\r\n" } else { b"" };
                pieces.push(Piece::Kept([before, line.as_slice()].concat()));
                self.body(choices, body, pieces);
            }
        } else {
            pieces.push(Piece::Kept(line.clone()));
            self.inner(choices, bodies, pieces);
        }
        let mut attached = if matches!(structure, 2 | 3) { 0 } else { choices.below(4) };
        if kind == "related" {
            attached += 1;
        }
        for index in 0..attached {
            pieces.push(Piece::Kept([b"\r\n", line.as_slice()].concat()));
            let unique = self.number * 100 + (self.depth * 10 + index) as u32;
            pieces.push(leaves::kept(choices, unique));
        }
        pieces.push(Piece::Kept(end(choices, &boundary, ends, self.depth)));
    }

    /// The bodies a level further in.
    fn inner(&mut self, choices: &mut Choices, bodies: &[&str], pieces: &mut Vec<Piece>) {
        self.depth += 1;
        let structure = match (bodies.len(), bodies[0]) {
            (2, _) if choices.one_in(3) => 6,
            (2, _) => 2,
            (_, "text/html") => 4,
            _ => 5,
        };
        if structure == 6 && self.depth > 1 {
            pieces.push(Piece::Kept(b"X-Part: deep\r\n".to_vec()));
        }
        let mut header = Vec::new();
        let mut within = Vec::new();
        self.multipart(choices, structure, &mut header, &mut within);
        header.extend_from_slice(b"\r\n");
        pieces.push(Piece::Kept(header));
        pieces.extend(within);
    }

    fn body(&mut self, choices: &mut Choices, kind: &str, pieces: &mut Vec<Piece>) {
        let (fields, raw) = leaves::body(choices, kind);
        let says = |word: &[u8]| fields.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
        // A part that says nothing of itself is a text of ASCII.
        let bare = kind == "text/plain"
            && raw.is_ascii()
            && !says(b"encoding:")
            && !says(b"charset")
            && choices.one_in(2);
        let fields = if bare { Vec::new() } else { fields };
        pieces.push(Piece::BodyHeader([fields.as_slice(), b"\r\n"].concat()));
        pieces.push(Piece::Body(raw));
    }

    /// Declares a boundary as others write it.
    fn open(&mut self, choices: &mut Choices, kind: &str, header: &mut Vec<u8>) -> String {
        let unique = format!("{}x{}", self.number, self.depth);
        let (boundary, written) = match choices.below(9) {
            0 => (format!("=_{unique}"), format!("boundary=\"=_{unique}\"")),
            1 => (
                format!("----=_Part_{unique}.{unique}"),
                format!("boundary=\"----=_Part_{unique}.{unique}\""),
            ),
            2 => (format!("b{unique}"), format!("boundary=b{unique}")),
            3 => (format!("b{unique} with blanks"), format!("boundary=\"b{unique} with blanks\"")),
            4 => (format!("'()+_,-./:=?{unique}"), format!("boundary=\"'()+_,-./:=?{unique}\"")),
            5 => (format!("{unique:0>69}"), format!("boundary=\"{unique:0>69}\"")),
            6 => (format!("B{unique}"), format!("BOUNDARY=\"B{unique}\"; type=\"text/html\"")),
            7 => (format!("b{unique}"), format!("charset=utf-8;\r\n\tboundary=\"b{unique}\"")),
            _ => (format!("-{unique}-"), format!("boundary=\"-{unique}-\"")),
        };
        let between = choices.of(&["; ", ";\r\n\t", ";\r\n boundary-of=x; "]);
        header.extend(format!("Content-Type: multipart/{kind}{between}{written}\r\n").into_bytes());
        if choices.one_in(6) {
            header.extend_from_slice(b"Content-Transfer-Encoding: 7bit\r\n");
        }
        boundary
    }
}

fn preamble(choices: &mut Choices, boundary: &str) -> Vec<u8> {
    let text = match choices.below(7) {
        0 => "This is a multi-part message in MIME format.\r\n".to_owned(),
        1 => "\r\n\r\n".to_owned(),
        2 => format!(" --{boundary}\r\nx--{boundary}\r\n-- {boundary}\r\n"),
        3 => "Content-Type: text/plain\r\n\r\n{{optgate.unsubscribe_url}}\r\n".to_owned(),
        _ => String::new(),
    };
    text.into_bytes()
}

fn end(choices: &mut Choices, boundary: &str, ends: &str, depth: usize) -> Vec<u8> {
    let epilogue = match choices.below(6) {
        0 => "epilogue\r\n".to_owned(),
        1 => "\r\n\r\n".to_owned(),
        2 => format!(" --{boundary}\r\n{{{{optgate.unsubscribe_url}}}} </body>\r\n"),
        _ => String::new(),
    };
    // The line's end belongs to the boundary that follows, if one does.
    let last = if depth > 0 && epilogue.is_empty() { "" } else { "\r\n" };
    format!(
        "\r\n--{boundary}--{ends}{last}{}",
        if depth > 0 { epilogue.trim_end_matches("\r\n") } else { &epilogue }
    )
    .into_bytes()
}

/// Neighbours that are kept, as one.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Kept(before)), Piece::Kept(octets)) => before.extend(octets),
            (_, Piece::Kept(octets)) if octets.is_empty() => {}
            (_, piece) => joined.push(piece),
        }
    }
    joined
}
