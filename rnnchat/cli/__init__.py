"""The command line: results on stdout, everything else on stderr, exit status 0, 1 or 2."""
