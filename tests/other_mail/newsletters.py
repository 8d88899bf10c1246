"""Newsletters on other people's templates, each in another charset, encoding and structure than the last; and the oracle,
`manifest.jsonl`: for each leaf its path, its role (`text-body` and `html-body` may get a footer, `keep` may not change)
and the SHA-256 of what it decodes to. The same templates make the same newsletters.
"""

import base64
import hashlib
import html
import json
import random
import re

from languages import LANGUAGES

CRLF = b"\r\n"
# A template becomes so many.
EACH = 4
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Leaf:
    """`content` is what it decodes to, its lines ended by CRLF."""

    def __init__(self, kind, content, encoding="", role="keep", more=()):
        self.kind, self.content, self.encoding, self.role, self.more = kind, content, encoding, role, more

    def fields(self):
        encoding = [f"Content-Transfer-Encoding: {self.encoding}"] if self.encoding else []
        return [f"Content-Type: {self.kind}", *encoding, *self.more]

    def body(self, choose):
        how = self.encoding.lower()
        if how == "quoted-printable":
            return quoted(self.content, choose)
        if how == "base64":
            width = choose.choice((76, 76, 72, 64, 60, 4))
            data = base64.b64encode(self.content)
            return CRLF.join(data[at : at + width] for at in range(0, len(data), width)) + CRLF
        return self.content

    def leaves(self, path):
        yield {"path": path or "1", "type": self.kind.partition(";")[0], "role": self.role,
               "sha256": hashlib.sha256(self.content).hexdigest()}


class Nested(Leaf):
    """A message in a message: what parsers give of it differs, so nobody says its hash."""

    def leaves(self, path):
        yield {"path": path or "1", "type": self.kind, "role": "keep", "sha256": None}


class Multi:
    def __init__(self, kind, *parts, parameters="", frozen=False):
        self.kind, self.parts, self.parameters = kind, parts, parameters
        if frozen:
            self.freeze()

    def freeze(self):
        for part in self.parts:
            part.freeze() if isinstance(part, Multi) else setattr(part, "role", "keep")

    def fields(self):
        return [f'Content-Type: multipart/{self.kind};\r\n boundary="{self.boundary}"{self.parameters}']

    def body(self, choose):
        line = b"--" + self.boundary.encode()
        preamble = choose.choice((b"", b"", b"This is a multi-part message in MIME format." + CRLF))
        epilogue = choose.choice((b"", b"", CRLF, b"epilogue" + CRLF))
        blanks = choose.choice((b"", b"", b"", b" ", b"\t "))
        inside = [line + blanks + CRLF + written(part, choose) + CRLF for part in self.parts]
        return preamble + b"".join(inside) + line + b"--" + CRLF + epilogue

    def leaves(self, path):
        for number, part in enumerate(self.parts, 1):
            yield from part.leaves(f"{path}.{number}" if path else str(number))


def bounded(part, choose, depth=0):
    """Gives each multipart a boundary that begins none of the others'."""
    if isinstance(part, Multi):
        form = choose.choice(("----=_NextPart_{0}_{1}", "b{0}.{1}'()+_,-./:=?", "={0}_{1}=", "{0}{1} x y", "__{0}__{1}__"))
        part.boundary = form.format(depth, f"{choose.randrange(16**10):010x}")
        for number, inner in enumerate(part.parts):
            bounded(inner, choose, depth * 10 + number + 1)


def written(part, choose):
    fields = part.fields()
    if choose.random() < 0.2:
        fields = [re.sub("^Content-[A-Za-z-]+", lambda name: name.group().upper(), field) for field in fields]
    if choose.random() < 0.2:
        fields.reverse()
    return "\r\n".join(fields).encode() + CRLF + CRLF + part.body(choose)


def quoted(content, choose):
    """Quoted-printable in one of the manners of those who write it by hand: folded here and there, eager or lazy."""
    width, eager, lower = choose.randrange(30, 77), choose.random() < 0.3, choose.random() < 0.3
    out = []
    for line in content.split(CRLF):
        column, written_line = 0, []
        for at, octet in enumerate(line):
            plain = 33 <= octet <= 126 and octet != 61 and not (eager and not chr(octet).isalnum())
            blank = octet in (9, 32) and at + 1 < len(line)
            code = bytes((octet,)) if plain or blank else b"=%02x" % octet if lower else b"=%02X" % octet
            if column + len(code) >= width:
                written_line.append(b"=" + CRLF)
                column = 0
            written_line.append(code)
            column += len(code)
        out.append(b"".join(written_line))
    return CRLF.join(out)


