#!/bin/sh
# s-nail: mail(1) with a memory for servers.
set -eu
scheme=smtp
[ "$SMTP_TLS" = implicit ] && scheme=smtps
login=
[ "$SMTP_AUTH" = none ] ||
    login=$(printf %s "$SMTP_USER" | sed 's|/|%2F|g'):$(printf %s "$SMTP_PASSWORD" | sed 's| |%20|g')@
cat >mailrc <<END
set v15-compat sendwait from="Demo Shop <$MAIL_FROM>" ttycharset=utf-8 sendcharsets=utf-8
set mta=$scheme://$login$SMTP_HOST:$SMTP_PORT smtp-auth=$SMTP_AUTH
set tls-verify=strict tls-ca-file=$SMTP_CA tls-ca-no-defaults record=/dev/null
END
[ "$SMTP_TLS" = starttls ] && echo 'set smtp-use-starttls' >>mailrc
exec env MAILRC=mailrc s-nail -n -r "$MAIL_FROM" -s "$MAIL_SUBJECT" \
    -C "X-Optgate-Stream: $MAIL_STREAM" -C "X-Optgate-Scope: $MAIL_SCOPE" \
    -a "$MAIL_ATTACHMENT" "$MAIL_TO" <"$MAIL_TEXT"
