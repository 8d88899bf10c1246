<?php
// PEAR's Mail and Mail_Mime over Net_SMTP: what Roundcube and much older PHP sends with. With its `pipelining` it would not
// wait for the answer to the data, so that no refusal were seen.

error_reporting(E_ALL & ~E_DEPRECATED);
require 'Mail.php';
require 'Mail/mime.php';

$mime = new Mail_mime(['eol' => "\r\n", 'head_charset' => 'utf-8', 'text_charset' => 'utf-8', 'html_charset' => 'utf-8']);
$mime->setTXTBody(file_get_contents(getenv('MAIL_TEXT')));
$mime->setHTMLBody(file_get_contents(getenv('MAIL_HTML')));
$mime->addAttachment(getenv('MAIL_ATTACHMENT'), 'application/octet-stream');
$body = $mime->get();
$headers = $mime->headers([
    'From' => 'Demo Shop <' . getenv('MAIL_FROM') . '>',
    'To' => getenv('MAIL_TO'),
    'Subject' => getenv('MAIL_SUBJECT'),
    'X-Optgate-Stream' => getenv('MAIL_STREAM'),
    'X-Optgate-Scope' => getenv('MAIL_SCOPE'),
]);

$tls = getenv('SMTP_TLS');
$smtp = Mail::factory('smtp', [
    'host' => ($tls === 'implicit' ? 'ssl://' : '') . getenv('SMTP_HOST'),
    'port' => (int) getenv('SMTP_PORT'),
    'localhost' => 'tool.shop.example',
    'auth' => getenv('SMTP_AUTH') === 'none' ? false : strtoupper(getenv('SMTP_AUTH')),
    'username' => getenv('SMTP_USER'),
    'password' => getenv('SMTP_PASSWORD'),
    'socket_options' => ['ssl' => ['cafile' => getenv('SMTP_CA'), 'peer_name' => getenv('SMTP_HOST')]],
]);
$sent = $smtp->send(getenv('MAIL_TO'), $headers, $body);
if (PEAR::isError($sent)) {
    fwrite(STDERR, $sent->getMessage() . "\n");
    exit(1);
}
