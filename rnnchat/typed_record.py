"""Records of JSON from files that anybody may have written, checked against the types of a dataclass.

A field of another type than it is declared with would be found out much later, where it is shown or computed with.
"""

import dataclasses
import json
import math
import types
from typing import Any, Literal, Union, get_args, get_origin

from rnnchat.description import find_types

MOST = 2**63
"""No whole number in a record is larger, nor any other one: what is computed with it stays in 64 bits."""


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: It is none, or nested deeper than anything that rnnchat writes.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def check_record(kind: type, record: Any) -> dict[str, Any]:
    """``record`` itself, if it is an object whose values fit the fields of the dataclass ``kind``.

    Fields that ``kind`` does not have are left to whoever reads the record. Lists stand for tuples.

    Raises:
        ValueError: A value has another type, or is a number out of any sensible range.
    """
    if not isinstance(record, dict):
        raise ValueError(f"{kind.__name__} must be an object, not {record!r:.60}")
    hints = find_types(kind)
    for name in (field.name for field in dataclasses.fields(kind)):
        if name in record and not _fits(record[name], hints[name]):
            raise ValueError(f"{name} cannot be {record[name]!r:.60}")
    return record


def _fits(value: Any, hint: Any) -> bool:
    """Whether ``value``, as JSON gives it, is of the type ``hint``."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is Literal:
        return any(value == part and type(value) is type(part) for part in parts)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            return False
        if parts[-1] is Ellipsis:
            return all(_fits(each, parts[0]) for each in value)
        return len(value) == len(parts) and all(map(_fits, value, parts))
    if origin is dict:
        return isinstance(value, dict) and all(_fits(each, parts[1]) for each in value.values())
    if dataclasses.is_dataclass(hint):
        return isinstance(value, dict)  # checked where it is read
    if hint is float:
        return type(value) in (int, float) and abs(value) < MOST and math.isfinite(value)
    if hint is int:
        return type(value) is int and abs(value) < MOST
    return type(value) is (type(None) if hint is None else hint)
