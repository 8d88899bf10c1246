"""What must be true of a message that came through. Reads it with Python's parser and checks its signature with
dkimpy, neither of which the gateway is built with."""

import email
import email.policy
import re

import dkim


class Wrong(Exception):
    """A message is not as it must be; says how."""


def expect(truth, what):
    if not truth:
        raise Wrong(what)


def judge(captured, sent, client, public_key):
    """`sent` is the Mail that was sent; `client` says which of its parts the client can send."""
    raw = captured.content
    expect(not re.search(rb"(?<!\r)\n|\r(?!\n)", raw), "a CR or LF stands alone")
    if not captured.parameters.upper().count("8BITMIME"):
        expect(raw.isascii(), "octets beyond ASCII, and no BODY=8BITMIME")
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    expect(not message.defects, f"defects: {message.defects}")
    names = [name.lower() for name in message.keys()]
    expect(not [name for name in names if name.startswith("x-optgate")], "X-Optgate-… left in")
    expect("bcc" not in names and "return-path" not in names, "Bcc or Return-Path left in")
    for name in ("from", "to", "subject", "date", "message-id", "mime-version"):
        expect(names.count(name) == 1, f"{names.count(name)} × {name}")
    expect(str(message["subject"]) == sent.subject, f"subject: {message['subject']!r}")
    expect(sent.sender in str(message["from"]), f"from: {message['from']}")
    signature(raw, public_key)
    (check_links if sent.stream == "marketing" else check_no_links)(message, raw)
    text(message, sent, client)
    if "html" in client.parts:
        html(message, sent)
    if "attachment" in client.parts:
        attachment(message, sent)


def signature(raw, public_key):
    def dns(name, timeout=5):
        return f"v=DKIM1; k=rsa; p={public_key}".encode() if name == b"og1._domainkey.shop.example." else None

    verifier = dkim.DKIM(raw)
    try:
        passed = verifier.verify(dnsfunc=dns)
    except dkim.DKIMException as error:
        raise Wrong(f"DKIM: {error}") from error
    expect(passed, "the DKIM signature does not verify")


def check_links(message, raw):
    links = message.get_all("List-Unsubscribe", [])
    expect(len(links) == 1, f"{len(links)} × List-Unsubscribe")
    expect(len(re.findall(r"<https://mail\.test/u/[\w-]+>", links[0])) == 1, f"List-Unsubscribe: {links[0]}")
    expect(message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", "List-Unsubscribe-Post")
    expect(message["List-Id"], "List-Id is missing")
    signed = re.search(r"\bh=([^;]+)", re.sub(r"\s+", "", message["DKIM-Signature"])).group(1).lower().split(":")
    expect({"list-unsubscribe", "list-unsubscribe-post", "from"} <= set(signed), f"h={signed}")


def check_no_links(message, raw):
    expect(message["List-Unsubscribe"] is None, "List-Unsubscribe on service mail")


def decoded(part):
    """The text of a part; what names no charset is read as UTF-8, which is what was sent."""
    octets = part.get_payload(decode=True)
    charset = part.get_content_charset() or "utf-8"
    try:
        return octets.decode(charset).replace("\r\n", "\n")
    except (UnicodeDecodeError, LookupError) as error:
        raise Wrong(f"{part.get_content_type()} is not in its charset {charset}: {error}") from error


def leaves(message, kind):
    return [
        part
        for part in message.walk()
        if part.get_content_type() == kind and part.get_content_disposition() != "attachment"
    ]


def text(message, sent, client):
    found = leaves(message, "text/plain")
    expect(len(found) == 1, f"{len(found)} × text/plain")
    came = decoded(found[0])
    if client.quotes_from:
        came = re.sub(r"(?m)^>From ", "From ", came)
    if client.doubles_cr:
        came = came.replace("\r", "")
    was = re.sub(r"(?m)^\.(?=.)", "", sent.text) if client.loses_dots else sent.text
    before, after = (part.strip("\n ") for part in was.split("\n-- \n", 1))
    signature = f"\n-- \n{after}\n"
    expect(came.startswith(before), f"the text changed:\n{came!r}\ninstead of\n{before!r}")
    expect(signature in came + "\n", f"the sender's signature was lost: {came!r}")
    added = (came + "\n")[len(before):].replace(signature, "").strip()
    if sent.stream == "marketing":
        expect("https://mail.test/u/" in added, f"no unsubscribe link in the text: {added!r}")
        # Mail programs leave out what follows a signature's mark.
        expect(client.doubles_cr or came.rstrip().endswith(after), f"the footer follows the signature: {came!r}")
    else:
        expect(not added, f"something was added to the text: {added!r}")


def html(message, sent):
    found = leaves(message, "text/html")
    expect(len(found) == 1, f"{len(found)} × text/html")
    came = decoded(found[0])
    for line in sent.html.splitlines():
        expect(line in came.splitlines() or line.startswith("</"), f"the HTML lost {line!r}:\n{came}")
    expect(("https://mail.test/u/" in came) == (sent.stream == "marketing"), "the link in the HTML")


def attachment(message, sent):
    found = [part for part in message.walk() if part.get_filename() == sent.attachment_name]
    expect(len(found) == 1, f"{len(found)} × {sent.attachment_name}")
    octets = found[0].get_payload(decode=True)
    expect(octets == sent.attachment, f"the attachment changed: {len(octets)} octets, not {len(sent.attachment)}")
