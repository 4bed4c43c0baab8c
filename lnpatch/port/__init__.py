"""A Python 3 copy of a patched checkout, for training on machines of today; the checkout stays as it is."""

from __future__ import annotations

import posixpath
from pathlib import Path

from lnpatch import __version__
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import PortEmptyError, UnsafePathError
from lnpatch.folders import cache_folder, templates
from lnpatch.port import fixers, store
from lnpatch.port.report import Ported, Remark
from lnpatch.recipes import Recipe

__all__ = ["Ported", "Remark", "port"]

#: What Python and its compilers leave behind.
_LEFT_OVER = (".pyc", ".pyo", ".pyd")


def port(recipe: Recipe, checkout: Checkout, output: Path | None = None, *, keep: bool = False) -> Ported:
    """The Python 3 copy of *checkout*, in the cache or, as a copy of its own, in *output*.

    It is converted once: a copy of the same contents is used again where it is whole. What runs writes into its
    folder, so a run wants a copy of its own; *keep* is for one that goes on: what was written into *output* stays.

    Raises:
        PortLibraryError: fissix is not installed.
        PortEmptyError: there is no Python file to convert.
        PortFolderError, PortModifiedError: there is something else in *output*.
        FileError: the system refuses to read or write a file.
    """
    import filelock

    others = list(store.others(output)) if output is not None and keep else []
    if output is not None and not keep:
        store.refuse_foreign(output)
    sources = _sources(recipe, checkout)
    if not any(path.endswith(".py") for path in sources):
        raise PortEmptyError(recipe.name, str(checkout.root), recipe.port.folders or (".",))
    key = _key(recipe, sources)
    cache = cache_folder("port")
    directory = cache / f"{recipe.name}-{key[:16]}"
    with filelock.FileLock(cache / f".{directory.name}.lock"):
        manifest = store.read_manifest(directory)
        reused = manifest is not None and manifest.key == key and not store.changed_files(directory, manifest)
        if manifest is None or not reused:
            manifest = _write(recipe, checkout, sources, key, directory)
        if output is not None:
            contents = {path: (directory / path).read_bytes() for path in manifest.files}
            store.write(output, manifest, contents, others)
    return Ported(output or directory, tuple(manifest.files), manifest.converted, manifest.remarks, key, reused)


def _sources(recipe: Recipe, checkout: Checkout) -> dict[str, bytes]:
    """The files that the copy is made from: what git tracks in the recipe's folders."""
    found: dict[str, bytes] = {}
    for path in checkout.names():
        if not _is_wanted(recipe, path):
            continue
        try:
            data = checkout.read(path)
        except UnsafePathError:  # a link to somewhere else; nothing outside a checkout is read
            continue
        if data is not None:
            found[path] = data
    return found


def _is_wanted(recipe: Recipe, path: str) -> bool:
    wanted = not recipe.port.folders or any(_is_in(path, folder) for folder in recipe.port.folders)
    left_out = any(_is_in(path, other) for other in recipe.port.exclude)
    return wanted and not left_out and not path.endswith(_LEFT_OVER) and posixpath.basename(path) != store.MANIFEST


def _is_in(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")


def _key(recipe: Recipe, sources: dict[str, bytes]) -> str:
    """What a copy is known by: contents, recipe, and all that converts."""
    own = sorted(Path(__file__).parent.rglob("*.py"))
    parts = [__version__, fixers.version(), repr(recipe.port)]
    parts += [store.digest(file.read_bytes()) for file in (*own, templates() / "pytensor" / "lnpatch_py2.py")]
    parts += [f"{path} {store.digest(data)}" for path, data in sorted(sources.items())]
    return store.digest("\n".join(parts).encode("utf-8", "surrogateescape"))


def _write(recipe: Recipe, checkout: Checkout, sources: dict[str, bytes], key: str, directory: Path) -> store.Manifest:
    from lnpatch.port.convert import convert  # what reads trees takes time to import

    python = {path: data for path, data in sources.items() if path.endswith(".py")}
    converted = convert(recipe, python, checkout.root)
    files = {path: data for path, data in sources.items() if path not in python} | converted.files
    digests = {path: store.digest(data) for path, data in sorted(files.items())}
    manifest = store.Manifest(recipe.name, key, digests, tuple(sorted(converted.files)), converted.remarks)
    store.write(directory, manifest, files)
    return manifest
