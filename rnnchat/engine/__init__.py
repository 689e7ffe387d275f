"""Models in child processes, so that a front end loads no inference library and never waits for one."""
