"""Every mistake that a person, a file or a machine can make, as one family.

    RnnchatError            anything that is told to the person in one sentence
    ├── UsageError          options out of range or contradictory
    ├── TextError           a text cannot be found, read or learnt from
    ├── ModelError          a model file cannot be found, read or trusted
    │   └── MissingVocabularyError   … another program's model needs its training text
    ├── TrainingError       a run cannot be started, continued or found
    │   └── NameTakenError  a run or a model of that name exists already
    ├── EngineError         a child process that holds a model failed or went away
    └── StoryError          a story or comparison cannot be found or kept

Catch ``RnnchatError`` at a front end; the message names the thing, the place and the next step, and needs no
more around it. Anything else that escapes is a bug in rnnchat. This module imports nothing, so that every
layer may raise these.
"""


class RnnchatError(Exception):
    """A failure that can be told in one sentence: "what, where: what to do now", no capital, no full stop."""


class UsageError(RnnchatError):
    """Options are out of range, unknown or contradict each other."""


class TextError(RnnchatError):
    """A text cannot be found, decoded, or is too short to learn from."""


class ModelError(RnnchatError):
    """A model file cannot be found, is damaged, or does not agree with itself."""


class MissingVocabularyError(ModelError):
    """A model of another program does not say which symbols its ids stand for; its training text would."""


class TrainingError(RnnchatError):
    """A training run cannot be started, continued or found."""


class NameTakenError(TrainingError):
    """A run or a model of that name exists, and may not be replaced."""


class EngineError(RnnchatError):
    """The process that holds a model did not start, did not answer, or ended."""


class StoryError(RnnchatError):
    """A story or a comparison cannot be found, read or written."""
