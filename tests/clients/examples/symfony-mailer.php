<?php
// Symfony Mailer, by a DSN as in MAILER_DSN. A slash in the user name is written %2F there.

use Symfony\Component\Mailer\Exception\TransportExceptionInterface;
use Symfony\Component\Mailer\Mailer;
use Symfony\Component\Mailer\Transport;
use Symfony\Component\Mime\Address;
use Symfony\Component\Mime\Email;

require '/usr/share/php/Symfony/Component/Mailer/autoload.php';

$scheme = getenv('SMTP_TLS') === 'implicit' ? 'smtps' : 'smtp';
$login = getenv('SMTP_AUTH') === 'none'
    ? ''
    : rawurlencode(getenv('SMTP_USER')) . ':' . rawurlencode(getenv('SMTP_PASSWORD')) . '@';
$dsn = "$scheme://$login" . getenv('SMTP_HOST') . ':' . getenv('SMTP_PORT');

$email = (new Email())
    ->from(new Address(getenv('MAIL_FROM'), 'Demo Shop'))
    ->to(getenv('MAIL_TO'))
    ->subject(getenv('MAIL_SUBJECT'))
    ->text(file_get_contents(getenv('MAIL_TEXT')))
    ->html(file_get_contents(getenv('MAIL_HTML')))
    ->attachFromPath(getenv('MAIL_ATTACHMENT'));
$email->getHeaders()->addTextHeader('X-Optgate-Stream', getenv('MAIL_STREAM'));
$email->getHeaders()->addTextHeader('X-Optgate-Scope', getenv('MAIL_SCOPE'));

try {
    (new Mailer(Transport::fromDsn($dsn)))->send($email);
} catch (TransportExceptionInterface $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
