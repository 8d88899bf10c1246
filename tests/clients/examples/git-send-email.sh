#!/bin/sh
# git send-email: a patch is a message, and this one is a newsletter. It comes unpacked, since its package wants Debian's
# own git.
set -eu
{
    cat <<END
From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: Demo Shop <$MAIL_FROM>
Date: Sat, 21 Nov 2026 12:00:00 +0000
Subject: =?UTF-8?B?$(printf %s "$MAIL_SUBJECT" | base64 -w0)?=
X-Optgate-Stream: $MAIL_STREAM
X-Optgate-Scope: $MAIL_SCOPE
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

END
    cat "$MAIL_TEXT"
} >newsletter.patch
git init --quiet .
export GIT_COMMITTER_NAME="Demo Shop" GIT_COMMITTER_EMAIL="$MAIL_FROM"
export GIT_AUTHOR_NAME="Demo Shop" GIT_AUTHOR_EMAIL="$MAIL_FROM"
set -- --from="Demo Shop <$MAIL_FROM>" --to="$MAIL_TO" --suppress-cc=all --confirm=never --no-validate --no-thread \
    --smtp-domain=tool.shop.example --smtp-server="$SMTP_HOST" --smtp-server-port="$SMTP_PORT" \
    --smtp-ssl-cert-path="$SMTP_CA" --smtp-debug=1
case $SMTP_TLS in
    starttls) set -- "$@" --smtp-encryption=tls ;;
    implicit) set -- "$@" --smtp-encryption=ssl ;;
esac
[ "$SMTP_AUTH" = none ] || set -- "$@" --smtp-user="$SMTP_USER" --smtp-pass="$SMTP_PASSWORD" \
    --smtp-auth="$(printf %s "$SMTP_AUTH" | tr a-z A-Z)"
PATH="$(git --exec-path):$PATH" GITPERLLIB="$CLIENT_CACHE/unpacked/usr/share/perl5" \
    exec perl "$CLIENT_CACHE/unpacked/usr/lib/git-core/git-send-email" "$@" newsletter.patch
