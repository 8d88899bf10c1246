"""Python's smtplib, as a script or a cron job uses it."""

import os
import smtplib
import ssl
import sys
from email.message import EmailMessage
from pathlib import Path

env = os.environ

message = EmailMessage()
message["From"] = f"Demo Shop <{env['MAIL_FROM']}>"
message["To"] = env["MAIL_TO"]
message["Subject"] = env["MAIL_SUBJECT"]
message["X-Optgate-Stream"] = env["MAIL_STREAM"]
message["X-Optgate-Scope"] = env["MAIL_SCOPE"]
message.set_content(Path(env["MAIL_TEXT"]).read_text())
message.add_alternative(Path(env["MAIL_HTML"]).read_text(), subtype="html")
attachment = Path(env["MAIL_ATTACHMENT"])
message.add_attachment(
    attachment.read_bytes(), maintype="application", subtype="octet-stream", filename=attachment.name
)

try:
    context = ssl.create_default_context(cafile=env["SMTP_CA"])
    host, port = env["SMTP_HOST"], int(env["SMTP_PORT"])
    if env["SMTP_TLS"] == "implicit":
        smtp = smtplib.SMTP_SSL(host, port, context=context)
    else:
        smtp = smtplib.SMTP(host, port)
    with smtp:
        if env["SMTP_TLS"] == "starttls":
            smtp.starttls(context=context)
        smtp.ehlo()
        smtp.user, smtp.password = env["SMTP_USER"], env["SMTP_PASSWORD"]
        if env["SMTP_AUTH"] == "plain":
            smtp.auth("PLAIN", smtp.auth_plain)
        elif env["SMTP_AUTH"] == "login":
            # Asks for user name and password one by one, as older tools do.
            smtp.auth("LOGIN", smtp.auth_login, initial_response_ok=False)
        smtp.send_message(message)
except smtplib.SMTPException as error:
    sys.exit(str(error))
