"""A story from a JSON file that anybody may have written."""

from pathlib import Path
from typing import Any, get_args

from rnnchat import paths
from rnnchat.database import mend_text
from rnnchat.errors import StoryError
from rnnchat.stories.chat import ChatFormat
from rnnchat.stories.export import JSON_FORMAT
from rnnchat.stories.passage import Passage, Step, make_id
from rnnchat.stories.repair import Rows, repair
from rnnchat.stories.story import Mode, Story
from rnnchat.typed_record import check_record, parse_json

MAX_BYTES = 2**30


def read_export(path: Path) -> Story:
    """The story that ``to_json`` wrote, under ids of its own, so that it may be imported beside the one it came from.

    Raises:
        StoryError: The file cannot be read, or is no such file.
    """
    try:
        record = parse_json(paths.read_small(path, MAX_BYTES))
        return _read(record)
    except OSError as e:
        raise StoryError(f"cannot read {path} ({e.strerror}): check the name and its permissions") from e
    except (ValueError, TypeError, KeyError, AttributeError) as e:
        raise StoryError(f"{path} is not a story that rnnchat exported ({e}): choose a file of `--format json`") from e


def _read(record: dict[str, Any]) -> Story:
    if type(record["rnnchat_story"]) is not int or not 1 <= record["rnnchat_story"] <= JSON_FORMAT:
        raise ValueError(f"format {record['rnnchat_story']!r:.20} is newer than this rnnchat")
    for name, kind in _KINDS.items():
        if not isinstance(record[name], kind):
            raise ValueError(f"{name} cannot be {record[name]!r:.60}")
    if record["mode"] not in get_args(Mode):
        raise ValueError(f"mode cannot be {record['mode']!r:.60}")
    ids: dict[str | None, str | None] = {None: None}
    ids |= {each["id"]: make_id() for each in record["passages"]}
    passages = [Passage(**check_record(Passage, each)) for each in record["passages"]]
    steps = [Step.from_json(each) for each in record["steps"]]
    story = Story(mend_text(record["title"]), record["mode"], ChatFormat.from_json(record["chat"]))
    story.settings, story.draft = record["settings"], mend_text(record["draft"])
    rows = Rows(passages, dict(map(tuple, record["chosen"])), set(record["deleted"]), steps, int(record["steps_done"]))
    fixed, _ = repair(rows.rename(ids))
    story.restore(fixed.passages, fixed.chosen, fixed.deleted, fixed.steps, fixed.steps_done)
    story.mark_unsaved()
    return story


_KINDS = {
    **dict.fromkeys(("title", "mode", "draft"), str),
    **dict.fromkeys(("chat", "settings"), dict),
    **dict.fromkeys(("passages", "chosen", "deleted", "steps"), list),
    "steps_done": int,
}
