#!/bin/sh
# esmtp, a sendmail over libESMTP. This is its ~/.esmtprc. libESMTP knows the authorities that it is given in
# ~/.authenticate.
set -eu
mkdir -m 700 "$HOME/.authenticate"
cp "$SMTP_CA" "$HOME/.authenticate/ca.pem"
{
    printf 'hostname = %s:%s\nhelo = tool.shop.example\n' "$SMTP_HOST" "$SMTP_PORT"
    [ "$SMTP_TLS" = none ] || echo 'starttls = required'
    [ "$SMTP_AUTH" = none ] || printf 'username = "%s"\npassword = "%s"\n' "$SMTP_USER" "$SMTP_PASSWORD"
} >"$HOME/.esmtprc"
chmod 600 "$HOME/.esmtprc" "$HOME/.authenticate/ca.pem"
exec esmtp -v -f "$MAIL_FROM" "$MAIL_TO" <"$MAIL_EML"
