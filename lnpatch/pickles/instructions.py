"""The instructions of a pickle; their codes and meanings are those of Python's ``pickletools``, protocols 0 to 5."""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable
from typing import Any

from lnpatch.pickles.allow_list import push_call, push_name, set_state
from lnpatch.pickles.machine import Machine, RefusedError, TruncatedError, UnfilledArray

_Instruction = Callable[[Machine], None]

_MAX_PROTOCOL = 5
_STOP = ord(".")

#: The longest integers, in bytes, and numbers, in decimals: longer ones take quadratic time to read or to print.
_MAX_LONG, _MAX_DIGITS = 255, 620
_DECIMAL = re.compile(rb"0|-?[1-9][0-9]*")


def run_pickle(machine: Machine) -> Any:
    """Run the pickle that begins at the machine's position, and return the object that it makes.

    Raises:
        TruncatedError: the data ends before the pickle does.
        RefusedError: it wants something that is not on the allow-list, or too much of it.
        ValueError, TypeError, LookupError, ArithmeticError, struct.error: it is not a pickle.
    """
    data, end = machine.data, len(machine.data)
    while machine.position < end:
        code = data[machine.position]
        machine.position += 1
        if code == _STOP:
            return _pop_result(machine)
        instruction = _INSTRUCTIONS.get(code)
        if instruction is None:
            raise ValueError(f"unknown instruction {bytes([code])!r}")
        instruction(machine)
    raise TruncatedError


def _pop_result(m: Machine) -> Any:
    value = m.pop()
    if m.stack or m.marks:
        raise ValueError("more than one object at its end")
    if isinstance(value, UnfilledArray):
        raise ValueError("an array without elements")
    return value


# Makers of instructions


def _push(make: Callable[[Machine], Any]) -> _Instruction:
    """Return the instruction that pushes what *make* gives."""
    return lambda m: m.stack.append(make(m))


def _push_new(make: Callable[[Machine], Any]) -> _Instruction:
    """Return the same for what *make* makes anew, whose memory counts."""
    return lambda m: m.push_new(make(m))


def _push_tuple(count: int) -> _Instruction:
    """Return the instruction that puts a tuple in the place of the top *count* elements."""

    def instruction(m: Machine) -> None:
        items = [m.pop() for _ in range(count)]
        m.push_new(tuple(reversed(items)))

    return instruction


def _refuse(reason: str) -> _Instruction:
    """Return the instruction that is not carried out."""

    def instruction(m: Machine) -> None:
        raise RefusedError(reason)

    return instruction


# What is read from the pickle's bytes


def _parse_quoted(line: bytes) -> str:
    """Return a string of protocol 0, in quotes and with escapes."""
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise ValueError("a string without quotes")
    decoded, _ = codecs.escape_decode(line[1:-1])
    return decoded.decode("latin1")


def _parse_integer(line: bytes) -> Any:
    """Return an integer of protocol 0, which writes booleans as 00 and 01."""
    return {b"00": False, b"01": True}[line] if line in (b"00", b"01") else _parse_decimal(line)


def _parse_decimal(line: bytes) -> int:
    """Return an integer in decimals, written as picklers do: Python 2 takes 010 for eight, Python 3 for ten."""
    if not _DECIMAL.fullmatch(_check_digits(line, "an integer")):
        raise ValueError(f"{line[:40]!r} is not an integer")
    return int(line)


def _read_memo_line(m: Machine) -> int:
    m.use_memo_keys("decimal")
    return _parse_decimal(m.read_line())


def _read_memo_number(m: Machine, format: str) -> int:
    m.use_memo_keys("binary")
    return m.read_number(format)


def _memoize_next(m: Machine) -> None:
    m.use_memo_keys("binary")
    m.memoize(len(m.memo))


def _check_digits(line: bytes, kind: str) -> bytes:
    if len(line) > _MAX_DIGITS:
        raise RefusedError(f"{kind} of more than {_MAX_DIGITS} digits")
    return line


def _read_long(m: Machine, length: str) -> int:
    data = _read_sized(m, length)
    if len(data) > _MAX_LONG:
        raise RefusedError(f"an integer of more than {_MAX_LONG} bytes")
    return int.from_bytes(data, "little", signed=True)


def _read_sized(m: Machine, length: str) -> bytes:
    """Return bytes with their length before them; *length* is its format."""
    return m.read_bytes(m.read_number(length))


def _read_utf8(m: Machine, length: str) -> str:
    # Python 2 lets lone surrogates be text, and pickles them as three bytes each
    return _read_sized(m, length).decode("utf-8", "surrogatepass")


def _read_name(m: Machine) -> str:
    return m.read_line().decode("utf-8", "replace")


def _check_protocol(m: Machine) -> None:
    if (version := m.read_number("<B")) > _MAX_PROTOCOL:
        raise ValueError(f"protocol {version}")


def _check_frame(m: Machine) -> None:
    """Pass over the head of a frame, which says how many bytes can be read at once."""
    if m.read_number("<Q") > len(m.data) - m.position:
        raise TruncatedError


# The stack and containers


def _pop_element_or_mark(m: Machine) -> None:
    if m.marks and m.marks[-1] == len(m.stack):
        m.marks.pop()
    else:
        m.pop()


