"""aiosmtplib: smtplib's asynchronous cousin, in web applications."""

import asyncio
import os
import ssl
import sys
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import aiosmtplib

env = os.environ


def compose():
    # 8-bit as it is: for a server that offers 8BITMIME.
    message = EmailMessage(policy=SMTP.clone(cte_type="8bit"))
    message["From"] = f"Demo Shop <{env['MAIL_FROM']}>"
    message["To"] = env["MAIL_TO"]
    message["Subject"] = env["MAIL_SUBJECT"]
    message["X-Optgate-Stream"] = env["MAIL_STREAM"]
    message["X-Optgate-Scope"] = env["MAIL_SCOPE"]
    message.set_content(Path(env["MAIL_TEXT"]).read_text(), cte="8bit")
    message.add_alternative(Path(env["MAIL_HTML"]).read_text(), subtype="html", cte="8bit")
    attachment = Path(env["MAIL_ATTACHMENT"])
    message.add_attachment(
        attachment.read_bytes(), maintype="application", subtype="octet-stream", filename=attachment.name
    )
    return message


async def main():
    smtp = aiosmtplib.SMTP(
        hostname=env["SMTP_HOST"],
        port=int(env["SMTP_PORT"]),
        use_tls=env["SMTP_TLS"] == "implicit",
        start_tls=env["SMTP_TLS"] == "starttls",
        tls_context=None if env["SMTP_TLS"] == "none" else ssl.create_default_context(cafile=env["SMTP_CA"]),
    )
    async with smtp:
        await smtp.ehlo()
        if env["SMTP_AUTH"] == "plain":
            await smtp.auth_plain(env["SMTP_USER"], env["SMTP_PASSWORD"])
        elif env["SMTP_AUTH"] == "login":
            await smtp.auth_login(env["SMTP_USER"], env["SMTP_PASSWORD"])
        await smtp.send_message(compose())


try:
    asyncio.run(main())
except aiosmtplib.SMTPException as error:
    sys.exit(str(error))
