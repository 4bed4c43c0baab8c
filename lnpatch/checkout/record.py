"""What lnpatch has done to a checkout, kept as objects of its git repository.

A record is one tree object with the files as they were (``before/``), as they were written (``after/``) and a
``record.json``. A reference ``refs/lnpatch/WORKTREE/TARGET/CELL/TREE`` holds it, which survives ``git gc`` and is not
pushed or cloned with the branches; one reference update makes or removes it. There may be several records of a target,
since each branch may have a patch of its own.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lnpatch.checkout.branch_switch import BranchSwitch
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import RecordError


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
    #: The commit that belongs to the change, while it is under way.
    switch: BranchSwitch | None = None
    files: tuple[FileChange, ...] = ()
    #: The reference that holds the record; empty for one that is not stored.
    ref: str = field(default="", compare=False)


def pending_ref(checkout: Checkout) -> str:
    """Return the reference that holds the record of a change while it is being made."""
    return f"refs/lnpatch-pending/{checkout.name_for_refs}"


def record_ref(checkout: Checkout, record: Record, tree: str) -> str:
    """Return the reference for a record that is stored as *tree*."""
    return f"{_prefix(checkout)}{record.target}/{record.cell}/{tree}"


def recorded_recipes(checkout: Checkout) -> list[str]:
    """Return the recipes that have a record in *checkout*, as a user would name them."""
    return list(dict.fromkeys(record.recipe for record in read_records(checkout, "")))


def has_records(checkout: Checkout, target: str) -> bool:
    """Return whether there is a record of *target*, without reading it."""
    listed = checkout.git(
        "for-each-ref", "--count=1", f"{_prefix(checkout)}{target}/", doing="reading lnpatch's records"
    )
    return bool(listed)


def read_records(checkout: Checkout, target: str) -> list[Record]:
    """Read the records of *target*; of all targets, if it is empty.

    Raises:
        RecordError: a reference holds something that lnpatch did not write, or that is gone.
    """
    prefix = f"{_prefix(checkout)}{target}/" if target else _prefix(checkout)
    listed = checkout.git("for-each-ref", "--format=%(refname)", prefix, doing="reading lnpatch's records")
    records = []
    for ref in listed.decode().split():
        record = read_record(checkout, ref)
        if record is None:
            raise RecordError(str(checkout.root), ref)
        records.append(record)
    return records


def _prefix(checkout: Checkout) -> str:
    return f"refs/lnpatch/{checkout.name_for_refs}/"


def read_record(checkout: Checkout, ref: str) -> Record | None:
    """Read the record that *ref* holds, None where there is none.

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
    names = [f"{ref}:{side}/{path}" for path in paths for side in ("before", "after")]
    contents = [content or b"" for content in _read_objects(checkout, names)]
    files = tuple(
        FileChange(path, before, after, mode)
        for (path, mode), before, after in zip(paths.items(), contents[::2], contents[1::2], strict=True)
    )
    edits = {path: [(kind, name) for kind, name in edits] for path, edits in table.pop("edits").items()}
    switch = table.pop("switch")
    return Record(**table, edits=edits, switch=BranchSwitch(**switch) if switch else None, files=files, ref=ref)


def write_record(checkout: Checkout, record: Record) -> str:
    """Store *record* in the repository, and return the tree's name, which no reference holds yet."""
    table = {key: value for key, value in asdict(replace(record, files=())).items() if key != "ref"}
    table["files"] = {file.path: file.mode for file in record.files}
    return write_tree(checkout, record.files, {"record.json": json.dumps(table, indent=1).encode()})


def write_tree(
    checkout: Checkout,
    files: Sequence[FileChange],
    extra: Mapping[str, bytes] | None = None,
    env: Mapping[str, str] | None = None,
    filters: bool = False,
) -> str:
    """Write a tree object with the files under ``before/`` and ``after/`` and *extra* beside them, and return its name.

    Args:
        filters: convert line ends and the like as git does when it stores the files themselves.
    """
    entries = [(file.mode, f"before/{file.path}", file.before) for file in files]
    entries += [(file.mode, f"after/{file.path}", file.after) for file in files]
    entries += [("100644", path, data) for path, data in (extra or {}).items()]
    doing = "storing the patch"
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        blobs: list[str] = []
        if filters:
            for _, path, data in entries:
                options = ("-w", "--stdin", f"--path={path.partition('/')[2]}")
                blobs.append(checkout.git("hash-object", *options, doing=doing, data=data, env=env).decode().strip())
        else:
            names = [str(Path(folder) / str(i)) for i in range(len(entries))]
            for name, (_, _, data) in zip(names, entries, strict=True):
                Path(name).write_bytes(data)
            listed = os.fsencode("".join(f"{name}\n" for name in names))
            options = ("-w", "--no-filters", "--stdin-paths")
            blobs = checkout.git("hash-object", *options, doing=doing, data=listed, env=env).decode().split()
        index = {**(env or {}), "GIT_INDEX_FILE": str(Path(folder) / "index")}
        lines = (f"{mode} {blob}\t{path}\0" for (mode, path, _), blob in zip(entries, blobs, strict=True))
        data = os.fsencode("".join(lines))
        checkout.git("update-index", "-z", "--add", "--index-info", doing=doing, data=data, env=index)
        return checkout.git("write-tree", doing=doing, env=index).decode().strip()


def update_refs(checkout: Checkout, refs: Mapping[str, str | None]) -> None:
    """Set references, or remove those given None, all in one step."""
    lines = (f"update {ref} {name}\n" if name else f"delete {ref}\n" for ref, name in refs.items())
    checkout.git("update-ref", "--stdin", doing="recording the patch", data="".join(lines).encode())


def diff_files(checkout: Checkout, files: Sequence[FileChange], tree: str = "") -> bytes:
    """Return the patch that *files* make, as ``git diff`` prints it in this checkout; nothing is written to the repository.

    Args:
        tree: a tree that holds the files already.
    """
    if not files:
        return b""
    # git converts line ends where core.autocrlf or an attribute says so; without CRLF there is nothing to convert
    filters = any(b"\r\n" in file.after for file in files)
    if tree and not filters:
        return _diff_tree(checkout, tree, {})
    objects = checkout.common_dir / "objects"
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        env = {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects.resolve())}
        return _diff_tree(checkout, write_tree(checkout, files, env=env, filters=filters), env)


def _diff_tree(checkout: Checkout, tree: str, env: Mapping[str, str]) -> bytes:
    options = ("--no-color", "--text", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/")
    return checkout.git("diff", *options, f"{tree}:before", f"{tree}:after", doing="comparing", env=env)


def _read_objects(checkout: Checkout, names: Sequence[str]) -> list[bytes | None]:
    """Read the contents of objects, None for each that is not there."""
    request = os.fsencode("".join(f"{name}\n" for name in names))
    out = checkout.git("cat-file", "--batch", doing="reading lnpatch's records", data=request)
    contents: list[bytes | None] = []
    at = 0
    for _ in names:
        end = out.index(b"\n", at)
        header = out[at:end].split()
        if header[-1] == b"missing" or len(header) != 3:
            contents.append(None)
            at = end + 1
        else:
            size = int(header[2])
            contents.append(out[end + 1 : end + 1 + size])
            at = end + size + 2
    return contents
