"""The data in a pickle, read without running anything that it asks for.

Opcodes are cut by the standard library's disassembler (`pickletools.genops`), which executes nothing; here they build
numbers, texts, lists and dictionaries. Wherever a pickle names a class or a function, there is a `Name`; what it wants
to call becomes an `Instance` that keeps the arguments. Only ordered dictionaries and sets are made for real.

The number of objects is bounded by the size of the file, so that a pickle cannot take more memory than a few times it.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

MAX_CONTAINERS = 2**16
"""Lists, tables and tuples of a pickle; a module of torch has some twenty for each layer."""
MAX_OPCODES = 2**22
"""Room for a vocabulary of a million words."""
BASE_OPCODES = 2**16

Value = Any
"""None, bool, int, float, str, bytes, list, tuple, dict, Name, Instance, or what ``load_persistent`` gives."""


class Name(NamedTuple):
    """A class or function that a pickle asks for, and does not get."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Instance:
    """What a call or a class would have made."""

    cls: Value
    args: tuple[Value, ...] = ()
    state: Value = None
    items: list[Value] = field(default_factory=list)
    """Appended afterwards."""


_MARK = object()
_BUILTINS = ("builtins", "__builtin__")
_TABLES = {"OrderedDict", "defaultdict", "Counter", "dict"}
_LISTS = {"set", "frozenset", "list"}
_PLAIN = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES",
    "BINBYTES8", "BYTEARRAY8",
}  # fmt: skip
_CONSTANTS: dict[str, Value] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "MARK": _MARK}
_IGNORED = {"PROTO", "FRAME"}


def read_pickle(
    stream: BytesIO,
    file_bytes: int,
    load_persistent: Callable[[Value], Value] | None = None,
    build: Callable[[Name, tuple[Value, ...]], Value] | None = None,
) -> Value:
    """Read one pickle from where ``stream`` stands, to its end.

    Args:
        stream: stays behind the pickle's last byte.
        file_bytes: size of all that comes with it: what the number of opcodes is measured by.
        load_persistent: makes a value of a persistent id, such as a reference to a tensor's numbers.
        build: makes a value of a call, or gives None.

    Raises:
        ValueError: it is damaged, or larger than any model needs.
    """
    machine = _Machine(load_persistent, build)
    limit = min(MAX_OPCODES, BASE_OPCODES + file_bytes // 16)
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count > limit or machine.containers > MAX_CONTAINERS:
                raise ValueError("its pickle holds more objects than any model needs")
            machine.follow(opcode.name, argument)
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError, UnicodeError, RecursionError) as e:
        raise ValueError("its pickle is damaged") from e
    return machine.result


class _Machine:
    """The stack on which a pickle builds its values."""

    def __init__(
        self,
        load_persistent: Callable[[Value], Value] | None,
        build: Callable[[Name, tuple[Value, ...]], Value] | None,
    ) -> None:
        self.stack: list[Value] = []
        self.memo: dict[int, Value] = {}
        self.containers = 0
        self.result: Value = None
        self._load_persistent, self._make = load_persistent, build

    def follow(self, name: str, argument: Value) -> None:
        """Do what one opcode says."""
        if name in _PLAIN:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name in _OPERATIONS:
            _OPERATIONS[name](self, argument)
        elif name not in _IGNORED:
            raise ValueError(f"its pickle uses {name}, which no model needs")

    def pop(self, count: int = 1) -> list[Value]:
        """Take the last values off the stack, the lowest first."""
        if len(self.stack) < count:
            raise IndexError
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return values

    def pop_to_mark(self) -> list[Value]:
        """Take everything above the last mark off the stack, and the mark."""
        index = len(self.stack) - 1
        while self.stack[index] is not _MARK:
            index -= 1
            if index < 0:
                raise IndexError
        values = self.stack[index + 1 :]
        del self.stack[index:]
        return values

    def push(self, container: Value) -> None:
        """Put a new list, table, tuple or instance on the stack."""
        self.containers += 1
        self.stack.append(container)

    def call(self, cls: Value, args: Value) -> None:
        """Put on the stack what stands for the call of ``cls``."""
        if not isinstance(args, tuple):
            raise TypeError
        value: Value = None
        if isinstance(cls, Name):
            if cls.name in _TABLES and cls.module in ("collections", *_BUILTINS):
                value = _make_table(args)
            elif cls.name in _LISTS and cls.module in _BUILTINS:
                value = list(args[0]) if args and isinstance(args[0], list | tuple) else []
            elif cls.name == "_reconstructor" and args:  # protocols 0 and 1 name the class of an object like this
                value = Instance(args[0])
            elif self._make:
                value = self._make(cls, args)
        self.push(Instance(cls, args) if value is None else value)

    def call_any(self, count: int) -> None:
        """Call what lies under ``count`` values, of which the first are the arguments."""
        cls, args, *_ = self.pop(count + 1)
        self.call(cls, args)

    def name_class(self, argument: str) -> Name:
        """The class that an opcode names."""
        module, _, name = argument.partition(" ")
        return Name(module[:200], name[:200])

    def load(self, reference: Value) -> None:
        """Put on the stack what a persistent id stands for."""
        if self._load_persistent is None:
            raise ValueError("its pickle refers to what is not in the file")
        self.push(self._load_persistent(reference))

    def set_state(self) -> None:
        """BUILD: keep an object's state."""
        (state,) = self.pop()
        if isinstance(self.stack[-1], Instance):
            self.stack[-1].state = state


