#!/usr/bin/perl
# Email::Sender over Net::SMTP, as Perl applications send.
use strict;
use warnings;
use utf8;
use Email::MIME;
use Email::Sender::Simple qw(sendmail);
use Email::Sender::Transport::SMTP;
use Encode qw(decode);

sub slurp { my ($name, $layer) = @_; open my $file, $layer, $ENV{$name} or die $!; local $/; <$file> }

my ($name) = $ENV{MAIL_ATTACHMENT} =~ m{([^/]+)$};
my $body = Email::MIME->create(
    attributes => {content_type => 'multipart/alternative'},
    parts => [
        map {
            Email::MIME->create(
                attributes => {content_type => $_->[1], charset => 'utf-8', encoding => 'quoted-printable'},
                body_str => slurp($_->[0], '<:encoding(UTF-8)'),
            )
        } ['MAIL_TEXT', 'text/plain'], ['MAIL_HTML', 'text/html']
    ],
);
my $file = Email::MIME->create(
    attributes => {
        content_type => 'application/octet-stream', encoding => 'base64',
        disposition => 'attachment', filename => $name, name => $name,
    },
    body => slurp('MAIL_ATTACHMENT', '<:raw'),
);
my $email = Email::MIME->create(
    header_str => [
        From => "Demo Shop <$ENV{MAIL_FROM}>",
        To => $ENV{MAIL_TO},
        Subject => decode('UTF-8', $ENV{MAIL_SUBJECT}),
        'X-Optgate-Stream' => $ENV{MAIL_STREAM},
        'X-Optgate-Scope' => $ENV{MAIL_SCOPE},
    ],
    attributes => {content_type => 'multipart/mixed'},
    parts => [$body, $file],
);

my %login = $ENV{SMTP_AUTH} eq 'none' ? () : (sasl_username => $ENV{SMTP_USER}, sasl_password => $ENV{SMTP_PASSWORD});
my %ssl = (none => 0, starttls => 'starttls', implicit => 'ssl');
my $sent = eval {
    sendmail($email, {transport => Email::Sender::Transport::SMTP->new(
        host => $ENV{SMTP_HOST},
        port => $ENV{SMTP_PORT},
        ssl => $ssl{$ENV{SMTP_TLS}},
        ssl_options => {SSL_ca_file => $ENV{SMTP_CA}, SSL_verifycn_name => $ENV{SMTP_HOST}},
        %login,
    )});
};
if (!$sent) {
    my $error = $@;
    print STDERR ref $error ? $error->message . ' ' . ($error->code // '') . "\n" : $error;
    exit 1;
}
