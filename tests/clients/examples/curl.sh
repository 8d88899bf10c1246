#!/bin/sh
# curl carries a message as it lies in a file. With --crlf it mends the file's line ends as it sends, after it
# has told the server the file's own, smaller size.
set -eu
scheme=smtp
[ "$SMTP_TLS" = implicit ] && scheme=smtps
set -- --silent --show-error --verbose --url "$scheme://$SMTP_HOST:$SMTP_PORT/tool.shop.example" \
    --mail-from "$MAIL_FROM" --mail-rcpt "$MAIL_TO" --upload-file "$MAIL_EML" --crlf --cacert "$SMTP_CA"
[ "$SMTP_TLS" = starttls ] && set -- "$@" --ssl-reqd
[ "$SMTP_AUTH" = none ] ||
    set -- "$@" --user "$SMTP_USER:$SMTP_PASSWORD" --login-options "AUTH=$(printf %s "$SMTP_AUTH" | tr a-z A-Z)"
exec curl "$@"
