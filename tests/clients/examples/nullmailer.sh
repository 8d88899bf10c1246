#!/bin/sh
# nullmailer's program for SMTP, as its queue calls it: what cron and `mail` hand over on a server without a mail
# system of its own. It comes unpacked, since its package would take the place of Postfix.
set -eu
{ printf '%s\n%s\n\n' "$MAIL_FROM" "$MAIL_TO"; cat "$MAIL_EML"; } >queued
{
    printf 'host=%s\nport=%s\n' "$SMTP_HOST" "$SMTP_PORT"
    case $SMTP_TLS in
        starttls) printf 'starttls\nx509cafile=%s\n' "$SMTP_CA" ;;
        implicit) printf 'tls\nx509cafile=%s\n' "$SMTP_CA" ;;
    esac
    [ "$SMTP_AUTH" = none ] || printf 'user=%s\npass=%s\n' "$SMTP_USER" "$SMTP_PASSWORD"
    [ "$SMTP_AUTH" != login ] || echo auth-login
    echo
} >options
HELOHOST=tool.shop.example exec "$CLIENT_CACHE/unpacked/usr/lib/nullmailer/smtp" 3<queued <options
