"""What lnpatch has done to a checkout, kept as objects of its git repository.

A record is one tree object with the files as they were (``before/``), as they were written (``after/``) and a
``record.json``; a reference under ``refs/worktree/lnpatch/`` holds it, so that it belongs to this working tree alone,
survives ``git gc`` and is never pushed with the branches. One reference update makes or removes it.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lnpatch.checkout import Checkout
from lnpatch.errors import RecordError

_PREFIX = "refs/worktree/lnpatch/"
#: Holds the record of a change while its files are being written.
PENDING = "refs/worktree/lnpatch-pending"


@dataclass(frozen=True)
class FileChange:
    """One file before and after; ``mode`` is git's, 100644 or 100755."""

    path: str
    before: bytes
    after: bytes
    mode: str = "100644"


@dataclass(frozen=True)
class Record:
    """An applied patch: of which target, with which options, and which files it changed."""

    target: str
    cell: str
    data_dir: str | None
    repairs: bool
    #: For every file of the recipe, its edits as (kind, name).
    edits: Mapping[str, Sequence[tuple[str, str]]]
    #: The recipe: the name of one that comes with lnpatch, or a path.
    recipe: str
    operation: str = "apply"
    files: tuple[FileChange, ...] = field(default=(), compare=False)

    @property
    def ref(self) -> str:
        """The reference that holds the record."""
        return f"{_PREFIX}{self.target}/{self.cell}"


def recorded_recipes(checkout: Checkout) -> list[str]:
    """The recipes that have a record in *checkout*, as a user would name them."""
    records = (read_record(checkout, ref) for ref in _refs(checkout, _PREFIX))
    return list(dict.fromkeys(record.recipe for record in records if record is not None))


def read_records(checkout: Checkout, target: str) -> list[Record]:
    """The records of *target*, one for each cell that was ever applied and not taken back."""
    records = (read_record(checkout, ref) for ref in _refs(checkout, f"{_PREFIX}{target}/"))
    return [record for record in records if record is not None]


def _refs(checkout: Checkout, prefix: str) -> list[str]:
    listed = checkout.git("for-each-ref", "--format=%(refname)", prefix, doing="reading lnpatch's records")
    return listed.decode().split()


def read_record(checkout: Checkout, ref: str) -> Record | None:
    """The record that *ref* holds, None where there is none.

    Raises:
        RecordError: the reference holds something that lnpatch did not write.
    """
    (data,) = _read_objects(checkout, [f"{ref}:record.json"])
    if data is None:
        return None
    try:
        return _parse_record(checkout, ref, json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(str(checkout.root), ref) from error


def _parse_record(checkout: Checkout, ref: str, table: dict[str, Any]) -> Record:
    paths: dict[str, str] = table.pop("files")
    wanted = [f"{ref}:{side}/{path}" for path in paths for side in ("before", "after")]
    contents = [content or b"" for content in _read_objects(checkout, wanted)]
    files = tuple(
        FileChange(path, before, after, mode)
        for (path, mode), before, after in zip(paths.items(), contents[::2], contents[1::2], strict=True)
    )
    edits = {path: [(kind, name) for kind, name in found] for path, found in table.pop("edits").items()}
    return Record(**table, edits=edits, files=files)


def write_record(checkout: Checkout, record: Record) -> str:
    """Store *record* in the repository; the tree's name, which no reference holds yet."""
    table = {key: value for key, value in asdict(record).items() if key != "files"}
    table["files"] = {file.path: file.mode for file in record.files}
    return write_tree(checkout, record.files, {"record.json": json.dumps(table, indent=1).encode()})


def write_tree(
    checkout: Checkout,
    files: Sequence[FileChange],
    extra: Mapping[str, bytes] | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """A tree object with the files under ``before/`` and ``after/`` and *extra* beside them; its name."""
    entries = [(file.mode, f"before/{file.path}", file.before) for file in files]
    entries += [(file.mode, f"after/{file.path}", file.after) for file in files]
    entries += [("100644", path, data) for path, data in (extra or {}).items()]
    doing = "storing the patch"
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        names = []
        for i, (_, _, data) in enumerate(entries):
            (Path(folder) / str(i)).write_bytes(data)
            names.append(str(Path(folder) / str(i)))
        listed = os.fsencode("\n".join(names) + "\n")
        blobs = checkout.git("hash-object", "-w", "--no-filters", "--stdin-paths", doing=doing, data=listed, env=env)
        index = {**(env or {}), "GIT_INDEX_FILE": str(Path(folder) / "index")}
        lines = (
            f"{mode} {blob}\t{path}\0" for (mode, path, _), blob in zip(entries, blobs.decode().split(), strict=True)
        )
        data = os.fsencode("".join(lines))
        checkout.git("update-index", "-z", "--add", "--index-info", doing=doing, data=data, env=index)
        return checkout.git("write-tree", doing=doing, env=index).decode().strip()


def update_refs(checkout: Checkout, refs: Mapping[str, str | None]) -> None:
    """Set references, or remove those given None, all in one step."""
    lines = (f"update {ref} {name}\n" if name else f"delete {ref}\n" for ref, name in refs.items())
    checkout.git("update-ref", "--stdin", doing="recording the patch", data="".join(lines).encode())


def diff_tree(checkout: Checkout, tree: str, env: Mapping[str, str] | None = None) -> bytes:
    """The patch from ``before/`` to ``after/`` of a tree, as ``git diff`` is configured to print it in this checkout.

    The bytes are those of the working tree; git converts line ends first where ``core.autocrlf`` says so.
    """
    options = ("--no-color", "--text", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/")
    return checkout.git("diff", *options, f"{tree}:before", f"{tree}:after", doing="comparing", env=env)


def diff_files(checkout: Checkout, files: Sequence[FileChange]) -> bytes:
    """The patch that *files* make, without writing anything to the repository."""
    if not files:
        return b""
    objects = Path(checkout.git.repo.common_dir) / "objects"
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        env = {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects.resolve())}
        return diff_tree(checkout, write_tree(checkout, files, env=env), env=env)


def _read_objects(checkout: Checkout, names: Sequence[str]) -> list[bytes | None]:
    """The contents of objects, None for each that is not there."""
    request = os.fsencode("".join(f"{name}\n" for name in names))
    out = checkout.git("cat-file", "--batch", doing="reading lnpatch's records", data=request)
    found: list[bytes | None] = []
    at = 0
    for _ in names:
        end = out.index(b"\n", at)
        header = out[at:end].split()
        if header[-1] == b"missing" or len(header) != 3:
            found.append(None)
            at = end + 1
        else:
            size = int(header[2])
            found.append(out[end + 1 : end + 1 + size])
            at = end + size + 2
    return found
