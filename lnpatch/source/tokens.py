"""Tokenize Python 2.7, and Python 3 as well: positions only, nothing is evaluated.

The standard library's tokenizer follows the running Python, so it refuses ``0777`` and a lone backquote. This one
is a single regular expression, which is also several times as fast.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from keyword import kwlist

# The keywords of Python 2.7.
KEYWORDS = frozenset(kwlist) - {"False", "None", "True", "async", "await", "nonlocal"} | {"exec", "print"}
_COMPOUND = frozenset(["class", "def", "elif", "else", "except", "finally", "for", "if", "try", "while", "with"])
#: How many brackets may be open: CPython's own limit.
MAX_BRACKETS = 200
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# What libcst wants blanks around, and what may stand behind it without one.
_SEPARATED = KEYWORDS - {"exec", "print"} | {"await"}
_OPENS_OPERAND = ("(", ".", "*")
_COLON = frozenset([":"])
_ASSIGN = frozenset(["="])
_BINDING = frozenset([".", "as", "class", "def", "del", "for", "global", "import"])

# Atomic groups: no text of any shape can make this backtrack. Not the possessive quantifiers, which are the same by
# definition: CPython before 3.11.5 matches them wrongly (https://github.com/python/cpython/issues/106052).
_STRING = r"""
    [uUbB]?[rR]?
    (?: '''(?> [^'\\]* (?: (?:\\.|'(?!'')) [^'\\]* )* )'''
      | \"""(?> [^"\\]* (?: (?:\\.|"(?!"")) [^"\\]* )* )\"""
      | '(?> [^'\\\r\n]* (?: \\(?:\r\n|.) [^'\\\r\n]* )* )'
      | "(?> [^"\\\r\n]* (?: \\(?:\r\n|.) [^"\\\r\n]* )* )" )"""
_NUMBER = r"""
      0[xX][0-9a-fA-F_]+[lL]?
    | 0[bB][01_]+[lL]?
    | 0[oO][0-7_]+[lL]?
    | (?: [0-9][0-9_]*\.[0-9_]* | \.[0-9][0-9_]* ) (?: [eE][-+]?[0-9][0-9_]* )? [jJ]?
    | [0-9][0-9_]* (?: [eE][-+]?[0-9][0-9_]*[jJ]? | [jJ] | [lL]? )"""
TOKEN = re.compile(
    rf"""
    (?> (?: [ \t\f] | \\(?:\r\n?|\n) | \#[^\r\n]* )* )
    (?: (?P<string>{_STRING})
      | (?P<name>[^\W\d]\w*)
      | (?P<newline>\r\n?|\n)
      | (?P<open>[(\[{{])
      | (?P<close>[)\]}}])
      | (?P<number>{_NUMBER})
      | (?P<op>\*\*=?|//=?|<<=?|>>=?|<>|->|[-+*/%&|^=<>!@:]=|[-+*/%&|^=<>~@.,:;`])
      | (?P<end>\Z)
      | (?P<error>.) )""",
    re.VERBOSE | re.DOTALL,
)


class InvalidSource(Exception):
    """The text breaks a rule of the grammar that it was read by."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


class TooDeepSource(InvalidSource):
    """The text nests deeper than is read, whatever its grammar."""


def line_at(text: str, position: int) -> int:
    """Return the number, from 1, of the line that holds this position."""
    return len(re.findall(r"\r\n?|\n", text[:position])) + 1


@dataclass(eq=False)
class Tokens:
    """The tokens of a text as parallel lists, without blanks and comments.

    A newline is a token where it ends a logical line; the last token is always one, if need be an empty one.
    """

    text: str
    #: Of each token: string, name, newline, open, close, number or op.
    kinds: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    #: Of each token: the position in the text at which it begins.
    starts: list[int] = field(default_factory=list)
    #: The index of the closing bracket for that of each opening one.
    partners: dict[int, int] = field(default_factory=dict)

    def end(self, i: int) -> int:
        """Return the position in the text behind a token."""
        return self.starts[i] + len(self.words[i])

    def find_word(self, i: int, stops: Collection[str]) -> int:
        """Return the index of the first of these words from token ``i`` on, at the bracket depth of ``i``.

        If there is none, return that of the token that ends the logical line or the bracket. What belongs to a lambda,
        which is its colon and the commas between its parameters, does not count.
        """
        words = self.words
        while self.kinds[i] not in ("newline", "close") and words[i] not in stops:
            if words[i] == "lambda":
                i = self.find_word(i + 1, _COLON)
                if words[i] != ":":
                    break
            i = self.partners.get(i, i) + 1
        return i

    def begins_statement(self, i: int) -> bool:
        """Return whether this token begins a logical line or follows ``;`` or the colon of a block."""
        if i == 0 or self.kinds[i - 1] == "newline" or self.words[i - 1] == ";":
            return True
        if self.words[i - 1] != ":":
            return False
        line = i - 1
        while line and self.kinds[line - 1] != "newline":
            line -= 1
        return self.words[line] in _COMPOUND and self.find_word(line, _COLON) == i - 1

    def ends_operand(self, i: int) -> bool:
        """Return whether an expression may end with this token; a backquote does where it closes."""
        if i < 0:
            return False
        kind, word = self.kinds[i], self.words[i]
        if word == "`":
            return self.ends_operand(i - 1)
        return kind in ("number", "string", "close") or (kind == "name" and word not in KEYWORDS)

    @cached_property
    def print_is_function(self) -> bool:
        """Whether the text has ``from __future__ import print_function``."""
        if "print_function" not in self.text:
            return False
        imports = (i for i, word in enumerate(self.words) if word == "__future__" and self.words[i - 1] == "from")
        return any("print_function" in self.words[i : self.kinds.index("newline", i)] for i in imports)

    @cached_property
    def rebinds_constants(self) -> bool:
        """Whether ``True`` or ``False`` is used as a name like any other, as Python 2 allows."""
        return any(self._binds(i) for i, word in enumerate(self.words) if word in ("True", "False"))

    def _binds(self, i: int) -> bool:
        """Return whether this token is bound to something, by an assignment or otherwise."""
        if self.words[i + 1] == "=" or (i > 0 and self.words[i - 1] in _BINDING):
            return True
        # True, False = 1, 0
        return self.begins_statement(i) and self.words[self.find_word(i, _ASSIGN)] == "="

    def dominant_indent(self) -> str | None:
        """Return the blanks by which most blocks are indented, of equally common ones the first; None in a text without blocks."""
        counts: dict[str, int] = {}
        stack = [""]
        for i in range(1, len(self.kinds)):
            if self.kinds[i - 1] != "newline" or self.kinds[i] == "newline":
                continue
            start = self.starts[i]
            line = max(self.text.rfind("\n", 0, start), self.text.rfind("\r", 0, start)) + 1
            indent = self.text[line:start].rpartition("\f")[2]
            if indent == stack[-1]:
                continue
            width = _width(indent)
            while len(stack) > 1 and _width(stack[-1]) > width:
                stack.pop()
            if width > _width(stack[-1]):
                if indent.startswith(stack[-1]):
                    step = indent[len(stack[-1]) :]
                    counts[step] = counts.get(step, 0) + 1
                stack.append(indent)
        return max(counts, key=counts.__getitem__, default=None)

    def expand_tabs(self) -> str:
        """Return the text with its indentation in spaces, by Python 2's rule of a tab stop every 8 columns.

        What is within a string stays as it is.
        """
        strings = [i for i, kind in enumerate(self.kinds) if kind == "string"]
        starts = [self.starts[i] for i in strings]

        def expand(match: re.Match[str]) -> str:
            k = bisect_right(starts, match.start()) - 1
            in_string = k >= 0 and match.start() < self.end(strings[k])
            return match[0] if in_string else match[0].rpartition("\f")[2].expandtabs(8)

        return re.sub(r"(?<![^\r\n])[ \f]*\t[ \t\f]*", expand, self.text)

    def separate_keywords(self) -> str:
        """Return the text with blanks around keywords that had none, and without blanks within ``. . .``.

        ``return(a if b else c)``, ``in.5`` and ``yield*a`` are valid Python, which libcst 1.9 refuses; ``x[. . .]`` is
        Python 2's.
        """
        pieces: list[str] = []
        done = 0
        for i in range(len(self.words) - 1):
            end, start = self.end(i), self.starts[i + 1]
            if end == start and self._lacks_blank(i):
                pieces += [self.text[done:end], " "]
                done = end
            elif self.words[i : i + 2] == [".", "."] and end < start and self._is_in_ellipsis(i):
                pieces.append(self.text[done:end])
                done = start
        return "".join([*pieces, self.text[done:]])

    def _lacks_blank(self, i: int) -> bool:
        """Return whether libcst may want a blank between this token and the next, one of which is a keyword."""
        if self.kinds[i] == "name" and self.words[i] in _SEPARATED:
            return self.words[i + 1][:1] in _OPENS_OPERAND
        is_keyword = self.kinds[i + 1] == "name" and self.words[i + 1] in _SEPARATED
        return is_keyword and self.kinds[i] in ("close", "number", "string")

    def _is_in_ellipsis(self, i: int) -> bool:
        """Return whether this dot is one of the first two of an ellipsis, not of a relative import."""
        first = i
        while first and self.words[first - 1] == ".":
            first -= 1
        return self.words[first : first + 3] == [".", ".", "."] and self.words[first - 1] != "from"


def _width(indent: str) -> int:
    return len(indent.expandtabs(8))


def tokenize(text: str) -> Tokens:
    """Split a text into tokens.

    Raises:
        InvalidSource: a character begins no token, or brackets do not match.
        TooDeepSource: brackets go too deep.
    """
    tokens = Tokens(text)
    kinds, words, starts = tokens.kinds, tokens.words, tokens.starts
    opened: list[int] = []
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        assert kind is not None  # one of the groups always matches
        word = match[kind]
        start = match.end() - len(word)
        if kind == "newline":
            # Within brackets a line end is a blank; of several, which are blank lines, the first one counts.
            if opened or not kinds or kinds[-1] == "newline":
                continue
        elif kind == "open":
            opened.append(len(kinds))
            if len(opened) > MAX_BRACKETS:
                raise TooDeepSource(line_at(text, start), f"more than {MAX_BRACKETS} brackets are nested")
        elif kind == "close":
            if not opened or _CLOSING[words[opened[-1]]] != word:
                raise InvalidSource(line_at(text, start), f"unmatched '{word}'")
            tokens.partners[opened.pop()] = len(kinds)
        elif kind == "end":
            kind = "newline"
        elif kind == "error":
            raise _unexpected(text, start)
        kinds.append(kind)
        words.append(word)
        starts.append(start)
    if opened:
        i = opened[-1]
        raise InvalidSource(line_at(text, starts[i]), f"'{words[i]}' was never closed")
    return tokens


def _unexpected(text: str, start: int) -> InvalidSource:
    reason = "unterminated string" if text[start] in "'\"" else f"unexpected {text[start]!r}"
    return InvalidSource(line_at(text, start), reason)
