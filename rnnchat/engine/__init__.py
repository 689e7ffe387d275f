"""Models in child processes, so that a front end loads no inference library and never waits for one.

Nothing here knows what becomes of the text: stories and screens are further up.
"""
