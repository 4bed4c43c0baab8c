"""What the help of every command has: options under headings, lines to paste that use it, and ``-v`` and ``-q``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from lnpatch.cli.verbosity_options import make_verbosity_options

#: Sections that several commands have: a heading, and the options by the names of their parameters.
RUNTIME = {"Runtime": ("runtime", "backend", "device", "precision", "python")}
WHAT_IS_PATCHED = {"What is patched": ("cell", "data_dir", "no_repairs")}
WORDS = {"Words": ("dictionary", "word2vec", "tokenized")}

#: The heading of the options that are in no other section.
_OTHERS = "Options"


class Command(click.Command):
    """A command whose help shows its options in sections, and an example."""

    def __init__(
        self, *arguments: Any, example: str, sections: Mapping[str, Sequence[str]] | None = None, **attributes: Any
    ) -> None:
        """Make a command.

        Args:
            example: what works when it is pasted in an empty folder: a line, and above it those that it needs.
            sections: the names of parameters by heading, in the order of the help.
        """
        super().__init__(*arguments, **attributes)
        self.example = example
        self.sections = dict(sections or {})
        self.params += make_verbosity_options()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, each section in the order in which it names them."""
        records = {
            str(parameter.name): record
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)) is not None
        }
        for heading, names in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([records.pop(name) for name in names])
        with formatter.section(_OTHERS):
            formatter.write_dl(list(records.values()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example."""
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)
