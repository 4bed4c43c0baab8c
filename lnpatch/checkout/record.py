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
from lnpatch.files import naming_file

#: The file of a record that says what its patch was made of.
_MADE_OF = "made-of.json"


@dataclass(frozen=True)
class FileChange:
    """One file before and after; ``mode`` is git's, 100644 or 100755."""

    path: str
    before: bytes
    after: bytes
    mode: str = "100644"


@dataclass(frozen=True)
class MadeOf:
    """What a patch was made of."""

    #: The version of lnpatch.
    version: str = ""
    #: A digest of that, of the recipe's edits and of the templates.
    digest: str = ""


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
    #: The references that the change sets or removes, while it is under way: what each names before, empty for nothing.
    refs_before: Mapping[str, str] = field(default_factory=dict)
    files: tuple[FileChange, ...] = ()
    #: Empty in a record of lnpatch 0.1.0. It is a file of its own beside ``record.json``, which 0.1.0 reads as well.
    made_of: MadeOf = MadeOf()
    #: The reference that holds the record; empty for one that is not stored.
    ref: str = field(default="", compare=False)


def pending_ref(checkout: Checkout) -> str:
    """Return the reference that holds the record of a change while it is being made."""
    return f"refs/lnpatch-pending/{checkout.name_for_refs}"


def record_ref(checkout: Checkout, record: Record, tree: str) -> str:
    """Return the reference for a record that is stored as *tree*."""
    return f"{records_prefix(checkout)}{record.target}/{record.cell}/{tree}"


def recorded_recipes(checkout: Checkout) -> list[str]:
    """Return the recipes that have a record in *checkout*, as a user would name them."""
    return list(dict.fromkeys(record.recipe for record in read_records(checkout, "")))


def has_records(checkout: Checkout, target: str) -> bool:
    """Return whether there is a record of *target*, without reading it."""
    listed = checkout.git(
        "for-each-ref", "--count=1", f"{records_prefix(checkout)}{target}/", doing="reading lnpatch's records"
    )
    return bool(listed)


def read_records(checkout: Checkout, target: str) -> list[Record]:
    """Read the records of *target*; of all targets, if it is empty.

    Raises:
        RecordError: a reference holds something that lnpatch did not write, or that is gone.
    """
    prefix = f"{records_prefix(checkout)}{target}/" if target else records_prefix(checkout)
    listed = checkout.git("for-each-ref", "--format=%(refname)", prefix, doing="reading lnpatch's records")
    records = []
    for ref in os.fsdecode(listed).split():
        record = read_record(checkout, ref)
        if record is None:
            raise RecordError(str(checkout.root), ref)
        records.append(record)
    return records


def records_prefix(checkout: Checkout) -> str:
    """Return how the references of this working tree's records begin."""
    return f"refs/lnpatch/{checkout.name_for_refs}/"


def read_record(checkout: Checkout, ref: str) -> Record | None:
    """Read the record that *ref* holds, None where there is none.

    Raises:
        RecordError: the reference holds something that lnpatch did not write.
    """
    data, made_of = _read_objects(checkout, [f"{ref}:record.json", f"{ref}:{_MADE_OF}"])
    if data is None:
        return None
    try:
        return _parse_record(checkout, ref, json.loads(data), MadeOf(**json.loads(made_of)) if made_of else MadeOf())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(str(checkout.root), ref) from error


def _parse_record(checkout: Checkout, ref: str, table: dict[str, Any], made_of: MadeOf) -> Record:
    paths: dict[str, str] = table.pop("files")
    names = [f"{ref}:{side}/{path}" for path in paths for side in ("before", "after")]
    contents = [_require_content(content) for content in _read_objects(checkout, names)]
    files = tuple(
        FileChange(path, before, after, mode)
        for (path, mode), before, after in zip(paths.items(), contents[::2], contents[1::2], strict=True)
    )
    edits = {path: [(kind, name) for kind, name in edits] for path, edits in table.pop("edits").items()}
    switch = table.pop("switch")
    refs_before: dict[str, str] = table.pop("refs_before", {})
    if not all(name.startswith(records_prefix(checkout)) for name in refs_before):
        raise ValueError("references that are not lnpatch's")
    return Record(
        **table,
        edits=edits,
        switch=BranchSwitch(**switch) if switch else None,
        refs_before=refs_before,
        files=files,
        made_of=made_of,
        ref=ref,
    )


