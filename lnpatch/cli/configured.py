"""Options that take what is configured where they are not typed, and what else of a command may be configured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from lnpatch.cli.console import print_notes
from lnpatch.configuration.keys import VARIABLES
from lnpatch.runtimes.runtime_options import RuntimeOptions

if TYPE_CHECKING:
    from lnpatch.configuration.in_force import Setting
    from lnpatch.configuration.search import FoundFiles
    from lnpatch.recipes import Recipe

#: Where the files of one command line are kept, in the context's ``meta``.
_FILES = "lnpatch.configuration"


class ConfiguredOption(click.Option):
    """An option with a key in configuration files, and an environment variable."""

    def __init__(self, *declarations: Any, key: str, **attributes: Any) -> None:
        super().__init__(*declarations, envvar=VARIABLES[key], **attributes)
        self.key = key

    def get_default(self, ctx: click.Context, call: bool = True) -> Any:
        """Return what a file says; else the option's own default, which alone is shown in help, where no file is read."""
        if call and not ctx.resilient_parsing and (setting := find_configured(ctx, self.key)):
            return setting.value
        return super().get_default(ctx, call)

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return what a wrong value is told of: the variable where it came from there."""
        if ctx is not None and ctx.get_parameter_source(str(self.name)) is ParameterSource.ENVIRONMENT:
            return f"'{self.envvar}'"
        return super().get_error_hint(ctx)


def is_typed(context: click.Context, name: str) -> bool:
    """Return whether an option stands on the command line."""
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def make_runtime_options(context: click.Context, typed_only: bool = False) -> RuntimeOptions:
    """Make what a command's options say of the runtime.

    What is configured for one runtime or device is left out where another one is typed, which it does not go with.

    Args:
        typed_only: leave out all that is not typed, since what goes on has values of its own.
    """
    defaults = RuntimeOptions()
    values = {name: context.params[name] for name in ("runtime", "python", "backend", "device", "precision")}
    typed = {name for name in values if is_typed(context, name)}
    left_out = set(values) - typed if typed_only else set()
    if values["runtime"] == "theano" and "runtime" in typed:
        left_out |= {"backend", "precision"} - typed
    if values["device"] == "cpu" and "device" in typed:
        left_out |= {"precision"} - typed
    return RuntimeOptions(**{name: getattr(defaults, name) if name in left_out else values[name] for name in values})


def find_configured(
    context: click.Context, key: str, find_recipe: Callable[[], Recipe] | None = None
) -> Setting | None:
    """Return what is configured for a key; None where nothing is.

    Args:
        find_recipe: says which target is meant; called only where files tell targets apart.

    Raises:
        ConfigurationError: a file cannot be used.
    """
    from lnpatch.configuration.in_force import find_setting  # as below

    found = _files_of(context)
    names: Sequence[str] = ()
    if find_recipe is not None and any(isinstance(getattr(file.values, key, None), dict) for file in found.files):
        recipe = find_recipe()
        names = (recipe.name, *recipe.aliases)
    return find_setting(found, key, names)


def find_repository(mirror: Setting, recipe: Recipe) -> str | None:
    """Return where a configured mirror has a target's repository; None for a target that is embedded, and in no mirror."""
    from lnpatch.configuration.in_force import repository_in

    if recipe.repository.embedded:
        return None
    # one for this target alone names its repository; any other one has it under its name
    return mirror.value if "." in mirror.key else repository_in(mirror.value, recipe.repository.directory)


def tell_configured(*settings: Setting | None) -> None:
    """Say, for people, which places a command works with though nobody has typed them."""
    print_notes([f"{setting.key} is {setting.value} ({setting.source})" for setting in settings if setting])


def _files_of(context: click.Context) -> FoundFiles:
    """Return the configuration files of this command line, which are read once."""
    meta = context.find_root().meta
    if _FILES not in meta:
        # it looks at checkouts, which help and completion do without
        from lnpatch.configuration.search import find_files

        meta[_FILES] = find_files()
        print_notes(meta[_FILES].notes)
    found: FoundFiles = meta[_FILES]
    return found
