"""``lnpatch cache info`` and ``lnpatch cache prune``."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cache.entries import KINDS
from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import format_duration, format_size, make_console, print_json
from lnpatch.cli.help import Group
from lnpatch.cli.options import format_option

if TYPE_CHECKING:
    from lnpatch.cache.entries import CacheEntry

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class Age(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A time such as ``30d``, in seconds."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d{1,9})\s*([smhdw])|0", str(value).strip())
        if match is None:
            self.fail(f"{value!r} is not a number with one of {', '.join(_UNITS)} behind it, such as 30d", param, ctx)
        return float(int(match[1] or 0) * _UNITS[match[2] or "s"])


@click.group(
    cls=Group,
    example="lnpatch cache info",
)
def cache() -> None:
    """Show or prune what lnpatch keeps on this machine.

    Environments, compiled code and Python 3 copies are made again when they are needed. `doctor` says which folder it is.
    """


@cache.command(
    example="lnpatch cache info",
)
@format_option
def info(form: str) -> None:
    """List what is kept: how large it is, and when it was last used."""
    report = commands.cache_info()
    if form == "json":
        print_json(
            {
                "folder": str(report.folder),
                "bytes": report.bytes,
                "entries": [_entry_json(entry) for entry in report.entries],
                "checksums": {"file": str(report.checksums), "recorded": report.recorded},
            }
        )
        return
    console = make_console()
    table = rich.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("kind", "name", "size", "last used", ""):
        table.add_column(heading, justify="right" if heading in ("size", "last used") else "left", overflow="fold")
    for entry in report.entries:
        age = f"{format_duration(entry.age)} ago"
        table.add_row(entry.kind, entry.path.name, format_size(entry.bytes), age, _describe_state(entry))
    if report.entries:
        console.print(table)
    console.print(f"{format_size(report.bytes)} in {report.folder}")
    console.print(f"{report.recorded} checksums of downloads in {report.checksums}, which is not pruned")


@cache.command(
    example="lnpatch cache prune --older-than 12h --dry-run",
    sections={"What is removed": ("older_than", "dry_run")},
)
@click.argument("kinds", nargs=-1, type=click.Choice(list(KINDS)), metavar="[KIND]...")
@click.option(
    "--older-than",
    type=Age(),
    default="30d",
    show_default=True,
    metavar="AGE",
    help="Only what was not used for so long: 12h, 30d, 8w; 0 for all.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@format_option
def prune(kinds: tuple[str, ...], older_than: float, dry_run: bool, form: str) -> None:
    """Remove what was not used for a while.

    What is in use is kept, and so are the checksums of downloads. What was never finished goes whatever its age. KIND is
    environments, tools, compiled, port, fissix or reports; all, without.
    """
    pruned = commands.cache_prune(older_than, kinds, dry_run)
    if form == "json":
        print_json(
            {
                "removed": [_entry_json(entry) for entry in pruned.removed],
                "kept": [{**_entry_json(entry), "reason": reason} for entry, reason in pruned.kept],
                "bytes": pruned.bytes,
                "dry_run": dry_run,
            }
        )
        return
    console = make_console()
    verb = "would remove" if dry_run else "removed"
    for entry in pruned.removed:
        console.print(f"{verb} {entry.kind}/{entry.path.name} ({format_size(entry.bytes)})")
    for entry, reason in pruned.kept:
        if reason != "used lately":
            console.print(f"kept {entry.kind}/{entry.path.name}: {reason}")
    console.print(f"{verb} {format_size(pruned.bytes)}")


def _entry_json(entry: CacheEntry) -> dict[str, Any]:
    return {**asdict(entry), "path": str(entry.path), "name": entry.path.name, "age": entry.age}


def _describe_state(entry: CacheEntry) -> str:
    return "in use" if entry.in_use else "not finished" if entry.unfinished else ""
