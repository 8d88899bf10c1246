//! Leaves: bodies in every charset and encoding, and all that is kept beside them.

use data_encoding::BASE64;
use encoding_rs::Encoding;

use super::{Choices, Piece};

/// A charset's label as mail writes it, what encodes it, and a text that it has.
const CHARSETS: [(&str, &str, &str); 34] = [
    ("utf-8", "utf-8", "Grüße – 你好 😀"),
    ("\"UTF-8\"", "utf-8", "vår\u{A0}påse"),
    ("utf8", "utf-8", "Zażółć gęślą jaźń"),
    ("us-ascii", "utf-8", "Hello"),
    ("\"us-ascii\"", "utf-8", "Hello = there"),
    ("iso-8859-1", "iso-8859-1", "Grüße vår ß"),
    ("ISO_8859-1", "iso-8859-1", "señor ¿qué?"),
    ("iso-8859-2", "iso-8859-2", "Zażółć gęślą jaźń"),
    ("iso-8859-5", "iso-8859-5", "Привет, мир"),
    ("iso-8859-7", "iso-8859-7", "Καλημέρα"),
    ("iso-8859-8-i", "iso-8859-8-i", "שלום לכולם"),
    ("iso-8859-9", "iso-8859-9", "Güneş ığ"),
    ("iso-8859-15", "iso-8859-15", "5 € på köp"),
    ("windows-1250", "windows-1250", "Příliš žluťoučký"),
    ("windows-1251", "windows-1251", "Скидки до 50 %"),
    ("windows-1252", "windows-1252", "“Grüße” – 5 €"),
    ("cp1252", "windows-1252", "naïve café…"),
    ("windows-1255", "windows-1255", "מבצע"),
    ("windows-1256", "windows-1256", "مرحبا بكم"),
    ("windows-1257", "windows-1257", "Ąžuolas šalį"),
    ("windows-1258", "windows-1258", "Tiêng"),
    ("koi8-r", "koi8-r", "Здравствуйте"),
    ("koi8-u", "koi8-u", "Привіт, їжак"),
    ("ibm866", "ibm866", "Привет"),
    ("macintosh", "macintosh", "Crème brûlée"),
    ("gb2312", "gbk", "你好，世界"),
    ("gbk", "gbk", "丂你好 {ソ}"),
    ("gb18030", "gb18030", "你好 😀"),
    ("big5", "big5", "功能許可 {}"),
    ("euc-kr", "euc-kr", "안녕하세요"),
    ("ks_c_5601-1987", "euc-kr", "할인 행사"),
    ("shift_jis", "shift_jis", "表示ソフト ボ{"),
    ("euc-jp", "euc-jp", "日本語の文字"),
    ("iso-2022-jp", "iso-2022-jp", "こんにちは 世界"),
];

const PLAIN: [&str; 8] = [
    "{}\n\nFirst line of a letter that is somewhat longer than others, so that it may well be folded by somebody.\nFrom here on = sign.\n",
    "{}",
    "{}\n\n\n\n",
    "One {} two \n> quoted\n.\n..\nend\n",
    "Dear reader,\n\n{}\n\n-- \nAnna\nShop\n",
    "\n\n{}\n",
    "--\n{}\n--not-a-boundary\n",
    "\t{} \t\n \n",
];
const HTML: [&str; 10] = [
    "<html><body><p>{}</p></body></html>\n",
    "<p>{}</p>\n",
    "<!DOCTYPE html>\n<HTML>\n<BODY bgcolor=\"#ffffff\">\n<table><tr><td>{}</td></tr></table>\n</BODY>\n</HTML>\n\n",
    "<body><!-- </body> -->{}<script>var a = '</body>';</script></body>",
    "<body title='</body>'>{}<style>.a:after { content: '</body>' }</style></body>\n",
    "<!--[if mso]><body>x</body><![endif]--><body>{}</body>\n",
    "<body>a</body><body>{}</body>\n",
    "{}<br>\n<div><table><tr><td>never closed",
    "<body><pre>\n  {}\n</pre>\n</body>\n<!-- trailing -->\n",
    "<body>{}<textarea></body></textarea></body >\n",
];

/// The first text or HTML leaf of a message: its header, without an empty line, and its content.
pub fn body(choices: &mut Choices, kind: &str) -> (Vec<u8>, Vec<u8>) {
    let shape = if kind == "text/plain" { choices.of(&PLAIN) } else { choices.of(&HTML) };
    let (label, content) = worded(choices, shape);
    let flowed = kind == "text/plain" && choices.one_in(5);
    let encoding = choices.below(if label.contains("utf-16") { 1 } else { 5 });
    let (declared, raw) = encoded(choices, encoding, content);
    let mut parameters = Vec::new();
    parameters.extend((!label.is_empty()).then(|| format!("charset={label}")));
    parameters.extend(flowed.then(|| "format=flowed".to_owned()));
    parameters.extend(choices.one_in(6).then(|| "x-own=\"a;b\"".to_owned()));
    if choices.one_in(3) {
        parameters.reverse();
    }
    (fields(choices, kind, &parameters, declared), raw)
}

