"""Reading the entries of a tokenizer's record, which may come from anywhere."""

from typing import Any, TypeVar

Value = TypeVar("Value")


def read_value(record: dict[str, Any], name: str, kind: type[Value]) -> Value:
    """Read an entry that must be of ``kind``; a text must be one that UTF-8 can hold.

    Raises:
        ValueError: it is not there, or is not of that kind.
    """
    if name not in record:
        raise ValueError(f"the tokenizer's record lacks {name!r}")
    value = record[name]
    if type(value) is not kind:
        raise ValueError(f"the tokenizer's record is damaged ({name!r} is a {type(value).__name__})")
    if isinstance(value, str):
        _check_characters(value)
    return value


def read_list(record: dict[str, Any], name: str, kind: type[Value]) -> list[Value]:
    """Read an entry that must be a list of ``kind``, as `read_value` does."""
    values = read_value(record, name, list)
    if wrong := {type(value) for value in values} - {kind}:
        raise ValueError(f"the tokenizer's record is damaged ({name!r} holds a {wrong.pop().__name__})")
    if kind is str:
        _check_characters("".join(values))
    return values


def _check_characters(text: str) -> None:
    """Refuse half a character: no text holds one, and none that does can be written."""
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise ValueError("the vocabulary holds half a character") from e