def structures(text, page, choose):
    """Each gives the parts anew: `text` and `page` make a leaf."""
    picture = lambda: Leaf("image/png", PNG, "base64", more=("Content-ID: <logo@shop.example>", "Content-Disposition: inline; filename=logo.png"))
    file = lambda kind, name, content, how="base64": Leaf(
        kind, content, how, more=(f'Content-Disposition: attachment;\r\n filename="{name}"',))
    both = lambda: Multi("alternative", text(), page())
    inner = b"From: a@other.example\r\nSubject: inside\r\nContent-Type: text/html\r\n\r\n<body>inside</body>\r\n"
    amp = lambda: Leaf("text/x-amp-html; charset=utf-8", b"<!doctype html><html amp4email><body>amp</body></html>\r\n", "7bit")
    invitation = lambda: Leaf("text/calendar; charset=utf-8; method=REQUEST", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "7bit")
    return (
        ("text", text),
        ("html", page),
        ("alternative", both),
        ("alternative-reversed", lambda: Multi("alternative", page(), text())),
        ("alternative-amp", lambda: Multi("alternative", text(), amp(), page())),
        ("alternative-calendar", lambda: Multi("alternative", text(), page(), invitation())),
        ("alternative-related", lambda: Multi("alternative", text(), Multi("related", page(), picture(), parameters='; type="text/html"'))),
        ("related-alternative", lambda: Multi("related", both(), picture(), parameters='; type="multipart/alternative"')),
        ("related", lambda: Multi("related", page(), picture(), picture())),
        ("mixed-pdf", lambda: Multi("mixed", both(), file("application/pdf", "offer.pdf", b"%PDF-1.4\n%%EOF\n"))),
        ("mixed-related-alternative", lambda: Multi("mixed", Multi("related", both(), picture()), file("application/pdf", "a.pdf", b"%PDF"))),
        ("mixed-texts", lambda: Multi("mixed", both(), file("text/plain; charset=utf-8", "terms.txt", "Villkor: åäö\r\n".encode(), "8bit"),
                                      file("text/html", "invoice.html", b"<body>invoice</body>\r\n", "quoted-printable"))),
        ("mixed-message", lambda: Multi("mixed", both(), Nested("message/rfc822", inner))),
        ("mixed-digest", lambda: Multi("mixed", text(), Multi("digest", Nested("message/rfc822", inner), Nested("message/rfc822", inner)))),
        ("mixed-uuencode", lambda: Multi("mixed", page(), Leaf("application/octet-stream; name=a", b"begin 644 a\r\n#0V%T\r\n`\r\nend\r\n", "x-uuencode"))),
        ("mixed-html", lambda: Multi("mixed", page(), file("image/png", "a.png", PNG))),
        ("deep", lambda: Multi("mixed", Multi("mixed", Multi("related", both(), picture())), file("text/csv", "a.csv", b"a;b\r\n", "7bit"))),
        ("signed", lambda: Multi("signed", both(), Leaf("application/pgp-signature; name=signature.asc", b"-----BEGIN PGP SIGNATURE-----\r\n\r\nx\r\n-----END PGP SIGNATURE-----\r\n", "7bit"),
                                 parameters=';\r\n protocol="application/pgp-signature"; micalg=pgp-sha256', frozen=True)),
    )


def filled(template):
    """Without the marks of template languages, as a tool would send it."""
    said = re.sub(r"\{%.*?%\}|\{\{[#/^!>].*?\}\}|<%.*?%>|\*\|.*?\|\*", "", template, flags=re.DOTALL)
    said = re.sub(r"\[[A-Z]{4,}\]", "reader", said)
    return re.sub(r"\{\{\{?\s*([\w.]*).*?\}?\}\}", lambda field: f"shop {field.group(1).rpartition('.')[2]}", said)


def with_words(page, words, language):
    """The paragraph before the template's first."""
    place = re.search(r"<body[^>]*>", page, re.IGNORECASE)
    at = place.end() if place else 0
    return f'{page[:at]}<p lang="{language}">{html.escape(words)}</p>\n{page[at:]}'


def travelling(text, codec, page):
    """Octets in the charset, every line ended by CRLF."""
    lines = "\r\n".join(re.split(r"\r\n|\r|\n", text.rstrip())) + "\r\n"
    if codec in ("utf_7", "utf_16", "hz"):
        lines = lines.replace("\x0b", " ")
    return lines.encode(codec, "xmlcharrefreplace" if page else "replace")


