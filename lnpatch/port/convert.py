"""The files of a patched checkout as Python 3: pure, from contents to contents.

The order: Python 2's tabs and escapes, 2to3, the recipe's repairs, and the rules for what 2to3 cannot know.
"""

from __future__ import annotations

import posixpath
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

from lnpatch.edits import CheckoutFiles, EditState
from lnpatch.errors import SourceSyntaxError
from lnpatch.patch.plan import make_plan
from lnpatch.port.code import HELPER, Code, with_import
from lnpatch.port.fixers import fix
from lnpatch.port.report import Remark
from lnpatch.port.rules import rules
from lnpatch.recipes import Recipe
from lnpatch.source.encoding import decode_source
from lnpatch.source.grammar import parse_ast, parse_python
from lnpatch.source.layout import dominant_newline
from lnpatch.source.tokens import InvalidSource, tokenize

#: A backslash that begins no escape, in a byte string and in a unicode string; the first alternative skips one that does.
_NO_ESCAPE = r"""\\\\|\\(?=[^\\'"abfnrtv0-7x\r\n%s])"""
_IN_BYTES, _IN_UNICODE = re.compile(_NO_ESCAPE % ""), re.compile(_NO_ESCAPE % "NuU")


@dataclass(frozen=True)
class Converted:
    """The files that could be converted, by path, and the remarks on all of them."""

    files: dict[str, bytes]
    remarks: tuple[Remark, ...]


def convert(recipe: Recipe, sources: Mapping[str, bytes], root: Path) -> Converted:
    """Python 2 files, by path, as Python 3.

    Args:
        root: the checkout, whose files say which imports are relative.

    Raises:
        PortLibraryError: fissix is not installed.
    """
    remarks: set[Remark] = set()
    texts: dict[str, str] = {}
    for path, data in sources.items():
        try:
            texts[path] = _fixed(path, data, root, remarks)
        except SourceSyntaxError as error:
            remarks.add(Remark(path, error.line, f"left out: {error.reason}"))
    repaired = _repaired(recipe, {path: text.encode() for path, text in texts.items()}, remarks)
    files: dict[str, bytes] = {}
    for path, text in repaired.items():
        try:
            files[path] = _exact(path, text, sources[path], remarks)
        except SyntaxError as error:
            remarks.add(Remark(path, error.lineno or 0, f"left out: after conversion it is no Python 3: {error.msg}"))
    return Converted(files, tuple(sorted(remarks)))


def _fixed(path: str, data: bytes, root: Path, remarks: set[Remark]) -> str:
    """One file after 2to3, with newlines of one kind.

    Raises:
        SourceSyntaxError: it is neither Python 2 nor Python 3.
    """
    text, _ = decode_source(data)
    try:
        reading, parsed, _ = parse_python(_with_whole_escapes(text.replace("\r\n", "\n")), parse_ast)
    except InvalidSource as failure:
        raise SourceSyntaxError(path, failure.line, failure.reason) from failure
    in_package = posixpath.dirname(path) != "" and (root / path).with_name("__init__.py").is_file()
    python3, warned = fix(reading.masked.restore_tokens(parsed), str(root / path), in_package)
    remarks.update(Remark(path, line, message) for line, message in warned)
    return python3


def _with_whole_escapes(text: str) -> str:
    r"""Python 2 text in which the backslash of ``"\d"`` is written as two, as it is meant; Python 3 warns of one."""
    pieces: list[str] = []
    done = 0
    tokens = tokenize(text)
    for kind, word, start in zip(tokens.kinds, tokens.words, tokens.starts, strict=True):
        prefix = word.partition(word[-1])[0].lower() if kind == "string" else "r"
        if "\\" in word and "r" not in prefix:
            pieces += (text[done:start], (_IN_UNICODE if "u" in prefix else _IN_BYTES).sub(r"\\\\", word))
            done = start + len(word)
    return "".join(pieces) + text[done:]


@dataclass(frozen=True)
class _Converted(CheckoutFiles):
    """The converted files as edits see a checkout."""

    contents: Mapping[str, bytes]

    def locate(self, path: str) -> str:
        return path

    def read(self, path: str) -> bytes | None:
        return self.contents.get(path)

    def names(self) -> list[str]:
        return sorted(self.contents)


def _repaired(recipe: Recipe, files: Mapping[str, bytes], remarks: set[Remark]) -> dict[str, str]:
    """The files with the recipe's repairs for Python 3; those that are not possible are remarked on."""
    repairs = replace(recipe, edits=(), repairs=recipe.port.repairs)
    plan = make_plan(repairs, recipe.values(), _Converted(files))
    texts = {path: data.decode() for path, data in files.items()}
    for file in plan.files:
        if file.after is not None:
            texts[file.path] = file.after.decode()
    for edit in plan.edits:
        finding = edit.finding
        if finding.state in (EditState.NOT_FOUND, EditState.COLLISION):
            near = f" (there is: {', '.join(finding.candidates)})" if finding.candidates else ""
            what = f"not repaired: {finding.kind} {finding.name}: {finding.detail}{near}; it mends: {finding.repair}"
            remarks.add(Remark(edit.path, 0, what))
    return texts


def _exact(path: str, text: str, source: bytes, remarks: set[Remark]) -> bytes:
    """The file with what 2to3 cannot know, in the encoding and with the newlines of its source.

    Raises:
        SyntaxError: it is no Python 3 before or after.
    """
    code = Code(text)
    for apply in rules():
        apply(code)
    rewritten = code.rewritten()
    if f"{HELPER}." in rewritten:
        rewritten = with_import(rewritten, HELPER)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compile(rewritten, path, "exec", dont_inherit=True)
    original, encoding = decode_source(source)
    remarks.update(Remark(path, line, message) for line, message in _located(code.remarks, text, original))
    warned = [(warning.lineno, str(warning.message)) for warning in caught]
    remarks.update(Remark(path, line, message) for line, message in _located(warned, rewritten, original))
    return encoding.encode(rewritten.replace("\n", dominant_newline(original)))


def _located(found: list[tuple[int, str]], text: str, original: str) -> Iterator[tuple[int, str]]:
    """Remarks on lines of a converted text, with the lines of the original."""
    if not found:
        return
    matcher = SequenceMatcher(None, original.splitlines(), text.splitlines(), autojunk=False)
    blocks = matcher.get_opcodes()
    for line, message in found:
        i1, i2, j1 = next((i1, i2, j1) for _, i1, i2, j1, j2 in blocks if j1 < line <= j2)
        yield min(i1 + line - j1, max(i2, i1 + 1)), message
