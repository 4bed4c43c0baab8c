"""The hyperparameters of a repository's trainer: their names and defaults as they stand in the checkout, and ``--set``.

Recipes and messages call a hyperparameter a setting, as the option ``--set`` does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from lnpatch import syntax
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import JobSourceError, SettingError, SettingValueError, UsageError
from lnpatch.recipes.job import Job
from lnpatch.schema import Scalar
from lnpatch.source import Source
from lnpatch.suggest import close_matches

#: A hyperparameter's value; None is one as well.
Value = Scalar | None


@dataclass(frozen=True)
class Setting:
    """A hyperparameter of a trainer."""

    name: str
    #: Its default, where that is a literal.
    default: Value = None
    #: Whether the default is known: None may be one.
    known: bool = False
    #: Whether it is a flag of the script's command line.
    flag: bool = False


def read_settings(checkout: Checkout, job: Job) -> dict[str, Setting]:
    """Read all that the job's trainer takes, flags of its command line before parameters of functions.

    Raises:
        JobSourceError: a place that the recipe names is not there.
        SourceSyntaxError: a file cannot be read as Python.
    """
    settings: dict[str, Setting] = {}
    for place in job.parameters:
        for setting in _read_place(checkout, place):
            settings.setdefault(setting.name, setting)
    return settings


def parse_settings(
    assignments: Sequence[str], settings: Mapping[str, Setting], reserved: Sequence[str], target: str
) -> dict[str, Value]:
    """Parse assignments ``KEY=VALUE`` into values of the settings' own types.

    Args:
        reserved: the settings that lnpatch sets itself.

    Raises:
        UsageError: no ``=``, or a setting of lnpatch's own.
        SettingError: there is no such setting; the right ones are listed.
        SettingValueError: the value is of another type than the default.
    """
    values: dict[str, Value] = {}
    for text in assignments:
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
        values[name] = _convert_value(value.strip(), settings[name])
    return values


def _convert_value(text: str, setting: Setting) -> Value:
    """Convert *text* to the type that the setting's default has."""
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


def _read_place(checkout: Checkout, place: str) -> Iterator[Setting]:
    """Read the settings at ``FILE:NAME``, a function or a table, or at ``FILE``, a script with flags."""
    path, _, name = place.partition(":")
    data = checkout.read(path)
    if data is None:
        raise JobSourceError(path, "the file is not there", name)
    module = Source.read(data, path).module
    if not name:
        yield from _read_flags(module)
        return
    function = syntax.find_function(module, name)
    if not isinstance(function, syntax.NoUniqueMatch):
        for parameter in (*function.params.params, *function.params.kwonly_params):
            yield _make_setting(parameter.name.value, parameter.default, flag=False)
        return
    table = syntax.find_table(module, name)
    if isinstance(table, syntax.NoUniqueMatch):
        raise JobSourceError(path, "it has neither a function nor a table of that name", name)
    for entry in table.entries:
        yield _make_setting(entry.key, entry.value, flag=False)


def _read_flags(module: cst.Module) -> Iterator[Setting]:
    """Read the flags that a script adds to its argparse parser."""
    for node in syntax.walk(module):
        if not (isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.args):
            continue
        flag = syntax.string_value(node.args[0].value)
        if node.func.attr.value != "add_argument" or flag is None or not flag.startswith("--"):
            continue
        keywords = {argument.keyword.value: argument.value for argument in node.args if argument.keyword}
        if syntax.string_value(keywords.get("action")) == "store_true":
            yield Setting(flag[2:], False, known=True, flag=True)
        else:
            yield _make_setting(flag[2:], keywords.get("default"), flag=True)


def _make_setting(name: str, default: cst.BaseExpression | None, flag: bool) -> Setting:
    if default is None:
        return Setting(name, flag=flag)
    try:
        value = ast.literal_eval(cst.Module([]).code_for_node(default))
    except (ValueError, SyntaxError):
        return Setting(name, flag=flag)
    known = isinstance(value, (bool, int, float, str, type(None)))
    return Setting(name, value if known else None, known, flag)
