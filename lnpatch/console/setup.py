"""What a person sees of environments, and of what a machine has and lacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lnpatch.console import _console
from lnpatch.folders import cache_root

if TYPE_CHECKING:
    from lnpatch.commands.doctor import Diagnosis
    from lnpatch.runtimes.environment import Environment, Progress


@contextmanager
def setup_progress() -> Iterator[Progress]:
    """Shows what is being done: a spinner in a terminal, lines elsewhere."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda text: console.print(text)
        return
    with console.status("") as status:
        yield lambda text: status.update(text)


def print_environment(environment: Environment, was_there: bool) -> None:
    """Where an environment is, and what is in it."""
    console = _console()
    console.print(f"{'Ready, as it was' if was_there else 'Ready'}: {environment.python}")
    console.print("  " + ", ".join(f"{name} {version}" for name, version in sorted(environment.packages.items())))


def environment_json(environment: Environment, was_there: bool) -> dict[str, Any]:
    """An environment, for scripts."""
    return {
        "python": str(environment.python),
        "folder": str(environment.folder),
        "packages": dict(environment.packages),
        "built": not was_there,
    }


def doctor_json(diagnoses: list[Diagnosis], cache: int) -> dict[str, Any]:
    """What the machine has and lacks, for scripts."""
    jobs = [asdict(diagnosis) | {"ready": diagnosis.ready} for diagnosis in diagnoses]
    return {"jobs": jobs, "cache": {"folder": str(cache_root()), "bytes": cache}}


def print_doctor(diagnoses: list[Diagnosis], cache: int) -> None:
    """What the machine has and lacks for each job."""
    from rich.text import Text

    console = _console()
    for diagnosis in diagnoses:
        state = ("ready", "bold green") if diagnosis.ready else ("not ready", "bold red")
        console.print(Text.assemble((diagnosis.job, "bold"), f" ({diagnosis.what}): ", state))
        for finding in diagnosis.findings:
            mark, style = (
                ("ok", "green") if finding.there else (("--", "yellow") if not finding.needed else ("no", "red"))
            )
            detail = f": {finding.detail}" if finding.detail else ""
            console.print(Text.assemble("  ", (mark, style), f" {finding.name}{detail}"))
            if finding.mend and not finding.there:
                console.print(f"       {finding.mend}", style="dim")
    console.print(f"cache: {cache / 1e6:.0f} MB in {cache_root()}; it can be removed at any time")