/// A text in some charset, by its label.
fn worded(choices: &mut Choices, shape: &str) -> (String, Vec<u8>) {
    let said = |text: &str| shape.replace("{}", text).replace('\n', "\r\n");
    match choices.below(14) {
        0 => (String::new(), said("Hello").into_bytes()),
        1 => {
            let content = said("vår 😀");
            let units = content.encode_utf16().flat_map(u16::to_le_bytes);
            ("utf-16".to_owned(), [0xFF, 0xFE].into_iter().chain(units).collect())
        }
        2 => {
            let units = said("vår").encode_utf16().flat_map(u16::to_be_bytes).collect();
            ("utf-16be".to_owned(), units)
        }
        3 => ("utf-7".to_owned(), said("v+AOU-r 1 +- 2 +2D3eAA-").into_bytes()),
        _ => {
            let (label, encoding, text) = CHARSETS[choices.below(CHARSETS.len())];
            let content = said(text);
            let encoding = Encoding::for_label(encoding.as_bytes()).unwrap();
            (label.to_owned(), encoding.encode(&content).0.into_owned())
        }
    }
}

/// A content as it travels, and what its header says of that.
fn encoded(choices: &mut Choices, encoding: usize, content: Vec<u8>) -> (&'static str, Vec<u8>) {
    match encoding {
        1 if content.is_ascii() => (choices.of(&["7bit", "7BIT", "", "8bit", "binary"]), content),
        1 => (choices.of(&["8bit", "8BIT", "binary"]), content),
        2 => ("quoted-printable", quoted(choices, &content)),
        3 => ("Quoted-Printable", quoted(choices, &content)),
        _ => {
            let width = [76, 64, 60, 72, 4][choices.below(5)];
            let ends = choices.of(&["\r\n", "", "\r\n\r\n"]);
            let data = BASE64.encode(&content);
            let lines: Vec<&str> =
                data.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect();
            let between = if choices.one_in(5) { " \r\n" } else { "\r\n" };
            (
                choices.of(&["base64", "BASE64", "Base64"]),
                format!("{}{ends}", lines.join(between)).into_bytes(),
            )
        }
    }
}

/// Quoted-printable as others write it: folded anywhere, in lower case, with blanks at line ends.
fn quoted(choices: &mut Choices, content: &[u8]) -> Vec<u8> {
    let (mut out, mut column) = (Vec::new(), 0);
    let (lower, width, eager) = (choices.one_in(3), 20 + choices.below(57), choices.one_in(3));
    for (at, octet) in content.iter().copied().enumerate() {
        let ends = content.get(at + 1).is_none_or(|next| matches!(next, b'\r' | b'\n'));
        if matches!(octet, b'\r' | b'\n') {
            out.push(octet);
            column = 0;
            continue;
        }
        if column + 4 > width {
            out.extend_from_slice(if choices.one_in(9) { b"= \r\n" } else { b"=\r\n" });
            column = 0;
        }
        let plain = matches!(octet, b'!'..=b'<' | b'>'..=b'~') || matches!(octet, b' ' | b'\t') && !ends;
        if plain && !(eager && octet.is_ascii_punctuation()) {
            out.push(octet);
            column += 1;
        } else {
            let hex = if lower { format!("={octet:02x}") } else { format!("={octet:02X}") };
            out.extend(hex.into_bytes());
            column += 3;
        }
    }
    if choices.one_in(6) {
        out.extend_from_slice(b"=");
    }
    out
}

/// Type and encoding as others fold and write them.
fn fields(choices: &mut Choices, kind: &str, parameters: &[String], encoding: &str) -> Vec<u8> {
    let kind = if choices.one_in(4) { kind.to_ascii_uppercase() } else { kind.to_owned() };
    let between = choices.of(&["; ", ";", ";\r\n\t", ";\r\n ", " ; "]);
    let mut value = [kind].into_iter().chain(parameters.iter().cloned()).collect::<Vec<_>>().join(between);
    if choices.one_in(8) {
        value.push(';');
    }
    let name = choices.of(&["Content-Type", "content-type", "CONTENT-TYPE"]);
    let mut fields = vec![format!("{name}: {value}\r\n")];
    if !encoding.is_empty() {
        fields.push(format!("Content-Transfer-Encoding: {encoding}\r\n"));
    }
    if choices.one_in(4) {
        fields.push(
            "Content-Description: =?utf-8?Q?h=C3=A4r?=\r\n\t=?utf-8?B?w6Q=?= (a \"comment)\r\n".to_owned(),
        );
    }
    if choices.one_in(6) {
        fields.push("Content-Disposition: inline\r\n".to_owned());
    }
    if choices.one_in(3) {
        fields.reverse();
    }
    fields.concat().into_bytes()
}

