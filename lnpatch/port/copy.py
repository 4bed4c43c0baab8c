"""Make the Python 3 copy of a checkout, or find the one that was made before."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from lnpatch import __version__
from lnpatch.cache.use import hold_entry
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import PortEmptyError, PortIncompleteError, UnsafePathError
from lnpatch.files import sha256_of
from lnpatch.folders import cache_folder, templates
from lnpatch.port import convert, store
from lnpatch.port.convert.fixers import fissix_version
from lnpatch.port.report import PortedCopy, Remark
from lnpatch.recipes import Job, Recipe

#: The endings of files that Python and its compilers leave behind.
_COMPILED = (".pyc", ".pyo", ".pyd")


def port_checkout(
    recipe: Recipe, checkout: Checkout, output: Path | None = None, *, keep_other_files: bool = False
) -> PortedCopy:
    """Make the Python 3 copy of *checkout* in the cache and, for a copy of one's own, in *output* too.

    It is converted once: a copy of the same contents is used again where it is whole. A run writes into the folder of its
    code, so it needs an *output* of its own.

    Args:
        keep_other_files: whether files that were written into *output* since stay, for a run that is resumed; otherwise
            they are a reason to refuse *output*.

    Raises:
        PortLibraryError: fissix is not installed.
        PortEmptyError: there is no Python file to convert.
        PortIncompleteError: a file that the patch or a job is about cannot be converted.
        PortFolderError, PortModifiedError: there is something else in *output*.
        FileError: the system refuses to read or write a file.
    """
    other_files: list[Path] = []
    if output is not None and keep_other_files:
        other_files = list(store.find_other_files(output))
    elif output is not None:
        store.refuse_other_files(output)
    sources = _read_sources(recipe, checkout)
    if not any(path.endswith(".py") for path in sources):
        raise PortEmptyError(recipe.name, str(checkout.root), recipe.port.folders or (".",))
    key = _compute_key(recipe, sources)
    directory = cache_folder("port") / f"{recipe.name}-{key[:16]}"
    with hold_entry(directory):
        manifest = store.read_manifest(directory)
        reused = manifest is not None and manifest.key == key and not store.find_changed_files(directory, manifest)
        if manifest is None or not reused:
            manifest = _convert_to_cache(recipe, checkout, sources, key, directory)
        if output is not None:
            contents = {path: (directory / path).read_bytes() for path in manifest.files}
            store.write_copy(output, manifest, contents, other_files)
    return PortedCopy(output or directory, tuple(manifest.files), manifest.converted, manifest.remarks, key, reused)


def _read_sources(recipe: Recipe, checkout: Checkout) -> dict[str, bytes]:
    """Read the files that the copy is made from: those that git tracks in the recipe's folders."""
    sources: dict[str, bytes] = {}
    for path in checkout.names():
        if not _belongs_to_copy(recipe, path):
            continue
        try:
            data = checkout.read(path)
        except UnsafePathError:  # a link to somewhere else; nothing outside a checkout is read
            continue
        if data is not None:
            sources[path] = data
    return sources


def _belongs_to_copy(recipe: Recipe, path: str) -> bool:
    included = not recipe.port.folders or any(_is_inside(path, folder) for folder in recipe.port.folders)
    excluded = any(_is_inside(path, other) for other in recipe.port.exclude)
    return included and not excluded and not path.endswith(_COMPILED) and posixpath.basename(path) != store.MANIFEST


def _is_inside(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")


def _compute_key(recipe: Recipe, sources: dict[str, bytes]) -> str:
    """Return what a copy is known by: the checkout's contents, the recipe, and all that converts."""
    # our own code too: in a source checkout of lnpatch a rule may change without the version
    converter = sorted(Path(__file__).parent.rglob("*.py"))
    parts = [__version__, fissix_version(), repr(recipe.port)]
    parts += [sha256_of(file.read_bytes()) for file in (*converter, templates() / "pytensor" / "lnpatch_py2.py")]
    parts += [f"{path} {sha256_of(data)}" for path, data in sorted(sources.items())]
    # git's paths are bytes: those that are not UTF-8 have surrogates
    return sha256_of("\n".join(parts).encode("utf-8", "surrogateescape"))


def _require_files(recipe: Recipe, checkout: Checkout, left_out: AbstractSet[str], remarks: Sequence[Remark]) -> None:
    """Refuse a copy without the files that the patch and the jobs are about: nothing could be trained with it.

    Raises:
        PortIncompleteError: one of those could not be converted.
    """
    needed = {edit.file for edit in recipe.edits} | {
        path for job in recipe.jobs.values() for path in _module_files(job)
    }
    reasons = [
        f"{remark.path}:{remark.line}: {remark.message}" for remark in remarks if remark.path in left_out & needed
    ]
    if reasons:
        raise PortIncompleteError(recipe.name, str(checkout.root), reasons)


def _module_files(job: Job) -> Iterator[str]:
    """Yield the files that a job's entry point may be in."""
    for entry in filter(None, (job.entry, job.call)):
        module = entry.removesuffix(".py").partition(":")[0].replace(".", "/")
        for folder in (job.directory, *job.path):
            yield posixpath.normpath(posixpath.join(folder, f"{module}.py"))


def _convert_to_cache(
    recipe: Recipe, checkout: Checkout, sources: dict[str, bytes], key: str, directory: Path
) -> store.Manifest:
    """Convert *sources*, write them to *directory*, and return its manifest."""
    python_files = {path: data for path, data in sources.items() if path.endswith(".py")}
    converted = convert.convert_files(recipe, python_files, checkout.root)
    _require_files(recipe, checkout, python_files.keys() - converted.files.keys(), converted.remarks)
    files = {path: data for path, data in sources.items() if path not in python_files} | converted.files
    checksums = {path: sha256_of(data) for path, data in sorted(files.items())}
    manifest = store.Manifest(recipe.name, key, checksums, tuple(sorted(converted.files)), converted.remarks)
    store.write_copy(directory, manifest, files)
    return manifest