def _push_dictionary(m: Machine) -> None:
    items = m.pop_to_mark()
    m.push_new({})
    m.set_items(items)


def _set_one_item(m: Machine) -> None:
    value, key = m.pop(), m.pop()
    m.set_items([key, value])


# Names and calls


def _push_global(m: Machine) -> None:
    module, name = _read_name(m), _read_name(m)
    push_name(m, module, name)


def _push_stack_global(m: Machine) -> None:
    name, module = m.pop(), m.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise TypeError("a name that is not a string")
    push_name(m, module, name)


def _reduce(m: Machine) -> None:
    arguments, function = m.pop(), m.pop()
    push_call(m, function, arguments)


def _push_instance(m: Machine) -> None:
    module, name = _read_name(m), _read_name(m)
    arguments = m.pop_to_mark()
    push_name(m, module, name)
    push_call(m, m.pop(), tuple(arguments))


def _push_object(m: Machine) -> None:
    function, *arguments = m.pop_to_mark()
    push_call(m, function, tuple(arguments))


_INSTRUCTIONS: dict[int, _Instruction] = {
    ord(code): instruction
    for code, instruction in {
        # the stack and the memo
        "\x80": _check_protocol,
        "\x95": _check_frame,
        "(": lambda m: m.push_mark(),
        "0": _pop_element_or_mark,
        "1": lambda m: m.pop_to_mark().clear(),
        "2": _push(lambda m: m.stack[-1]),
        "g": _push(lambda m: m.memo[_read_memo_line(m)]),
        "h": _push(lambda m: m.memo[_read_memo_number(m, "<B")]),
        "j": _push(lambda m: m.memo[_read_memo_number(m, "<I")]),
        "p": lambda m: m.memoize(_read_memo_line(m)),
        "q": lambda m: m.memoize(_read_memo_number(m, "<B")),
        "r": lambda m: m.memoize(_read_memo_number(m, "<I")),
        "\x94": _memoize_next,
        # numbers
        "N": _push(lambda m: None),
        "\x88": _push(lambda m: True),
        "\x89": _push(lambda m: False),
        "I": _push(lambda m: _parse_integer(m.read_line())),
        "J": _push(lambda m: m.read_number("<i")),
        "K": _push(lambda m: m.read_number("<B")),
        "M": _push(lambda m: m.read_number("<H")),
        "L": _push(lambda m: _parse_decimal(m.read_line().removesuffix(b"L"))),
        "\x8a": _push(lambda m: _read_long(m, "<B")),
        "\x8b": _push(lambda m: _read_long(m, "<i")),
        "F": _push(lambda m: float(_check_digits(m.read_line(), "a number"))),
        "G": _push(lambda m: struct.unpack(">d", m.read_bytes(8))[0]),
        # strings of Python 2, text, bytes
        "S": _push(lambda m: _parse_quoted(m.read_line())),
        "T": _push(lambda m: _read_sized(m, "<i").decode("latin1")),
        "U": _push(lambda m: _read_sized(m, "<B").decode("latin1")),
        "V": _push(lambda m: m.read_line().decode("raw-unicode-escape")),
        "X": _push(lambda m: _read_utf8(m, "<I")),
        "\x8c": _push(lambda m: _read_utf8(m, "<B")),
        "\x8d": _push(lambda m: _read_utf8(m, "<Q")),
        "B": _push(lambda m: _read_sized(m, "<I")),
        "C": _push(lambda m: _read_sized(m, "<B")),
        "\x8e": _push(lambda m: _read_sized(m, "<Q")),
        "\x96": _push(lambda m: _read_sized(m, "<Q")),
        # containers
        ")": _push(lambda m: ()),
        "t": _push_new(lambda m: tuple(m.pop_to_mark())),
        "\x85": _push_tuple(1),
        "\x86": _push_tuple(2),
        "\x87": _push_tuple(3),
        "]": _push_new(lambda m: []),
        "l": _push_new(lambda m: m.pop_to_mark()),
        "a": lambda m: m.extend_list([m.pop()]),
        "e": lambda m: m.extend_list(m.pop_to_mark()),
        "}": _push_new(lambda m: {}),
        "d": _push_dictionary,
        "s": _set_one_item,
        "u": lambda m: m.set_items(m.pop_to_mark()),
        "\x8f": _push_new(lambda m: set()),
        "\x90": lambda m: m.extend_set(m.pop_to_mark()),
        "\x91": _push_new(lambda m: frozenset(m.make_set(m.pop_to_mark()))),
        # names and calls
        "c": _push_global,
        "\x93": _push_stack_global,
        "R": _reduce,
        "i": _push_instance,
        "o": _push_object,
        "b": lambda m: set_state(m, m.pop()),
        "\x81": _reduce,  # a new object of a class: to this machine a call like any other
        "\x92": _refuse("an object made with keywords"),
        "P": _refuse("an object outside of the pickle"),
        "Q": _refuse("an object outside of the pickle"),
        "\x82": _refuse("an extension of another program"),
        "\x83": _refuse("an extension of another program"),
        "\x84": _refuse("an extension of another program"),
        "\x97": _refuse("a buffer outside of the pickle"),
        "\x98": _refuse("a buffer outside of the pickle"),
    }.items()
}
