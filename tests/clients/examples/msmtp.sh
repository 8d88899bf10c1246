#!/bin/sh
# msmtp: a sendmail for machines without a mail server. This is its ~/.msmtprc.
set -eu
cat >msmtprc <<END
account default
host $SMTP_HOST
port $SMTP_PORT
from $MAIL_FROM
END
if [ "$SMTP_AUTH" != none ]; then
    printf 'auth %s\nuser %s\npassword "%s"\n' "$SMTP_AUTH" "$SMTP_USER" "$SMTP_PASSWORD" >>msmtprc
fi
case $SMTP_TLS in
    none) echo 'tls off' >>msmtprc ;;
    starttls) printf 'tls on\ntls_starttls on\ntls_trust_file %s\n' "$SMTP_CA" >>msmtprc ;;
    implicit) printf 'tls on\ntls_starttls off\ntls_trust_file %s\n' "$SMTP_CA" >>msmtprc ;;
esac
chmod 600 msmtprc
exec msmtp -C msmtprc -- "$MAIL_TO" <"$MAIL_EML"
