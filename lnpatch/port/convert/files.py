"""Convert the files of a patched checkout to Python 3, from contents to contents; nothing is written.

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
from lnpatch.port.convert.before_fixers import rename_new_keywords, unpack_lambdas
from lnpatch.port.convert.code import HELPER, Code, add_import
from lnpatch.port.convert.fixers import run_fixers
from lnpatch.port.convert.rules import load_rules
from lnpatch.port.report import Remark
from lnpatch.recipes import Recipe
from lnpatch.source.encoding import decode_source
from lnpatch.source.grammar import parse_ast, parse_python
from lnpatch.source.layout import dominant_newline
from lnpatch.source.tokens import InvalidSource, tokenize

#: A backslash that begins no escape, in a byte string and in a unicode string; the first alternative skips one that does.
_LITERAL_BACKSLASH = r"""\\\\|\\(?=[^\\'"abfnrtv0-7x\r\n%s])"""
_IN_BYTES, _IN_UNICODE = re.compile(_LITERAL_BACKSLASH % ""), re.compile(_LITERAL_BACKSLASH % "NuU")


@dataclass(frozen=True)
class ConvertedFiles:
    """What came of a checkout's files."""

    #: The files that could be converted, by path.
    files: dict[str, bytes]
    #: What is left to a person in any of the files, sorted.
    remarks: tuple[Remark, ...]


def convert_files(recipe: Recipe, sources: Mapping[str, bytes], root: Path) -> ConvertedFiles:
    """Convert Python 2 files, by path, to Python 3. A file that cannot be converted is left out with a remark.

    Args:
        root: the checkout, whose files tell which imports are relative.

    Raises:
        PortLibraryError: fissix is not installed.
    """
    remarks: set[Remark] = set()
    texts: dict[str, str] = {}
    for path, data in sources.items():
        try:
            texts[path] = _convert_with_fixers(path, data, root, remarks)
        except SourceSyntaxError as error:
            remarks.add(Remark(path, error.line, f"left out: {error.reason}"))
    repaired = _apply_repairs(recipe, {path: text.encode() for path, text in texts.items()}, remarks)
    files: dict[str, bytes] = {}
    for path, text in repaired.items():
        try:
            files[path] = _apply_rules(path, text, sources[path], remarks)
        except SyntaxError as error:
            remarks.add(
                Remark(path, error.lineno or 0, f"left out: after conversion it is not valid Python 3: {error.msg}")
            )
    return ConvertedFiles(files, tuple(sorted(remarks)))


def _convert_with_fixers(path: str, data: bytes, root: Path, remarks: set[Remark]) -> str:
    """Return one file after 2to3, with newlines of one kind.

    Raises:
        SourceSyntaxError: it is neither Python 2 nor Python 3.
    """
    text, _ = decode_source(data)
    try:
        reading, parsed, _ = parse_python(_double_literal_backslashes(text.replace("\r\n", "\n")), parse_ast)
    except InvalidSource as failure:
        raise SourceSyntaxError(path, failure.line, failure.reason) from failure
    in_package = posixpath.dirname(path) != "" and (root / path).with_name("__init__.py").is_file()
    python2 = reading.masked.restore_tokens(parsed)
    if reading.masked.placeholders:  # else it may be Python 3 already, where these are keywords
        python2, lines = rename_new_keywords(unpack_lambdas(python2))
        remarks.update(
            Remark(path, line, "a name that is a keyword in Python 3 has got a `_` behind it") for line in lines
        )
    python3, warnings_of_fixers = run_fixers(python2, str(root / path), in_package)
    remarks.update(Remark(path, line, message) for line, message in warnings_of_fixers)
    return python3


def _double_literal_backslashes(text: str) -> str:
    r"""Return Python 2 text in which the backslash of ``"\d"`` is written as two, as it is meant; Python 3 warns of one."""
    pieces: list[str] = []
    done = 0
    tokens = tokenize(text)
    for kind, word, start in zip(tokens.kinds, tokens.words, tokens.starts, strict=True):
        # what stands before the quote, which is the last character as well; all but strings count as raw ones
        prefix = word.partition(word[-1])[0].lower() if kind == "string" else "r"
        if "\\" in word and "r" not in prefix:
            pieces += (text[done:start], (_IN_UNICODE if "u" in prefix else _IN_BYTES).sub(r"\\\\", word))
            done = start + len(word)
    return "".join(pieces) + text[done:]


@dataclass(frozen=True)
class _FilesInMemory(CheckoutFiles):
    """The converted files as edits see a checkout."""

    contents: Mapping[str, bytes]

    def locate(self, path: str) -> str:
        return path

    def read(self, path: str) -> bytes | None:
        return self.contents.get(path)

    def names(self) -> list[str]:
        return sorted(self.contents)


def _apply_repairs(recipe: Recipe, files: Mapping[str, bytes], remarks: set[Remark]) -> dict[str, str]:
    """Return the files with the recipe's repairs for Python 3; a repair that is not possible becomes a remark."""
    # repairs are edits like those of the patch: a recipe that has these alone is planned as any other
    repairs = replace(recipe, edits=(), repairs=recipe.port.repairs)
    plan = make_plan(repairs, recipe.values(), _FilesInMemory(files))
    texts = {path: data.decode() for path, data in files.items()}
    for file in plan.files:
        if file.after is not None:
            texts[file.path] = file.after.decode()
    for edit in plan.edits:
        finding = edit.finding
        # a fault that is there in other words than the recipe's is said; one that is not there needs no remark
        needless = finding.state is EditState.NOT_NEEDED and not finding.candidates
        if not needless and finding.state not in (EditState.TO_DO, EditState.IN_PLACE):
            matches = f" (close matches: {', '.join(finding.candidates)})" if finding.candidates else ""
            message = f"not repaired: {finding.kind} {finding.name}: {finding.detail}{matches}; why: {finding.repair}"
            remarks.add(Remark(edit.path, 0, message))
    return texts


def _apply_rules(path: str, text: str, source: bytes, remarks: set[Remark]) -> bytes:
    """Return the file with what 2to3 cannot know, in the encoding and with the newlines of its source.

    Raises:
        SyntaxError: it is not Python 3 before or after.
    """
    code = Code(text)
    for rewrite in load_rules():
        rewrite(code)
    rewritten = code.rewritten_text()
    if f"{HELPER}." in rewritten:
        rewritten = add_import(rewritten, HELPER)
    # compiled before it is written: an error here leaves the file out, and each warning becomes a remark
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compile(rewritten, path, "exec", dont_inherit=True)
    original, encoding = decode_source(source)
    remarks.update(Remark(path, line, message) for line, message in _locate_remarks(code.remarks, text, original))
    compile_warnings = [(warning.lineno, str(warning.message)) for warning in caught]
    located = _locate_remarks(compile_warnings, rewritten, original)
    remarks.update(Remark(path, line, message) for line, message in located)
    return encoding.encode(rewritten.replace("\n", dominant_newline(original)))


def _locate_remarks(remarks: list[tuple[int, str]], text: str, original: str) -> Iterator[tuple[int, str]]:
    """Yield remarks on lines of a converted text with the lines of the original, which a person has before them."""
    if not remarks:
        return
    matcher = SequenceMatcher(None, original.splitlines(), text.splitlines(), autojunk=False)
    blocks = matcher.get_opcodes()
    for line, message in remarks:
        # the block that holds the line: original lines i1 to i2 became those from j1 on, which may be more or fewer
        i1, i2, j1 = next((i1, i2, j1) for _, i1, i2, j1, j2 in blocks if j1 < line <= j2)
        yield min(i1 + line - j1, max(i2, i1 + 1)), message
