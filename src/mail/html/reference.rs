//! Character references, as far as mail has them. HTML, 13.5.

/// The longest that is read, in octets.
const LONGEST: usize = 12;

const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("lbrace", '{'),
    ("lcub", '{'),
    ("rbrace", '}'),
    ("rcub", '}'),
    ("lbrack", '['),
    ("lsqb", '['),
    ("rbrack", ']'),
    ("rsqb", ']'),
    ("percnt", '%'),
    ("num", '#'),
    ("dollar", '$'),
    ("ast", '*'),
    ("vert", '|'),
    ("verbar", '|'),
    ("commat", '@'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("equals", '='),
    ("lowbar", '_'),
    ("comma", ','),
    ("excl", '!'),
    ("colon", ':'),
    ("period", '.'),
    ("sol", '/'),
    ("quest", '?'),
    ("plus", '+'),
    ("semi", ';'),
    ("lpar", '('),
    ("rpar", ')'),
    ("zwnj", '\u{200c}'),
    ("shy", '\u{ad}'),
    ("hellip", '…'),
    ("auml", 'ä'),
    ("Auml", 'Ä'),
    ("ouml", 'ö'),
    ("Ouml", 'Ö'),
    ("uuml", 'ü'),
    ("Uuml", 'Ü'),
    ("aring", 'å'),
    ("Aring", 'Å'),
    ("eacute", 'é'),
    ("Eacute", 'É'),
    ("egrave", 'è'),
    ("Egrave", 'È'),
    ("agrave", 'à'),
    ("ccedil", 'ç'),
    ("ecirc", 'ê'),
    ("ocirc", 'ô'),
    ("oslash", 'ø'),
    ("Oslash", 'Ø'),
    ("aelig", 'æ'),
    ("szlig", 'ß'),
    ("ntilde", 'ñ'),
    ("aacute", 'á'),
    ("iacute", 'í'),
    ("oacute", 'ó'),
    ("uacute", 'ú'),
    ("atilde", 'ã'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("rsquo", '’'),
    ("lsquo", '‘'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("copy", '©'),
    ("reg", '®'),
    ("euro", '€'),
];

/// The character that a text begins with as a reference, and its length in octets.
pub fn at(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let number = name.strip_prefix('#').map(|number| match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    });
    let said = match number {
        Some(number) => number.ok().and_then(char::from_u32)?,
        None => NAMED.iter().find(|(own, _)| *own == name)?.1,
    };
    Some((said, end + 1))
}

/// An attribute's value with its references read.
pub fn decoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(found) = rest.find('&') {
        out.push_str(&rest[..found]);
        rest = &rest[found..];
        let (said, length) = at(rest).unwrap_or(('&', 1));
        out.push(said);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}
