#!/bin/sh
# GNU mailutils' mail, which sends by itself where its mailer is an SMTP URL.
set -eu
scheme=smtp
[ "$SMTP_TLS" = implicit ] && scheme=smtps
login= auth= tls=
if [ "$SMTP_AUTH" != none ]; then
    login=$(printf %s "$SMTP_USER" | sed 's|/|%2F|g'):$(printf %s "$SMTP_PASSWORD" | sed 's|/|%2F|g; s|+|%2B|g; s| |%20|g')@
    auth=";auth=$SMTP_AUTH"
fi
[ "$SMTP_TLS" = none ] && tls=';notls'
cat >mailutils.conf <<END
tls { ssl-ca-file "$SMTP_CA"; }
END
exec mail.mailutils --config-file mailutils.conf --debug-level=mailer.prot -E "set nodot" -E "set charset=utf-8" \
    -E "set sendmail=\"$scheme://$login$SMTP_HOST:$SMTP_PORT$auth$tls\"" \
    -r "$MAIL_FROM" -s "=?UTF-8?B?$(printf %s "$MAIL_SUBJECT" | base64 -w0)?=" -a "From: Demo Shop <$MAIL_FROM>" \
    -a "X-Optgate-Stream: $MAIL_STREAM" -a "X-Optgate-Scope: $MAIL_SCOPE" \
    --content-type=application/octet-stream --encoding=base64 -A "$MAIL_ATTACHMENT" \
    --content-type='text/plain; charset=utf-8' --encoding=quoted-printable "$MAIL_TO" <"$MAIL_TEXT"
