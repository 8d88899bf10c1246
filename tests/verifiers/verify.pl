#!/usr/bin/env perl
# What Mail::DKIM says of each signature: `verify.pl KEYS FILE…` prints FILE, selector, domain, result, tab between.
# KEYS has a line for each record: name, blank, text. It knows RSA alone.
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Net::DNS;

my ($keys, @files) = @ARGV;
my %records;
open my $in, '<', $keys or die "$keys: $!";
while (<$in>) {
    chomp;
    my ($name, $text) = split / /, $_, 2;
    $records{lc $name} = $text;
}
close $in;

{
    no warnings 'redefine';
    *Mail::DKIM::DNS::query = sub {
        my ($name, $type) = @_;
        my $text = $records{lc $name};
        return unless defined $text && uc $type eq 'TXT';
        return Net::DNS::RR->new(name => $name, type => 'TXT', txtdata => [unpack '(a255)*', $text]);
    };
}

for my $file (@files) {
    my $verifier = Mail::DKIM::Verifier->new;
    open my $message, '<:raw', $file or die "$file: $!";
    local $/;
    $verifier->PRINT(<$message>);
    close $message;
    $verifier->CLOSE;
    for my $signature ($verifier->signatures) {
        printf "%s\t%s\t%s\t%s\n", $file, $signature->selector // '', $signature->domain // '', $signature->result // '';
    }
}
