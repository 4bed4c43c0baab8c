"""``lnpatch download``: a target's released files, one after another; each is tried, whatever became of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.commands.locate import as_recipe
from lnpatch.downloads.artefact import DownloadedArtefact, download_artefact
from lnpatch.downloads.mirror import Mirror, local_name
from lnpatch.downloads.partial_file import DownloadWatcher, PartialFile, explain_refusal
from lnpatch.errors import (
    ArtefactNotFoundError,
    DownloadsFailedError,
    FailedDownload,
    LnpatchError,
    RecipeError,
)
from lnpatch.recipes import Artefact, Recipe
from lnpatch.schema import Problem


@dataclass(frozen=True)
class DownloadReport:
    """What was asked for and is in place, and what is not."""

    target: str
    directory: str
    files: tuple[DownloadedArtefact, ...]
    error: DownloadsFailedError | None = None


def download(
    target: str | Recipe,
    names: Sequence[str],
    directory: Path | None,
    watch: Callable[[Artefact], DownloadWatcher],
    *,
    mirror: str | None = None,
    trust_new: bool = False,
) -> DownloadReport:
    """Get the released files *names* of a target, all of them by default.

    Args:
        directory: where they go; by default ``data/TARGET`` here.
        watch: makes the watcher of one file.
        mirror: an address or a folder to get them from, instead of their own addresses.
        trust_new: accept files whose checksum has changed.

    Raises:
        ArtefactNotFoundError: there are no such files.
        MirrorError: it is not an address or a folder.
        RecipeError: two files would be in each other's way.
    """
    recipe = as_recipe(target)
    _refuse_collisions(recipe)
    artefacts = {artefact.name: artefact for artefact in recipe.artefacts}
    unknown = [name for name in names if name not in artefacts]
    if unknown or not artefacts:
        raise ArtefactNotFoundError(recipe.reference, unknown, tuple(artefacts))
    place = Mirror(mirror) if mirror is not None else None
    folder = directory if directory is not None else Path("data", recipe.name)
    files: list[DownloadedArtefact] = []
    failures: list[FailedDownload] = []
    asked = list(dict.fromkeys(names)) or list(artefacts)
    for artefact in map(artefacts.__getitem__, asked):
        try:
            files.append(download_artefact(recipe.name, artefact, folder, place, trust_new, watch(artefact)))
        except (LnpatchError, OSError) as error:
            failures.append(_failed(artefact, error))
    failed = DownloadsFailedError(recipe.reference, len(asked), tuple(failures)) if failures else None
    return DownloadReport(recipe.name, str(folder), tuple(files), failed)


def _refuse_collisions(recipe: Recipe) -> None:
    """Refuse a recipe whose files would replace each other, or be taken for each other's partial files."""
    taken: dict[str, int] = {}
    problems = []
    for i, artefact in enumerate(recipe.artefacts):
        # some file systems tell no case apart
        final = Path(local_name(artefact).casefold())
        partial = PartialFile(final)
        other = next((taken[str(path)] for path in (final, *partial.places) if str(path) in taken), None)
        if other is not None:
            problems.append(
                Problem(f"artefacts[{i}].file", f"in the way of artefacts[{other}]: {local_name(artefact)}")
            )
        taken |= {str(path): i for path in (final, *partial.places)}
    if problems:
        raise RecipeError(recipe.reference, problems)


def _failed(artefact: Artefact, error: LnpatchError | OSError) -> FailedDownload:
    failure = explain_refusal(error, Path(artefact.name)) if isinstance(error, OSError) else error
    return FailedDownload(artefact.name, type(failure).__name__, failure.message, failure.hint, int(failure.exit_code))
