"""Read one source file into a tree, and turn an edited tree into bytes again."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from lnpatch.errors import EditRefusedError, SourceSyntaxError, SourceTooDeepError, SourceUnreadableError
from lnpatch.source import grammar
from lnpatch.source.encoding import SourceEncoding, decode_source
from lnpatch.source.graft import GraftConflict, GraftedText, graft_changes
from lnpatch.source.layout import dominant_newline, set_default_layout
from lnpatch.source.placeholders import BrokenPlaceholder, MaskedText
from lnpatch.source.reading import report_reading
from lnpatch.source.tokens import InvalidSource, TooDeepSource, line_at

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, eq=False, repr=False)
class Source:
    """A Python 2.7 or Python 3 file, read for editing; immutable.

    Attributes:
        name: the path that errors show.
        data: the bytes of the file.
        text: the file as text, without its byte order mark.
        newline: the dominant newline, which added lines take.
        module: the tree. Its code is Python 3; placeholders take the place of tokens that only Python 2 has
            (see :mod:`lnpatch.source.python2`).
    """

    name: str
    data: bytes
    text: str
    newline: str
    module: cst.Module
    _encoding: SourceEncoding
    _masked: MaskedText
    _parsed: str  # the text that libcst was given

    @classmethod
    def read(cls, data: bytes, name: str = "<source>") -> Source:
        """Parse the bytes of a file.

        Raises:
            SourceSyntaxError: neither Python 2.7 nor Python 3 can read it.
            SourceTooDeepError: it nests too deeply.
            SourceUnreadableError: one of them can, but libcst cannot.
        """
        report_reading(name, len(data))
        text, encoding = decode_source(data)
        try:
            reading, parsed, module = grammar.parse_python(text, _parse_module)
        except TooDeepSource as failure:
            raise SourceTooDeepError(name, failure.line, failure.reason) from None
        except InvalidSource as failure:
            check_syntax(data, name)  # tells more, and the right line, where it fails as well
            raise SourceUnreadableError(name, failure.line, failure.reason) from None
        newline = dominant_newline(text)
        if newline == "\r":
            module = module.with_changes(default_newline=newline)  # libcst was shown \n throughout
        indent = reading.tokens.dominant_indent() if reading.tokens else None
        try:
            with grammar.deep_recursion():
                module = set_default_layout(module, newline, indent)
        except RecursionError:
            raise SourceTooDeepError(name, 1, "an expression is nested too deeply") from None
        return cls(name, data, text, newline, module, encoding, reading.masked, parsed)

    @property
    def encoding(self) -> str:
        """The codec of the file; Latin-1 also where the declared one does not fit the bytes."""
        return self._encoding.name

    @property
    def python2_only(self) -> bool:
        """Whether the file has tokens that Python 3 refuses, or that only Python 2 can mean."""
        return bool(self._masked.placeholders)

    def original_token(self, name: str) -> str | None:
        """Return the token of Python 2 behind a name in the tree, or None for an ordinary name."""
        return self._masked.original_token(name)

    def restore_tokens(self, code: str) -> str:
        """Put the original tokens back into code that was generated from the tree or a part of it."""
        return self._masked.restore_tokens(code, partial=True)

    def write(self, module: cst.Module) -> bytes:
        """Return the bytes of the file with an edited tree; writes nothing to disk.

        All that the edit left alone comes back byte for byte, and the whole is parsed again. A tree without a change
        gives ``data``.

        Raises:
            EditRefusedError: the edit cannot be carried back, or its result is not valid source.
        """
        if module is self.module:
            return self.data
        code = self._print(module)
        # A change of nodes that prints the same is none; the base is checked as well, for libcst drops some layout.
        if code in (self._parsed, self._base):
            return self.data
        grafted = self._graft(code)
        data = self._encode(grafted)
        self._check_kept(grafted, data)
        self._check_grammar(grafted, code)
        return data

    @cached_property
    def _base(self) -> str:
        """The unedited tree as libcst prints it."""
        return self._print(self.module)

    def _print(self, module: cst.Module) -> str:
        try:
            with grammar.deep_recursion():
                return module.code
        except RecursionError:
            raise EditRefusedError(self.name, 1, "an expression is nested too deeply to be printed") from None

    def _graft(self, code: str) -> GraftedText:
        try:
            return graft_changes(self._masked.restore_tokens(self._base), self.text, self._masked.restore_tokens(code))
        except BrokenPlaceholder as broken:
            raise EditRefusedError(self.name, broken.line, broken.reason) from None
        except GraftConflict as conflict:
            reason = "it changes a line in the place where libcst cannot keep its layout"
            raise EditRefusedError(self.name, conflict.line, reason) from None

    def _encode(self, grafted: GraftedText) -> bytes:
        text = grafted.text
        # Without a declaration Python 3 reads UTF-8, and Python 2 nothing but ASCII.
        may_guess = self.encoding == "utf-8" and not self.python2_only
        if not (self._encoding.declared or may_guess):
            added = Counter(_NOT_ASCII.findall(text)) - Counter(_NOT_ASCII.findall(self.text))
            for match in _NOT_ASCII.finditer(text):
                if match[0] in added:
                    reason = f"it adds {match[0]!r}, but the file declares no encoding"
                    raise EditRefusedError(self.name, self._source_line(grafted, match.start()), reason)
        try:
            return self._encoding.encode(text)
        except UnicodeEncodeError as error:
            reason = f"{text[error.start]!r} cannot be written in {self.encoding}, the encoding of the file"
            raise EditRefusedError(self.name, self._source_line(grafted, error.start), reason) from None

    def _source_line(self, grafted: GraftedText, position: int) -> int:
        return grafted.source_line(line_at(grafted.text, position))

    def _check_kept(self, grafted: GraftedText, data: bytes) -> None:
        """Refuse a result in which a line that the edit left alone has other bytes, whatever the merge and the codec did."""
        old, new = _split_bytes(self.data), _split_bytes(data)
        for run in grafted.kept:
            if old[run.source : run.source + run.length] != new[run.result : run.result + run.length]:
                raise EditRefusedError(self.name, run.source + 1, "it would change lines that it has no part in")

    def _check_grammar(self, grafted: GraftedText, code: str) -> None:
        """Refuse a result that does not parse or, where layout was grafted on, that parses to another tree than the edited one."""
        try:
            reading, _, tree = grammar.parse_python(grafted.text, grammar.parse_ast)
        except InvalidSource as failure:
            if self._parses_here():
                raise self._invalid(grafted, failure) from None
            try:  # the file is of a later Python than the one that runs; libcst knows its grammar
                grammar.parse_python(grafted.text, _parse_module)
            except InvalidSource as failure:
                raise self._invalid(grafted, failure) from None
            return
        if self._base != self._masked.text and self._dump(code) != _dump_tree(tree, reading.masked):
            raise EditRefusedError(self.name, grafted.first_change, "libcst misreads the layout of this file")

    def _dump(self, code: str) -> str | None:
        try:
            _, _, tree = grammar.parse_python(code, grammar.parse_ast)
        except InvalidSource:
            return None
        return _dump_tree(tree, self._masked)

    def _parses_here(self) -> bool:
        try:
            grammar.parse_python(self.text, grammar.parse_ast)
        except InvalidSource:
            return False
        return True

    def _invalid(self, grafted: GraftedText, failure: InvalidSource) -> EditRefusedError:
        reason = f"its result is not valid Python: {failure.reason}"
        return EditRefusedError(self.name, grafted.source_line(failure.line), reason)


def check_syntax(data: bytes, name: str) -> None:
    """Check a whole file against the grammars of Python 2.7 and of the running Python 3.

    Raises:
        SourceSyntaxError: neither accepts it.
        SourceTooDeepError: it nests deeper than is read.
    """
    text, _ = decode_source(data)
    try:
        grammar.parse_python(text, grammar.parse_ast)
    except TooDeepSource as failure:
        raise SourceTooDeepError(name, failure.line, failure.reason) from None
    except InvalidSource as failure:
        raise SourceSyntaxError(name, failure.line, failure.reason) from None


def _parse_module(code: str) -> cst.Module:
    try:
        with grammar.deep_recursion():
            return cst.parse_module(code)
    except RecursionError:
        raise TooDeepSource(1, "an expression is nested too deeply") from None
    except cst.ParserSyntaxError as error:
        # Not raw_line alone: it is one less than the line in the message where the text ends too early.
        at = re.search(r"error at (\d+):", error.message)
        raise InvalidSource(int(at[1]) if at else error.raw_line, error.message) from None
    # its parser knows a later Unicode than the running Python, and wants blanks where Python needs none; the TypeError is
    # a lambda's, which looks for a method of its base class that is not there (libcst 1.9)
    except (cst.CSTValidationError, TypeError) as error:
        raise InvalidSource(1, str(error)) from None


def _dump_tree(tree: ast.Module, masked: MaskedText) -> str:
    """Return the tree as text in which equal tokens have equal names, whatever the numbers of their placeholders."""
    with grammar.deep_recursion():
        return masked.restore_tokens(ast.dump(tree), partial=True)


def _split_bytes(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", data)
