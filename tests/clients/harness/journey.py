"""Sends with every client in every way that it can, and tells what came of it."""

import dataclasses
import email.header
import email.message
import email.policy
import os
import pathlib
import subprocess
import tempfile
import time

import gateway
import judge
from table import CLEAR, IMPLICIT, STARTTLS
from upstream import Upstream

MAIL = pathlib.Path(__file__).resolve().parents[1] / "mail"
# For a client to do its work, and for the gateway to relay it.
PATIENCE = 90


@dataclasses.dataclass
class Mail:
    recipient: str
    stream: str
    subject: str = "Mjuka byxor – nu för 199 €"
    sender: str = "news@shop.example"
    text: str = (MAIL / "newsletter.txt").read_text()
    html: str = (MAIL / "newsletter.html").read_text()
    attachment_name: str = "prices.bin"
    # Every octet, line ends of all kinds, and what would end the data if it were not encoded.
    attachment: bytes = bytes(range(256)) * 8 + b"\r\n.\r\n\n.\n\r.\r" + bytes(3)


@dataclasses.dataclass(frozen=True)
class Case:
    """A column of the table."""

    title: str
    server: str
    tls: str
    mechanism: str
    stream: str = "marketing"
    # What must come of it: "delivered", "refused", "wrong password".
    outcome: str = "delivered"


CASES = (
    Case("clear, PLAIN", "loopback", CLEAR, "plain"),
    Case("clear, LOGIN", "loopback", CLEAR, "login"),
    Case("STARTTLS, PLAIN", "network", STARTTLS, "plain"),
    Case("STARTTLS, LOGIN", "network", STARTTLS, "login"),
    Case("implicit, PLAIN", "network", IMPLICIT, "plain"),
    Case("implicit, LOGIN", "network", IMPLICIT, "login"),
    # Behind this one the upstream has no 8BITMIME.
    Case("trusted", "trusted", CLEAR, "none"),
    Case("service mail", "trusted", CLEAR, "none", stream="functional"),
    Case("refusal", "loopback", CLEAR, "any", outcome="refused"),
    Case("wrong password", "loopback", CLEAR, "any", outcome="wrong password"),
)


def run(clients):
    with tempfile.TemporaryDirectory(prefix="optgate-clients.") as folder:
        world = World(pathlib.Path(folder))
        try:
            return world.send_all(clients)
        finally:
            world.stop()


