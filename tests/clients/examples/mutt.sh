#!/bin/sh
# mutt, sending by itself, and its fork neomutt, which signs in by another library; the argument says which. A slash in
# the user name is written %2F in smtp_url.
set -eu
scheme=smtp
[ "$SMTP_TLS" = implicit ] && scheme=smtps
login=
[ "$SMTP_AUTH" = none ] || login=$(printf %s "$SMTP_USER" | sed 's|/|%2F|g')@
cat >muttrc <<END
set from = "$MAIL_FROM"
set realname = "Demo Shop"
set use_envelope_from = yes
set send_charset = "utf-8"
set copy = no
set smtp_url = "$scheme://$login$SMTP_HOST:$SMTP_PORT/"
set smtp_authenticators = "$SMTP_AUTH"
set smtp_pass = "$SMTP_PASSWORD"
set ssl_starttls = $([ "$SMTP_TLS" = starttls ] && echo yes || echo no)
set ssl_force_tls = $([ "$SMTP_TLS" = none ] && echo no || echo yes)
set certificate_file = "$SMTP_CA"
my_hdr X-Optgate-Stream: $MAIL_STREAM
my_hdr X-Optgate-Scope: $MAIL_SCOPE
END
exec "$1" -F muttrc -s "$MAIL_SUBJECT" -a "$MAIL_ATTACHMENT" -- "$MAIL_TO" <"$MAIL_TEXT"
