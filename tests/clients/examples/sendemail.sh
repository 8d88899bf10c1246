#!/bin/sh
# sendEmail, a Perl script that many backup and monitoring jobs carry about with them. It writes its SMTP by hand.
set -eu
set -- -f "Demo Shop <$MAIL_FROM>" -t "$MAIL_TO" -s "$SMTP_HOST:$SMTP_PORT" \
    -u "=?UTF-8?B?$(printf %s "$MAIL_SUBJECT" | base64 -w0)?=" \
    -o "message-file=$MAIL_TEXT" -o message-charset=utf-8 -o message-content-type=text \
    -o "message-header=X-Optgate-Stream: $MAIL_STREAM" -o "message-header=X-Optgate-Scope: $MAIL_SCOPE" \
    -o "tls=$([ "$SMTP_TLS" = starttls ] && echo yes || echo no)" -o fqdn=tool.shop.example \
    -a "$MAIL_ATTACHMENT"
[ "$SMTP_AUTH" = none ] || set -- "$@" -xu "$SMTP_USER" -xp "$SMTP_PASSWORD"
exec sendEmail -v "$@"
