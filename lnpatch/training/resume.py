"""Where a run goes on: from the update that its saved model belongs to, whatever was reported after it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lnpatch.errors import NotARunError
from lnpatch.recipes.job import Job
from lnpatch.training.run_folder import SAVED, RunInfo
from lnpatch.training.update_log import UPDATES, UpdateLog, cut_updates

#: Bytes of a ``saved.json``; the launcher writes some thousands.
_LARGEST_RECORD = 10_000_000


@dataclass(frozen=True)
class ResumePoint:
    """Where a run goes on."""

    #: The update that the saved model belongs to; 0 where nothing is saved, and the run begins again.
    update: int
    #: The last update that was reported.
    reported: int
    #: Whether an earlier lnpatch made the run, which did not write down what the model belongs to.
    is_guess: bool = False

    def notes(self) -> tuple[str, ...]:
        """Return, for people, what was lost."""
        lost = self.reported - self.update
        if self.is_guess:
            return (f"The run does not say which update its model belongs to; it goes on after update {self.update}.",)
        if not self.update:
            return (f"Nothing was saved: the run begins again.{_count_lost(lost)}",)
        where = f"The run goes on from its last save, after update {self.update}."
        return (where + _count_lost(lost),) if lost > 0 else ()


def find_resume_point(folder: Path, job: Job, info: RunInfo) -> ResumePoint:
    """Find where the run in *folder* goes on.

    Raises:
        NotARunError: its model is damaged, or not the one that it has saved.
    """
    reported = max((entry["update"] for entry in UpdateLog(folder / UPDATES).entries()), default=0)
    entries = _read_saved(folder)
    for entry in entries:
        if _list_members(folder / entry["file"]) == entry["members"]:
            return ResumePoint(entry["update"], reported)
    if entries:
        file = folder / entries[0]["file"]
        raise NotARunError(str(folder), f"{file} is damaged, missing, or not the model that the run has saved", ())
    models = [path for path in sorted(folder.glob("*.npz")) if _list_members(path)]
    if models or (folder / job.model).exists():
        if not models:
            raise NotARunError(str(folder), f"{folder / job.model} is not a whole .npz file", ())
        update = max(info.updates, reported)
        return ResumePoint(update, reported, is_guess=update > 0)
    return ResumePoint(0, reported)


def go_back(folder: Path, point: ResumePoint) -> float:
    """Cut off what was reported after *point*; return the seconds up to it.

    Raises:
        OSError: a file cannot be written.
    """
    for name in ("*.npz.tmp", "*.pkl.tmp", "*.json.tmp"):  # what was being written when the process was killed
        for partial in folder.glob(name):
            partial.unlink()
    return cut_updates(folder / UPDATES, point.update)[1]


def _count_lost(lost: int) -> str:
    if lost <= 0:
        return ""
    return f" {lost} update{'s' if lost > 1 else ''} after it {'were' if lost > 1 else 'was'} lost with the process that trained."


def _read_saved(folder: Path) -> list[dict[str, Any]]:
    """Read what the launcher wrote down of the saved model, the newest first; see ``SaveRecord`` in launch_saves.py."""
    file = folder / SAVED
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_RECORD:
            return []
        entries = json.loads(file.read_text(encoding="utf-8"))["saved"]
        return [entry for entry in entries if _is_entry(entry)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("file"), str)
        and Path(entry["file"]).name == entry["file"]
        and type(entry.get("update")) is int
        and 0 <= entry["update"] < 2**53
        and isinstance(entry.get("members"), list)
    )


def _list_members(path: Path) -> list[list[Any]]:
    """Return names, sizes and checksums of the members of an .npz, as the launcher does; none for one that is not whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sorted([member.filename, member.file_size, member.CRC] for member in archive.infolist())
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, ValueError):
        return []
