"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Text(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A value that is not empty, as it is when a shell variable is not set."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, if there is one."""
        if not value:
            self.fail("the value is empty", param, ctx)
        return value


TEXT = Text()


def target_argument(required: bool = True) -> Callable[[F], F]:
    return click.argument("target", required=required, type=TEXT)


directory_option = click.option(
    "--dir", "directory", type=TEXT, metavar="DIR", help="The checkout; by default the repository's name, here."
)
cell_option = click.option(
    "--cell", type=TEXT, metavar="NAME", help="The cell to inject: lngru or lnlstm; by default the paper's."
)
data_dir_option = click.option(
    "--data-dir", type=TEXT, metavar="DIR", help="Where the data is, for targets that have it in their source."
)
no_repairs_option = click.option("--no-repairs", is_flag=True, help="Leave out what mends the repository itself.")
format_option = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


def engine_options(command: F) -> F:
    """The options that choose an engine, given to the command as one ``engine``."""

    @wraps(command)
    def call(runtime: str, python: str | None, backend: str, device: str, **others: Any) -> Any:
        from lnpatch.training.patched import EngineOptions

        return command(engine=EngineOptions(runtime, python, backend, device), **others)

    for option in (
        click.option("--device", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True),
        click.option(
            "--engine",
            "backend",
            type=click.Choice(["auto", "c", "jax"]),
            default="auto",
            show_default=True,
            help="What PyTensor computes with.",
        ),
        click.option("--python", type=TEXT, metavar="PATH", help="The Python to build the environment from."),
        click.option(
            "--runtime",
            type=click.Choice(["auto", "theano", "pytensor"]),
            default="auto",
            show_default=True,
            help="Python 2.7 with Theano, or Python 3 with PyTensor.",
        ),
    ):
        call = option(call)
    return call  # type: ignore[return-value]
