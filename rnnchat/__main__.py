"""``python -m rnnchat`` is the command ``rnnchat``."""

from rnnchat.cli.main import main

main()
