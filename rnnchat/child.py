"""How rnnchat starts itself once more, in a process of its own: the only module that knows.

Not ``python -m rnnchat``: that looks for modules in the current folder first, and a person may stand in a folder
with a ``random.py`` or a ``queue.py`` of their own.
"""

import sys
from pathlib import Path

_RUN_MODULE = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def python_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs ``module`` of this very rnnchat with ``arguments``, whatever the current folder."""
    root = Path(__file__).parent.parent
    return [sys.executable, "-P", "-c", _RUN_MODULE, str(root), module, *arguments]
