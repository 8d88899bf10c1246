"""Twisted's own SMTP client. It takes the mechanism that it knows best."""

import os
import sys
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO
from pathlib import Path

from OpenSSL import crypto
from twisted.internet import reactor, ssl
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol, wrapClientTLS
from twisted.mail.smtp import ESMTPSenderFactory

env = os.environ
message = EmailMessage(policy=SMTP)
message["From"] = f"Demo Shop <{env['MAIL_FROM']}>"
message["To"] = env["MAIL_TO"]
message["Subject"] = env["MAIL_SUBJECT"]
message["X-Optgate-Stream"] = env["MAIL_STREAM"]
message["X-Optgate-Scope"] = env["MAIL_SCOPE"]
# 8bit goes as it is, to servers that never said they take it.
message.set_content(Path(env["MAIL_TEXT"]).read_text(), cte="8bit")
message.add_alternative(Path(env["MAIL_HTML"]).read_text(), subtype="html", cte="8bit")
file = Path(env["MAIL_ATTACHMENT"])
message.add_attachment(file.read_bytes(), maintype="application", subtype="octet-stream", filename=file.name)

authority = ssl.Certificate(crypto.load_certificate(crypto.FILETYPE_PEM, Path(env["SMTP_CA"]).read_bytes()))
trust = ssl.optionsForClientTLS(env["SMTP_HOST"], trustRoot=authority)
signs_in = env["SMTP_AUTH"] != "none"
sent = Deferred()
factory = ESMTPSenderFactory(
    env["SMTP_USER"].encode() if signs_in else None,
    env["SMTP_PASSWORD"].encode() if signs_in else None,
    env["MAIL_FROM"],
    [env["MAIL_TO"]],
    BytesIO(bytes(message).replace(b"\r\n", b"\n")),
    sent,
    contextFactory=trust,
    requireAuthentication=signs_in,
    requireTransportSecurity=env["SMTP_TLS"] == "starttls",
    hostname=env["SMTP_HOST"],
    retries=0,
)
status = 0


def failed(failure):
    global status
    status = 1
    print(getattr(failure.value, "resp", ""), failure.value, file=sys.stderr)


sent.addErrback(failed)
sent.addBoth(lambda _: reactor.stop())
endpoint = HostnameEndpoint(reactor, "127.0.0.1", int(env["SMTP_PORT"]))
if env["SMTP_TLS"] == "implicit":
    endpoint = wrapClientTLS(trust, endpoint)
endpoint.connect(factory).addErrback(sent.errback)
reactor.run()
sys.exit(status)
