<?php
// PHPMailer: what WordPress, Joomla and countless PHP tools send with.

use PHPMailer\PHPMailer\Exception;
use PHPMailer\PHPMailer\PHPMailer;
use PHPMailer\PHPMailer\SMTP;

require '/usr/share/php/libphp-phpmailer/autoload.php';

$mail = new PHPMailer(true);
try {
    $mail->isSMTP();
    $conversation = '';
    $mail->SMTPDebug = SMTP::DEBUG_SERVER;
    $mail->Debugoutput = function ($line) use (&$conversation) { $conversation .= $line; };
    $mail->Host = getenv('SMTP_HOST');
    $mail->Port = (int) getenv('SMTP_PORT');
    $mail->SMTPSecure = match (getenv('SMTP_TLS')) {
        'starttls' => PHPMailer::ENCRYPTION_STARTTLS,
        'implicit' => PHPMailer::ENCRYPTION_SMTPS,
        default => '',
    };
    $mail->SMTPAutoTLS = getenv('SMTP_TLS') !== 'none';
    $mail->SMTPOptions = ['ssl' => ['cafile' => getenv('SMTP_CA')]];
    if (getenv('SMTP_AUTH') !== 'none') {
        $mail->SMTPAuth = true;
        $mail->AuthType = strtoupper(getenv('SMTP_AUTH'));
        $mail->Username = getenv('SMTP_USER');
        $mail->Password = getenv('SMTP_PASSWORD');
    }
    $mail->CharSet = PHPMailer::CHARSET_UTF8;
    $mail->setFrom(getenv('MAIL_FROM'), 'Demo Shop');
    $mail->addAddress(getenv('MAIL_TO'));
    $mail->Subject = getenv('MAIL_SUBJECT');
    $mail->addCustomHeader('X-Optgate-Stream', getenv('MAIL_STREAM'));
    $mail->addCustomHeader('X-Optgate-Scope', getenv('MAIL_SCOPE'));
    $mail->isHTML(true);
    $mail->Body = file_get_contents(getenv('MAIL_HTML'));
    $mail->AltBody = file_get_contents(getenv('MAIL_TEXT'));
    $mail->addAttachment(getenv('MAIL_ATTACHMENT'));
    $mail->send();
} catch (Exception $error) {
    // Its own words say that it failed, the conversation says why.
    fwrite(STDERR, $error->getMessage() . "\n" . $conversation);
    exit(1);
}
