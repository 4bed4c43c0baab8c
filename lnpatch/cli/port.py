"""``lnpatch port``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli.console import make_console, print_json, print_notes, print_patch
from lnpatch.cli.help import Command
from lnpatch.cli.options import TEXT, directory_option, format_option, optional_target_argument

if TYPE_CHECKING:
    from lnpatch.commands.port import PortReport


@click.command(
    cls=Command,
    example=("lnpatch apply demo\nlnpatch port demo --diff"),
    sections={"Copy": ("directory", "output", "with_patch")},
)
@optional_target_argument
@directory_option
@click.option(
    "-o", "--output", type=TEXT, metavar="DIR", help="Write the copy here; by default it is kept in the cache."
)
@click.option("--diff", "with_patch", is_flag=True, help="Show the difference between the checkout and the copy.")
@format_option
def port(target: str | None, directory: str | None, output: str | None, with_patch: bool, form: str) -> None:
    """Make a Python 3 copy of a checkout.

    It is what is trained on a machine of today; the checkout stays as it is. Without TARGET, the checkout around this
    folder is meant, or the one patched checkout in it.
    """
    report = commands.port(target, directory, output=Path(output) if output else None, with_patch=with_patch)
    if form == "json":
        print_json(_port_json(report))
    else:
        print_notes(report.notes)
        _print_port(report)


def _port_json(report: PortReport) -> dict[str, Any]:
    ported = report.ported
    return {
        "target": report.target,
        "dir": report.checkout,
        "cell": report.cell,
        "output": str(ported.directory),
        "key": ported.key,
        "reused": ported.reused,
        "files": [{"path": path, "converted": path in ported.converted} for path in ported.files],
        "remarks": [{"path": remark.path, "line": remark.line, "message": remark.message} for remark in ported.remarks],
        "notes": list(report.notes),
        "diff": report.patch.decode("utf-8", "surrogateescape"),
    }


def _print_port(report: PortReport) -> None:
    """Print where the copy is and what is left to a person; with a difference that, and all else on standard error."""
    ported = report.ported
    console = make_console(stderr=bool(report.patch))
    made = "as it was made before" if ported.reused else f"{len(ported.converted)} files converted"
    console.print(f"{report.target} in {report.checkout}: Python 3 in {ported.directory} ({made}).")
    for remark in ported.remarks:
        console.print(f"  {remark}")
    if report.patch:
        print_patch(report.patch)
