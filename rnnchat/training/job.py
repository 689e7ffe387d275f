"""Trainings in the background: a process of its own that outlives whoever started it. Loads no torch.

The run folder is made here, so that a wrong name or a missing text is told at once; the child does the rest, and
tells it through the folder.
"""

import os
import subprocess
import sys
from dataclasses import replace

from rnnchat.errors import TrainingError
from rnnchat.text.corpus import Corpus
from rnnchat.training.options import TrainingOptions
from rnnchat.training.run_folder import RunFolder, find_run, make_run, name_run, read_status


def start_training(options: TrainingOptions) -> RunFolder:
    """Make a run and train it in the background, beside whoever is at the screen.

    Raises:
        TextError: a text cannot be found.
        UsageError: an option is out of range.
        TrainingError, ModelError: the name is taken or cannot be one, or the process does not start.
    """
    corpus = Corpus(options.corpus)
    if options.validation:
        Corpus(options.validation)
    run = make_run(replace(options, beside_tui=True), corpus.name)
    _start_child(run)
    return run


def resume_training(name: str) -> RunFolder:
    """Go on with an interrupted run in the background, from its last checkpoint.

    Raises:
        TrainingError: there is no such run, it is under way or done, or the process does not start.
    """
    run = find_run(name)
    check_can_go_on(run)
    _start_child(run)
    return run
