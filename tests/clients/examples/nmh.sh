#!/bin/sh
# nmh, whose `send` is the oldest of all that send here. It makes a message of its own for each in Bcc.
set -eu
export PATH="/usr/bin/mh:$PATH"
printf 'Path: %s/Mail\ncredentials: file:%s/netrc\n' "$HOME" "$HOME" >"$HOME/.mh_profile"
mkdir "$HOME/Mail"
printf 'machine %s\nlogin %s\npassword %s\n' "$SMTP_HOST" "$SMTP_USER" "$SMTP_PASSWORD" >"$HOME/netrc"
chmod 600 "$HOME/netrc"
sed '/^Bcc:/d' "$MAIL_EML" >draft
set -- -mts smtp -server "$SMTP_HOST" -port "$SMTP_PORT" -msgid
case $SMTP_TLS in
    none) set -- "$@" -notls ;;
    starttls) set -- "$@" -tls ;;
    implicit) set -- "$@" -initialtls ;;
esac
[ "$SMTP_AUTH" = none ] || set -- "$@" -sasl -saslmech "$SMTP_AUTH" -user "$SMTP_USER"
exec send -snoop "$@" "$PWD/draft"
