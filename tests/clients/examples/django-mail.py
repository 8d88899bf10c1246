"""Django's own mail backend. What `settings.configure` gets here stands in a project's settings.py."""

import os
import smtplib
import sys
from pathlib import Path

import django
from django.conf import settings

env = os.environ
signs_in = env["SMTP_AUTH"] != "none"

settings.configure(
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
    EMAIL_HOST=env["SMTP_HOST"],
    EMAIL_PORT=int(env["SMTP_PORT"]),
    EMAIL_HOST_USER=env["SMTP_USER"] if signs_in else "",
    EMAIL_HOST_PASSWORD=env["SMTP_PASSWORD"] if signs_in else "",
    EMAIL_USE_TLS=env["SMTP_TLS"] == "starttls",
    EMAIL_USE_SSL=env["SMTP_TLS"] == "implicit",
    DEFAULT_FROM_EMAIL=f"Demo Shop <{env['MAIL_FROM']}>",
)
django.setup()

from django.core.mail import EmailMultiAlternatives  # noqa: E402

message = EmailMultiAlternatives(
    subject=env["MAIL_SUBJECT"],
    body=Path(env["MAIL_TEXT"]).read_text(),
    to=[env["MAIL_TO"]],
    bcc=[],
    headers={"X-Optgate-Stream": env["MAIL_STREAM"], "X-Optgate-Scope": env["MAIL_SCOPE"]},
)
message.attach_alternative(Path(env["MAIL_HTML"]).read_text(), "text/html")
message.attach_file(env["MAIL_ATTACHMENT"], "application/octet-stream")
try:
    message.send()
except smtplib.SMTPException as error:
    sys.exit(str(error))
