"""The command line: results on stdout, everything else on stderr, exit status 0, 1 or 2.

Commands read their arguments and show results; what lies between has its place in a package further down.
"""
