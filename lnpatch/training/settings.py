"""The hyperparameters of a repository's trainer: their names and defaults as they stand in the checkout, and ``--set``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lnpatch.errors import JobSourceError, SettingError, SettingValueError, UsageError
from lnpatch.recipes.recipe import Job
from lnpatch.schema import Scalar
from lnpatch.suggest import close_matches

if TYPE_CHECKING:
    import libcst as cst

    from lnpatch.checkout.worktree import Checkout

#: A hyperparameter's value; None is one as well.
Value = Scalar | None


@dataclass(frozen=True)
class Setting:
    """A hyperparameter: its default, where that is a literal, and whether it is a flag of the script's command line."""

    name: str
    default: Value = None
    known: bool = False
    flag: bool = False


def trainer_settings(checkout: Checkout, job: Job) -> dict[str, Setting]:
    """All that the job's trainer takes, flags of its command line before parameters of functions.

    Raises:
        JobSourceError: a place that the recipe names is not there.
        SourceSyntaxError: a file cannot be read as Python.
    """
    settings: dict[str, Setting] = {}
    for place in job.parameters:
        for setting in _read(checkout, place):
            settings.setdefault(setting.name, setting)
    return settings


def parse_settings(
    given: Sequence[str], settings: Mapping[str, Setting], reserved: Sequence[str], target: str
) -> dict[str, Value]:
    """``KEY=VALUE``, several times, as values of the settings' own types.

    Args:
        reserved: the settings that lnpatch gives itself.

    Raises:
        UsageError: no ``=``, or a setting of lnpatch's own.
        SettingError: there is no such setting; the right ones are listed.
        SettingValueError: the value is of another type than the default.
    """
    values: dict[str, Value] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"--set takes KEY=VALUE, not {text!r}", "For example: --set dim=512")
        if name in reserved:
            raise UsageError(
                f"{name} is set by lnpatch itself.", "--output says where the run goes, --cell which cell it trains."
            )
        if name not in settings:
            names = sorted(settings.keys() - set(reserved))
            raise SettingError(name, target, tuple(close_matches(name, names, 2)), tuple(names))
        values[name] = _convert(value.strip(), settings[name])
    return values


def _convert(text: str, setting: Setting) -> Value:
    """*text* as a value of the type that the setting's default has."""
    value: object
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        value = words[text.lower()]
    else:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = text
    if not isinstance(value, (bool, int, float, str, type(None))):
        raise SettingValueError(setting.name, text, "one number, word or truth value")
    default = setting.default
    if not setting.known or default is None or value is None:
        return value
    if isinstance(default, bool):
        if value in (0, 1):
            return bool(value)
        raise SettingValueError(setting.name, text, "true or false")
    if isinstance(default, int):
        if isinstance(value, (bool, int)) and not isinstance(value, str):
            return value
        raise SettingValueError(setting.name, text, f"an integer, such as {default}")
    if isinstance(default, float):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        raise SettingValueError(setting.name, text, f"a number, such as {default}")
    return text


def _read(checkout: Checkout, place: str) -> Iterator[Setting]:
    """The settings at ``FILE:NAME``, a function or a table, or at ``FILE``, a script with flags."""
    from lnpatch.source import Source
    from lnpatch.syntax.tables import find_table
    from lnpatch.syntax.tree import NoUniqueMatch, find_function

    path, _, name = place.partition(":")
    data = checkout.read(path)
    if data is None:
        raise JobSourceError(path, "the file is not there", name)
    module = Source.read(data, path).module
    if not name:
        yield from _flags(module)
        return
    function = find_function(module, name)
    if not isinstance(function, NoUniqueMatch):
        for parameter in (*function.params.params, *function.params.kwonly_params):
            yield _setting(parameter.name.value, parameter.default, flag=False)
        return
    table = find_table(module, name)
    if isinstance(table, NoUniqueMatch):
        raise JobSourceError(path, "it has neither a function nor a table of that name", name)
    for entry in table.entries:
        yield _setting(entry.key, entry.value, flag=False)


def _flags(module: cst.Module) -> Iterator[Setting]:
    """The flags that a script adds to its argparse parser."""
    import libcst as cst

    from lnpatch.syntax.tree import string_value, walk

    for node in walk(module):
        if not (isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.args):
            continue
        flag = string_value(node.args[0].value)
        if node.func.attr.value != "add_argument" or flag is None or not flag.startswith("--"):
            continue
        keywords = {argument.keyword.value: argument.value for argument in node.args if argument.keyword}
        if string_value(keywords.get("action")) == "store_true":
            yield Setting(flag[2:], False, known=True, flag=True)
        else:
            yield _setting(flag[2:], keywords.get("default"), flag=True)


def _setting(name: str, default: cst.BaseExpression | None, flag: bool) -> Setting:
    import libcst as cst

    if default is None:
        return Setting(name, flag=flag)
    try:
        value = ast.literal_eval(cst.Module([]).code_for_node(default))
    except (ValueError, SyntaxError):
        return Setting(name, flag=flag)
    known = isinstance(value, (bool, int, float, str, type(None)))
    return Setting(name, value if known else None, known, flag)