class World:
    """Three gateways, as users run it: on loopback in clear, on a network with TLS, and for tools that can't
    authenticate."""

    def __init__(self, folder):
        self.folder = folder
        # The daemons of Postfix and Exim are not root.
        folder.chmod(0o755)
        keys = folder / "keys"
        keys.mkdir()
        self.ca = keys / "ca.crt"
        self.public_key = gateway.make_keys(keys)
        modern = Upstream(["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"])
        old = Upstream([])
        self.servers = {}
        for name, smtp, upstream in (
            ("loopback", "allow_plaintext_auth = true", modern),
            ("network", gateway.WITH_TLS, modern),
            ("trusted", gateway.TRUSTED, old),
        ):
            self.servers[name] = gateway.Gateway(folder / name, keys, smtp, upstream)

    def stop(self):
        for server in self.servers.values():
            server.stop()

    def send_all(self, clients):
        wide = max(len(client.name) for client in clients)
        print(" " * wide, *(f"{case.title:^15}" for case in CASES), sep=" | ")
        failures = []
        for client in clients:
            began = time.monotonic()
            cells = []
            for case in CASES:
                cell, failure = self.attempt(client, case)
                cells.append(f"{cell:^15}")
                if failure:
                    failures.append(f"{client.name}, {case.title}: {failure}")
            print(f"{client.name:<{wide}}", *cells, f"{time.monotonic() - began:.1f} s", sep=" | ", flush=True)
        for server in self.servers.values():
            failures += [f"upstream: {violation}" for violation in server.upstream.violations()]
        for failure in failures:
            print(f"\nFAILED {failure}")
        print(f"\n{len(clients)} clients, {len(failures)} failures")
        return 1 if failures else 0

    def attempt(self, client, case):
        mechanism = client.mechanisms[0] if case.mechanism == "any" else case.mechanism
        if case.tls not in client.tls or mechanism not in (*client.mechanisms, "none"):
            return "–", None
        try:
            self.carry_out(client, dataclasses.replace(case, mechanism=mechanism))
            return "ok", None
        except (judge.Wrong, subprocess.TimeoutExpired, OSError) as error:
            return "FAILED", str(error)

    def carry_out(self, client, case):
        server = self.servers[case.server]
        recipient = f"{client.name}.{CASES_INDEX[case.title]}@inbox.example"
        mail = Mail(recipient=recipient, stream=case.stream)
        if case.outcome != "refused":
            server.opt_in(recipient)
        ran = self.client(client, case, server, mail)
        said = (ran.stdout + ran.stderr).strip()
        if case.outcome == "delivered":
            judge.expect(ran.returncode == 0, f"exit status {ran.returncode}: {said}")
            came = server.upstream.captured(recipient, within=30)
            judge.expect(came, f"nothing came; the client said: {said}")
            judge.expect(len(came) == 1, f"it came {len(came)} times")
            judge.judge(came[0], mail, client, self.public_key)
            return
        judge.expect(ran.returncode != 0, f"exit status 0 although refused: {said}")
        shows = ("550", "[no_ground]") if case.outcome == "refused" else (client.wrong_password,)
        judge.expect(all(text in said for text in shows), f"it does not show {' '.join(shows)}: {said}")
        judge.expect(not server.upstream.captured(recipient), "it was relayed all the same")

    def client(self, client, case, server, mail):
        home = self.folder / "home" / client.name / CASES_INDEX[case.title]
        home.mkdir(parents=True)
        (home / "text").write_text(mail.text)
        (home / "html").write_text(mail.html)
        (home / mail.attachment_name).write_bytes(mail.attachment)
        (home / "message.eml").write_bytes(prepared(mail))
        # Each has its own, as it should be: after some wrong passwords a tool on this machine is refused by itself.
        user, password = server.login(client.name) if case.mechanism != "none" else ("", "")
        if case.outcome == "wrong password":
            password = "not the password"
        implicit = case.tls == IMPLICIT
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(server.implicit_port if implicit else server.port),
            "SMTP_TLS": case.tls,
            "SMTP_AUTH": case.mechanism,
            "SMTP_USER": user,
            "SMTP_PASSWORD": password,
            "SMTP_CA": str(self.ca),
            # Where Python, Ruby, Go and OpenSSL look for authorities; and Node.
            "SSL_CERT_FILE": str(self.ca),
            "NODE_EXTRA_CA_CERTS": str(self.ca),
            "CLIENT_CACHE": os.environ["OPTGATE_CLIENT_CACHE"],
            "MAIL_FROM": mail.sender,
            "MAIL_TO": mail.recipient,
            "MAIL_SUBJECT": mail.subject,
            "MAIL_STREAM": mail.stream,
            "MAIL_SCOPE": "apparel",
            "MAIL_TEXT": str(home / "text"),
            "MAIL_HTML": str(home / "html"),
            "MAIL_ATTACHMENT": str(home / mail.attachment_name),
            "MAIL_EML": str(home / "message.eml"),
        }
        command = [part.format(cache=environment["CLIENT_CACHE"]) for part in client.command]
        return subprocess.run(
            command, env=environment, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=PATIENCE,
        )


CASES_INDEX = {case.title: f"case{index}" for index, case in enumerate(CASES)}


def prepared(mail):
    """The message for clients that only carry one: written by hand in the worst allowed manner, with LF line
    ends, an unlabelled 8-bit body and nothing encoded that need not be."""
    attachment = email.message.EmailMessage(policy=email.policy.SMTP)
    attachment.set_content(mail.attachment, maintype="application", subtype="octet-stream")
    body = attachment.get_payload().replace("\r\n", "\n").strip()
    subject = email.header.Header(mail.subject, "utf-8").encode()
    return f"""\
From: Demo Shop <{mail.sender}>
To: {mail.recipient}
Bcc: archive@shop.example
Subject: {subject}
X-Optgate-Stream: {mail.stream}
X-Optgate-Scope: apparel
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8

{mail.text}
--inner
Content-Type: text/html; charset=utf-8

{mail.html}
--inner--
--outer
Content-Type: application/octet-stream; name="{mail.attachment_name}"
Content-Disposition: attachment; filename="{mail.attachment_name}"
Content-Transfer-Encoding: base64

{body}
--outer--
""".encode()