/// Parts that are no body: nothing in them may change.
pub fn kept(choices: &mut Choices, number: u32) -> Piece {
    const LEAVES: [&str; 22] = [
        "Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\n\r\nJVBERi0xLjQK\r\nJeLjz9MK",
        "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment; filename*=UTF-8''v%C3%A5r.txt\r\n\r\n{{optgate.unsubscribe_url}} text beside\r\n",
        "Content-Type: text/plain;\r\n name*0=\"a long name in \";\r\n name*1*=utf-8'sv'tv%C3%A5;\r\n name*2=\" parts.txt\"\r\n\r\nnamed text </body>\r\n",
        "Content-Type: text/html; name==?utf-8?Q?a=2Ehtml?=\r\nContent-Disposition: attachment\r\n\r\n<body>beside</body>",
        "Content-Type: image/png\r\nContent-ID: <a@b>\r\nContent-Transfer-Encoding: BASE64\r\nContent-Disposition: inline; filename=a.png\r\n\r\niVBORw0KGgo=\r\n",
        "Content-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\nSubject: nested\r\nContent-Type: text/html\r\n\r\n<body>{{optgate.unsubscribe_url}}</body>\r\n",
        "Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"m.eml\"\r\n\r\nFrom: x@y.example\r\nContent-Type: multipart/mixed; boundary=\"inner\"\r\n\r\n--inner\r\n\r\nfirst\r\n--inner\r\nContent-Type: text/plain\r\n\r\nsecond\r\n--inner--\r\n",
        "Content-Type: multipart/digest; boundary=\"digest\"\r\n\r\n--digest\r\n\r\nFrom: a@b.example\r\nSubject: one\r\n\r\none\r\n--digest\r\n\r\nFrom: a@b.example\r\n\r\ntwo\r\n--digest--",
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a.example\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\n",
        "Content-Type: text/rfc822-headers\r\nContent-Disposition: attachment\r\n\r\nFrom: a@b.example\r\nSubject: gone\r\n",
        "Content-Type: text/csv; charset=iso-8859-1\r\nContent-Disposition: attachment; filename=a.csv\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na;b=\r\n;c=E5 \r\n",
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: x-uuencode\r\nContent-Disposition: attachment\r\n\r\nbegin 644 a\r\n#0V%T\r\n`\r\nend\r\n",
        "Content-Type: text/x-vcard; charset=utf-8; name=\"a.vcf\"\r\n\r\nBEGIN:VCARD\r\nEND:VCARD\r\n",
        "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: ATTACHMENT;\r\n\tfilename=\"=?utf-8?B?dsOlci50eHQ=?=\"\r\n\r\nv\u{E5}r\r\n",
        "Content-Type: application/ics; name=\"invite.ics\"\r\nContent-Disposition: attachment; filename=\"invite.ics\"\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        "Content-Type: application/x-empty\r\n\r\n",
        "Content-Type: image/gif; name*=utf-8''a%20b.gif\r\nContent-Disposition: attachment; filename*0*=utf-8''a; filename*1*=%20b.gif\r\nContent-Transfer-Encoding: base64\r\n\r\nR0lGODlhAQABAIAAAAUEBA==",
        "Content-Type: audio/basic\r\nContent-Transfer-Encoding: binary\r\nContent-Disposition: attachment\r\n\r\nraw \u{FF}\u{FE} octets\r\n",
        "Content-Type: message/external-body; access-type=local-file;\r\n name=\"/a/b\"\r\n\r\nContent-Type: text/plain\r\n\r\nTHIS IS NOT REALLY THE BODY!\r\n",
        "Content-Type: multipart/mixed; boundary=deep\r\n\r\npreamble\r\n--deep\r\nContent-Type: multipart/mixed; boundary=deeper\r\n\r\n--deeper\r\nContent-Type: image/png\r\n\r\nx\r\n--deeper--\r\n--deep--\r\nepilogue\r\n",
        "Content-Type: APPLICATION/ZIP; NAME=\"A.ZIP\"\r\nCONTENT-TRANSFER-ENCODING: BASE64\r\nCONTENT-DISPOSITION: ATTACHMENT; FILENAME=\"A.ZIP\"\r\n\r\nUEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\r\n",
        "X-Only: a header that no type follows\r\nContent-Type: application/x-nothing\r\n\r\n\r\n\r\n  \r\n",
    ];
    let leaf = LEAVES[choices.below(LEAVES.len())];
    // Octets beyond ASCII as they are, not as UTF-8; boundaries that no other part has.
    let octets: Vec<u8> = leaf.chars().map(|character| character as u32 as u8).collect();
    let text: Vec<u8> = match leaf.contains("boundary") {
        true => {
            let mut own = leaf.to_owned();
            for name in ["inner", "digest", "deeper", "deep"] {
                own = own.replace(&format!("--{name}"), &format!("--{name}{number}x"));
                own = own.replace(&format!("boundary={name}"), &format!("boundary={name}{number}x"));
                own = own.replace(&format!("boundary=\"{name}\""), &format!("boundary=\"{name}{number}x\""));
            }
            own.into_bytes()
        }
        false => octets,
    };
    Piece::Kept(text)
}