def readable(page, width=72):
    """What a tool makes of HTML for those who read text."""
    bare = re.sub(r"<(style|script|head|title)\b.*?</\1>|<!--.*?-->|<[^>]*>", "\n", page, flags=re.DOTALL | re.IGNORECASE)
    words = html.unescape(bare).replace("\xa0", " ")
    lines = [re.sub(r"\s+", " ", line).strip() for line in words.splitlines()]
    return "\n".join(line[:width] for line in lines if line)[:3_000]


def encodings(codec, content):
    """What the octets may travel in: 7bit and 8bit only where the lines may."""
    if codec == "utf_16":
        return ("base64",)
    wrapped = all(len(line) <= 990 for line in content.split(CRLF)) and b"\0" not in content
    bare = () if not wrapped else ("7bit", "") if content.isascii() else ("8bit",)
    return ("quoted-printable", "base64", "BASE64", "Quoted-Printable", *bare, *bare)


def word(text, charset, codec):
    """RFC 2047, a word of a few characters each."""
    if text.isascii():
        return text
    pieces = [text[at : at + 8].encode(codec, "replace") for at in range(0, len(text), 8)]
    return "\r\n ".join(f"=?{charset}?B?{base64.b64encode(piece).decode()}?=" for piece in pieces)


def newsletter(number, template, language, choose):
    """(octets, manifest's entry)."""
    charset, codec, tongue, subject, words = language
    page = with_words(filled(template), words, tongue)
    if choose.random() < 0.5:
        page = re.sub(r"(?<=>)(?=<)", "\n", page)
    text = f"{words}\n\n{readable(page)}\n\nhttps://shop.example.com/{tongue}?c=8812"
    signs = choose.random() < 0.3
    if signs:
        text += "\n\n-- \nDemo Shop"
    label = choose.choice((charset, f'"{charset}"', f'"{charset.upper()}"'))
    bodies = []
    for kind, role, said in (("text/plain", "text-body", text), ("text/html", "html-body", page)):
        content = travelling(said, codec, kind == "text/html")
        kind = f"{kind};{choose.choice((' ', chr(13) + chr(10) + chr(9)))}charset={label}"
        bodies.append(lambda kind=kind, role=role, content=content: Leaf(
            kind, content, choose.choice(encodings(codec, content)), role))
    every = structures(*bodies, choose)
    # Each language meets each structure in the end.
    name, make = every[(number + number // len(LANGUAGES)) % len(every)]
    whole = make()
    bounded(whole, choose)
    own = "utf-8" if codec in ("utf_16", "utf_7", "hz", "iso2022_kr") else charset
    header = [
        "Received: from app.tool.example (app.tool.example [192.0.2.7])\r\n\tby out.tool.example; Tue, 12 May 2026 09:00:00 +0000",
        "From: Demo Shop <news@example.com>",
        "To: reader@example.net",
        f"Subject: {word(subject, own, 'utf_8' if own == 'utf-8' else codec)}",
        f"Date: Tue, 12 May 2026 09:{number % 60:02}:00 +0200",
        f"Message-ID: <{number}@tool.example>",
        "MIME-Version: 1.0",
        f"X-Campaign-ID: {number}",
    ]
    if choose.random() < 0.3:
        header += ["List-Unsubscribe: <https://tool.example/u/1>,\r\n <mailto:leave@tool.example>", "Precedence: bulk"]
    if choose.random() < 0.3:
        choose.shuffle(header)
    message = "\r\n".join(header).encode() + CRLF + written(whole, choose)
    if not message.endswith(CRLF):
        message += CRLF
    entry = {"file": f"{number:04}-{tongue}-{charset.replace('/', '_')}-{name}.eml", "charset": charset, "structure": name,
             "signed": name == "signed", "leaves": list(whole.leaves(""))}
    return message, entry


def write(folder, templates):
    """How many."""
    folder.mkdir(parents=True)
    choose = random.Random(8812)
    number = 0
    with open(folder / "manifest.jsonl", "w") as manifest:
        for origin, licence, template in templates:
            for _ in range(EACH):
                language = LANGUAGES[number % len(LANGUAGES)]
                message, entry = newsletter(number, template, language, choose)
                (folder / entry["file"]).write_bytes(message)
                manifest.write(json.dumps({**entry, "template": origin, "template_licence": licence}) + "\n")
                number += 1
    return number
