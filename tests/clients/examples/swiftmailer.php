<?php
// Swift Mailer, which Laravel, Drupal and Craft sent with for a decade, and Symfony Mailer's ancestor.

error_reporting(E_ALL & ~E_DEPRECATED);
require 'Swift/autoload.php';

$tls = getenv('SMTP_TLS');
$encryption = ['none' => null, 'starttls' => 'tls', 'implicit' => 'ssl'][$tls];
$transport = new Swift_SmtpTransport(getenv('SMTP_HOST'), (int) getenv('SMTP_PORT'), $encryption);
$transport->setStreamOptions(['ssl' => ['cafile' => getenv('SMTP_CA')]]);
if (getenv('SMTP_AUTH') !== 'none') {
    $transport->setUsername(getenv('SMTP_USER'))->setPassword(getenv('SMTP_PASSWORD'))->setAuthMode(getenv('SMTP_AUTH'));
}
$message = (new Swift_Message(getenv('MAIL_SUBJECT')))
    ->setFrom([getenv('MAIL_FROM') => 'Demo Shop'])
    ->setTo(getenv('MAIL_TO'))
    ->setBody(file_get_contents(getenv('MAIL_HTML')), 'text/html')
    ->addPart(file_get_contents(getenv('MAIL_TEXT')), 'text/plain')
    ->attach(Swift_Attachment::fromPath(getenv('MAIL_ATTACHMENT'), 'application/octet-stream'));
$message->getHeaders()->addTextHeader('X-Optgate-Stream', getenv('MAIL_STREAM'));
$message->getHeaders()->addTextHeader('X-Optgate-Scope', getenv('MAIL_SCOPE'));

$mailer = new Swift_Mailer($transport);
$logger = new Swift_Plugins_Loggers_ArrayLogger();
$mailer->registerPlugin(new Swift_Plugins_LoggerPlugin($logger));
try {
    $sent = $mailer->send($message);
} catch (Swift_TransportException $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
if ($sent !== 1) {
    fwrite(STDERR, $logger->dump() . "\n");
    exit(1);
}
