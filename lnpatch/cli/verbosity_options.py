"""``-q``: errors alone; ``-v``: also which programs are run, and what servers are asked for."""

from __future__ import annotations

import sys

import click

from lnpatch.cli.verbosity import set_quiet

#: The name above those of all loggers of lnpatch.
_LOGGER = "lnpatch"


def make_verbosity_options() -> list[click.Option]:
    """Return ``-v`` and ``-q``, which every command has, and lnpatch itself, in front of the command."""
    return [
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            callback=_set_verbose,
            help="Say which programs are run, too.",
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_set_quiet,
            help="Say nothing but the result and errors.",
        ),
    ]


def reset_verbosity() -> None:
    """Say as much as by default again: each command line begins so."""
    set_quiet(False)
    if "logging" in sys.modules:
        import logging

        logger = logging.getLogger(_LOGGER)
        logger.setLevel(logging.NOTSET)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)


def _set_quiet(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        set_quiet(True)


def _set_verbose(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Show on standard error what lnpatch's modules log; help and completion do without logging."""
    if not value or context.resilient_parsing:
        return
    import logging

    from lnpatch.cli.console import print_line

    class Lines(logging.Handler):
        """Writes to what is standard error when there is something to say: a live view puts itself in its place."""

        def emit(self, record: logging.LogRecord) -> None:
            print_line(record.getMessage(), sys.stderr)

    logger = logging.getLogger(_LOGGER)
    logger.setLevel(logging.DEBUG)
    if not logger.handlers:
        logger.addHandler(Lines())