def _make_table(args: tuple[Value, ...]) -> dict[Value, Value]:
    """An ordered dictionary of a call's arguments: of pairs, of another, or empty."""
    table: dict[Value, Value] = {}
    source = args[0] if args else ()
    if isinstance(source, dict):
        return dict(source)
    if isinstance(source, list | tuple):
        for pair in source:
            _fill(table, list(pair))
    return table


def _fill(target: Value, values: list[Value]) -> None:
    """Put keys and values, in turns, in a table; an instance keeps none of them."""
    if isinstance(target, Instance):
        target.items.extend(values)
        return
    if not isinstance(target, dict) or len(values) % 2:
        raise TypeError
    for key, value in zip(values[::2], values[1::2], strict=True):
        # Hashing a tuple goes as deep as it is nested, and could leave the stack of the processor.
        if not isinstance(key, str | int | float | bytes | None):
            raise TypeError
        target[key] = value


def _extend(target: Value, values: list[Value]) -> None:
    """Add values to a list, or to what stands for one."""
    if isinstance(target, Instance):
        target.items.extend(values)
    elif isinstance(target, list):
        target.extend(values)
    else:
        raise TypeError


def _add_global(machine: _Machine) -> None:
    module, name = machine.pop(2)
    if not isinstance(module, str) or not isinstance(name, str):
        raise TypeError
    machine.stack.append(Name(module[:200], name[:200]))


def _set_items(machine: _Machine, values: list[Value]) -> None:
    _fill(machine.stack[-1], values)


def _make_table_of(values: list[Value]) -> dict[Value, Value]:
    table: dict[Value, Value] = {}
    _fill(table, values)
    return table


def _call_object(machine: _Machine) -> None:
    cls, *args = machine.pop_to_mark()
    machine.call(cls, tuple(args))


def _add_values(machine: _Machine, values: list[Value]) -> None:
    _extend(machine.stack[-1], values)


_OPERATIONS: dict[str, Callable[[_Machine, Value], Value]] = {
    "STOP": lambda machine, _: setattr(machine, "result", machine.stack.pop()),
    "POP": lambda machine, _: machine.pop(),
    "POP_MARK": lambda machine, _: machine.pop_to_mark(),
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_SET": lambda machine, _: machine.push([]),
    "EMPTY_TUPLE": lambda machine, _: machine.stack.append(()),
    "LIST": lambda machine, _: machine.push(machine.pop_to_mark()),
    "FROZENSET": lambda machine, _: machine.push(machine.pop_to_mark()),
    "DICT": lambda machine, _: machine.push(_make_table_of(machine.pop_to_mark())),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_to_mark())),
    "TUPLE1": lambda machine, _: machine.push(tuple(machine.pop(1))),
    "TUPLE2": lambda machine, _: machine.push(tuple(machine.pop(2))),
    "TUPLE3": lambda machine, _: machine.push(tuple(machine.pop(3))),
    "APPEND": lambda machine, _: _add_values(machine, machine.pop()),
    "APPENDS": lambda machine, _: _add_values(machine, machine.pop_to_mark()),
    "ADDITEMS": lambda machine, _: _add_values(machine, machine.pop_to_mark()),
    "SETITEM": lambda machine, _: _set_items(machine, machine.pop(2)),
    "SETITEMS": lambda machine, _: _set_items(machine, machine.pop_to_mark()),
    "GLOBAL": lambda machine, argument: machine.stack.append(machine.name_class(argument)),
    "STACK_GLOBAL": lambda machine, _: _add_global(machine),
    "REDUCE": lambda machine, _: machine.call_any(1),
    "NEWOBJ": lambda machine, _: machine.call_any(1),
    "NEWOBJ_EX": lambda machine, _: machine.call_any(2),
    "INST": lambda machine, argument: machine.call(machine.name_class(argument), tuple(machine.pop_to_mark())),
    "OBJ": lambda machine, _: _call_object(machine),
    "BUILD": lambda machine, _: machine.set_state(),
    "PERSID": lambda machine, argument: machine.load(argument),
    "BINPERSID": lambda machine, _: machine.load(*machine.pop()),
}
"""What each opcode does to the stack; those that are not here, or above, are refused."""
