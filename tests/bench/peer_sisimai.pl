# CPU microseconds a message of Sisimai 4.25, median of three rounds over the
# files named on standard input.
use strict;
use warnings;
use Sisimai;
use Time::HiRes qw(clock);

my $call = Sisimai->can('rise') ? 'rise' : 'make';
my @mail = map { chomp; open(my $f, '<:raw', $_) or die "$_: $!"; local $/; my $m = <$f>; \$m } <STDIN>;
my (@rounds, $found);
for (1 .. 3) {
	my $before = clock();
	$found = 0;
	for my $m (@mail) {
		my $text = $$m;
		my $facts = eval { Sisimai->$call(\$text, 'delivered' => 1) };
		$found++ if $facts && @$facts;
	}
	push @rounds, (clock() - $before) * 1e6 / @mail;
}
die "Sisimai read nothing\n" unless $found;
@rounds = sort { $a <=> $b } @rounds;
printf "%.1f\n", $rounds[1];