def _require_content(content: bytes | None) -> bytes:
    """Return a file of a record; one whose object is lost must not be taken for an empty file."""
    if content is None:
        raise ValueError("an object is missing")
    return content


def write_record(checkout: Checkout, record: Record) -> str:
    """Store *record* in the repository, and return the tree's name, which no reference holds yet."""
    table = {key: value for key, value in asdict(replace(record, files=())).items() if key not in ("ref", "made_of")}
    table["files"] = {file.path: file.mode for file in record.files}
    if not record.refs_before:
        del table["refs_before"]
    replaced = [name for name in record.refs_before.values() if name]
    extra = {"record.json": json.dumps(table, indent=1).encode(), _MADE_OF: json.dumps(asdict(record.made_of)).encode()}
    return write_tree(checkout, record.files, extra, replaced)


def write_tree(
    checkout: Checkout,
    files: Sequence[FileChange],
    extra: Mapping[str, bytes] | None = None,
    subtrees: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    filters: bool = False,
) -> str:
    """Write a tree object with the files under ``before/`` and ``after/`` and *extra* beside them, and return its name.

    Args:
        subtrees: trees that are kept as long as this one is.
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
                with naming_file(Path(name)):
                    Path(name).write_bytes(data)
            listed = os.fsencode("".join(f"{name}\n" for name in names))
            options = ("-w", "--no-filters", "--stdin-paths")
            blobs = checkout.git("hash-object", *options, doing=doing, data=listed, env=env).decode().split()
        index = {**(env or {}), "GIT_INDEX_FILE": str(Path(folder) / "index")}
        lines = (f"{mode} {blob}\t{path}\0" for (mode, path, _), blob in zip(entries, blobs, strict=True))
        data = os.fsencode("".join(lines))
        checkout.git("update-index", "-z", "--add", "--index-info", doing=doing, data=data, env=index)
        for i, tree in enumerate(subtrees):
            checkout.git("read-tree", "-i", f"--prefix=replaced/{i}/", tree, doing=doing, env=index)
        return checkout.git("write-tree", doing=doing, env=index).decode().strip()


def update_refs(checkout: Checkout, refs: Mapping[str, str | None]) -> None:
    """Set references of lnpatch's, or remove those given None or nothing.

    git promises one step, and does it in several, one for each reference; what has to be put back after a failure has
    to be recorded elsewhere. A reference that leads to another one, as a branch, is itself set or removed.
    """
    lines = (f"update {ref} {name}\n" if name else f"delete {ref}\n" for ref, name in refs.items())
    data = os.fsencode("".join(f"option no-deref\n{line}" for line in lines))
    checkout.git("-c", "core.logAllRefUpdates=false", "update-ref", "--stdin", doing="recording the patch", data=data)


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
    # diff-tree, since `git diff` obeys diff.context, diff.noprefix, diff.orderFile and all that, down to no patch at all
    options = ["-r", "-p", "--no-color", "--text", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-relative"]
    options += ["--src-prefix=a/", "--dst-prefix=b/", "--unified=3", "--inter-hunk-context=0"]
    return checkout.git("diff-tree", *options, f"{tree}:before", f"{tree}:after", doing="comparing", env=env)


def _read_objects(checkout: Checkout, names: Sequence[str]) -> list[bytes | None]:
    """Read the contents of objects, None for each that is not there."""
    request = os.fsencode("".join(f"{name}\n" for name in names))
    # not what refs/replace has for them
    plain = {"GIT_NO_REPLACE_OBJECTS": "1"}
    out = checkout.git("cat-file", "--batch", doing="reading lnpatch's records", data=request, env=plain)
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
