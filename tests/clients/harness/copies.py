"""Messages before and after the gateway: each is sent through the real binary, and what leaves is caught. For judges who
compare the two (tests/rendering, tests/spam)."""

import email
import email.policy
import email.utils
import pathlib
import re
import smtplib
import tempfile

from gateway import Gateway, make_keys
from upstream import Upstream

SMTP = "allow_plaintext_auth = true"
SEALED = {"multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
SELECTORS = b"X-Optgate-Stream: marketing\r\nX-Optgate-Scope: apparel\r\n"
# Why a message of a corpus may be refused: for what it is, and not for what the test did.
REFUSALS = ("unparsable", "merge_field_leak", "content_missing")


def rightly_refused(reply):
    """Whether the gateway told that the fault is the message's."""
    return any(f"[{reason}]" in reply for reason in REFUSALS)


def sealed(raw):
    """Whether the body is under a signature or encryption, so that it stays as it is."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    kinds = {part.get_content_type() for part in message.walk()}
    return bool(kinds & SEALED) or b"-----BEGIN PGP" in raw


def canonical(raw):
    """Every line end a CRLF."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def pairs(files, domain="example.com"):
    """(name, before, after) for each message that is taken; (name, None, reply) for each that is not."""
    with tempfile.TemporaryDirectory(prefix="optgate-copies-") as scratch:
        folder = pathlib.Path(scratch)
        keys = folder / "keys"
        keys.mkdir()
        make_keys(keys)
        upstream = Upstream(["8BITMIME", "SMTPUTF8"])
        gateway = Gateway(folder / "gateway", keys, SMTP, upstream, domain)
        try:
            for number, file in enumerate(files):
                yield one(gateway, upstream, pathlib.Path(file), f"reader{number}@example.se")
        finally:
            gateway.stop()


def one(gateway, upstream, file, recipient):
    before = canonical(file.read_bytes())
    gateway.opt_in(recipient)
    user, password = gateway.login("tool")
    with smtplib.SMTP("127.0.0.1", gateway.port, timeout=60) as tool:
        tool.ehlo("tool.example")
        tool.login(user, password)
        options = ["BODY=8BITMIME"] + ([] if before.isascii() else ["SMTPUTF8"])
        tool.mail("bounce@example.com", options)
        tool.rcpt(recipient)
        code, reply = tool.data(SELECTORS + before)
    taken = upstream.captured(recipient, 30) if code == 250 and b"[" not in reply else []
    if not taken:
        return file.name, None, f"{code} {reply.decode('utf-8', 'replace')}"
    return file.name, before, taken[0].content
