#!/bin/sh
# ssmtp: a sendmail without a queue, still on many small servers. It comes unpacked, since its package would take the
# place of Postfix. It trusts any certificate.
set -eu
cat >ssmtp.conf <<END
mailhub=$SMTP_HOST:$SMTP_PORT
hostname=tool.shop.example
FromLineOverride=YES
END
case $SMTP_TLS in
    starttls) printf 'UseTLS=YES\nUseSTARTTLS=YES\n' >>ssmtp.conf ;;
    implicit) echo 'UseTLS=YES' >>ssmtp.conf ;;
esac
set -- -v -C "$PWD/ssmtp.conf" -f "$MAIL_FROM"
[ "$SMTP_AUTH" = none ] || set -- "$@" "-au$SMTP_USER" "-ap$SMTP_PASSWORD" -amLOGIN
exec "$CLIENT_CACHE/unpacked/usr/sbin/ssmtp" "$@" "$MAIL_TO" <"$MAIL_EML"
