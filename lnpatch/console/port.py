"""What a person or a script sees of ``lnpatch port``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lnpatch.console import _console, print_diff

if TYPE_CHECKING:
    from lnpatch.commands.port import PortReport


def port_json(report: PortReport) -> dict[str, Any]:
    """The report of port."""
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


def print_port(report: PortReport) -> None:
    """Where the copy is and what is left to a person; with a difference that, and all else on standard error."""
    ported = report.ported
    as_patch = bool(report.patch)
    console = _console(stderr=as_patch)
    changed = "as it was made before" if ported.reused else f"{len(ported.converted)} files converted"
    console.print(f"{report.target} in {report.checkout}: Python 3 in {ported.directory} ({changed}).")
    for remark in ported.remarks:
        console.print(f"  {remark}")
    if as_patch:
        print_diff(report.patch)
