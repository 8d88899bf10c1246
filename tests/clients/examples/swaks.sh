#!/bin/sh
# swaks, the postmaster's test tool. It sends what it is given: an 8-bit body without any label.
set -eu
set -- --server "$SMTP_HOST" --port "$SMTP_PORT" --from "$MAIL_FROM" --to "$MAIL_TO" \
    --header "From: Demo Shop <$MAIL_FROM>" \
    --header "Subject: =?UTF-8?B?$(printf %s "$MAIL_SUBJECT" | base64 -w0)?=" \
    --header "X-Optgate-Stream: $MAIL_STREAM" --header "X-Optgate-Scope: $MAIL_SCOPE" \
    --body "@$MAIL_TEXT" \
    --attach-name "$(basename "$MAIL_ATTACHMENT")" --attach-type application/octet-stream \
    --attach "@$MAIL_ATTACHMENT"
[ "$SMTP_AUTH" = none ] ||
    set -- "$@" --auth "$SMTP_AUTH" --auth-user "$SMTP_USER" --auth-password "$SMTP_PASSWORD"
case $SMTP_TLS in
    starttls) set -- "$@" --tls --tls-verify --tls-ca-path "$SMTP_CA" ;;
    implicit) set -- "$@" --tls-on-connect --tls-verify --tls-ca-path "$SMTP_CA" ;;
esac
exec swaks "$@" --hide-informational
