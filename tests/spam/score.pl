#!/usr/bin/env perl
# What SpamAssassin makes of each file, by the rules that it was shipped with, without the network:
# `score.pl FILE…` prints FILE, score, rules, tab between.
use strict;
use warnings;
use Mail::SpamAssassin;

my $judge = Mail::SpamAssassin->new({
    local_tests_only  => 1,
    dont_copy_prefs   => 1,
    userprefs_filename => '/dev/null',
    userstate_dir     => $ENV{OPTGATE_SCRATCH},
    home_dir_for_helpers => $ENV{OPTGATE_SCRATCH},
    post_config_text  => "use_bayes 0\nuse_auto_whitelist 0\nuse_txrep 0\nuse_learner 0\n",
});
$judge->compile_now(0, 0);
for my $file (@ARGV) {
    open my $in, '<:raw', $file or die "$file: $!";
    local $/;
    my $message = $judge->parse(<$in>);
    my $status = $judge->check($message);
    printf "%s\t%.3f\t%s\n", $file, $status->get_score, $status->get_names_of_tests_hit;
    $status->finish;
    $message->finish;
}
