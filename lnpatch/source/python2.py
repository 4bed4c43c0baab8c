"""Find the tokens that only Python 2 reads as their authors meant them, and say what Python 3 is shown in their place.

libcst and ``ast`` read Python 3. Each construct that they refuse, or take for another, is masked: a *placeholder*,
which is a numbered name and here and there some punctuation around it, takes the place of one token, so that the
statement becomes valid Python 3:

    print >>f, x             ->  s0,  s1,f, x                 a tuple
    exec code in ns          ->  s0, code in ns               a tuple
    raise E, v               ->  raise E if s0 else  v        a conditional
    except E, v:             ->  except E if s0 else  v:      a conditional
    0777, 10L                ->  s0, s1                       names
    a <> b                   ->  a <s0< b                     a comparison
    `x`                      ->  (s0,x,s1)                    a tuple
    [x for x in 1, 2]        ->  [x for x in(s0, 1, 2,s1)]    a tuple
    def f(a, (b, c)):        ->  def f(a, s0):                a parameter
    ur'x'                    ->  r's0x'                       a string
    async = True = 1         ->  s0 = s1 = 1                  names

What both languages accept with the same shape stays as it is, for natural trees: ``print(x)`` is a call. What both
accept and take for different things is masked where no Python 3 program would say it: ``print >>f, x`` would shift
the function ``print``. Where one might, as in ``print(x), y`` and ``print(x) if verbose else None``, it is masked only
in a file that has something that must be, for such a file is Python 2.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lnpatch.source.tokens import KEYWORDS, Tokens

Rule = Callable[[Tokens, int], Iterator["Placeholder"]]

_RULES: dict[str, Rule] = {}  # by the text of the token, for names, operators and brackets
_KINDS: dict[str, Rule] = {}  # by the kind of the token, for numbers and strings

_UNARY = frozenset(["lambda", "not"])
_NOT_OF_NONE = frozenset([".", "%", "+", "-", "*", "/"])  # None, which print() returns in Python 3, has none of these
_OCTAL = re.compile("0+[1-7][0-7]*")
_QUOTES = frozenset("'\"")
_OPENING = re.compile(r"""[a-zA-Z]*(?P<quote>'''|\"""|'|")""")
_NAMED_ESCAPE = re.compile(r"\\[NUu]")

_COMMAS = frozenset([",", ";"])
_PARAMETERS = frozenset([",", ":"])
_ITERABLE = frozenset([",", "for", "if"])


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One masked token: ``text[start:end]`` is shown to Python 3 as ``lead`` + a name + ``trail``."""

    start: int
    end: int
    #: What an edit does that keeps the name but not the punctuation; the reason that a user reads.
    refusal: str
    lead: str = ""
    trail: str = ""
    #: Whether no Python 3 program would say this.
    certain: bool = True


def find_placeholders(tokens: Tokens) -> list[Placeholder]:
    """Find the placeholders that a text needs, in the order of the text; none if it reads as Python 3."""
    placeholders: list[Placeholder] = []
    rules, kinds, kind_of = _RULES, _KINDS, tokens.kinds
    for i, word in enumerate(tokens.words):
        rule = rules.get(word) or kinds.get(kind_of[i])
        if rule is not None:
            placeholders += rule(tokens, i)
    if not any(placeholder.certain for placeholder in placeholders):
        return []
    placeholders.sort(key=lambda placeholder: (placeholder.start, placeholder.end))
    disjoint: list[Placeholder] = []
    for placeholder in placeholders:  # a tuple parameter swallows the placeholders of its names
        if not disjoint or placeholder.start >= disjoint[-1].end:
            disjoint.append(placeholder)
    return disjoint


def _rule(*words: str) -> Callable[[Rule], Rule]:
    """Make a rule known for tokens with one of these texts."""

    def register(rule: Rule) -> Rule:
        _RULES.update(dict.fromkeys(words, rule))
        return rule

    return register


def _kind(kind: str) -> Callable[[Rule], Rule]:
    """Make a rule known for tokens of this kind."""

    def register(rule: Rule) -> Rule:
        _KINDS[kind] = rule
        return rule

    return register


@_rule("print", "exec")
def _statement_keyword(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """``print a, b``, ``print >>f, a``, ``exec code in ns``."""
    words, kinds = tokens.words, tokens.kinds
    keyword = words[i]
    if not tokens.begins_statement(i) or (keyword == "print" and tokens.print_is_function):
        return
    following = words[i + 1]
    certain = True
    if following == "(" and words[i + 2] != "yield":  # print (yield) is no call: Python 3 has it in brackets of its own
        behind = tokens.partners[i + 1] + 1
        if kinds[behind] == "newline" or words[behind] == ";":
            return  # a call, to both languages
        # print(a), b and print(a) if c else d make sense in Python 3; print(a) % b and exec(a) in b do not
        certain = keyword == "exec" or words[behind] in _NOT_OF_NONE or kinds[behind] == "open"
    elif following == ">>" and keyword == "print":
        refusal = "it cuts `>>` off from the file that `print` writes to"
        yield Placeholder(tokens.starts[i + 1], tokens.end(i + 1), refusal, trail=",")
    elif not _begins_operand(tokens, i + 1):
        return
    refusal = f"it cuts `{keyword}` off from its arguments"
    yield Placeholder(tokens.starts[i], tokens.end(i), refusal, trail=",", certain=certain)


def _begins_operand(tokens: Tokens, i: int) -> bool:
    """Return whether an operand, as of ``print``, may begin with this token."""
    kind, word = tokens.kinds[i], tokens.words[i]
    if kind == "name":
        return word not in KEYWORDS or word in _UNARY
    return kind in ("number", "string", "open") or word in ("`", "-", "+", "~")


@_rule("raise")
def _raise(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """``raise E, value`` and ``raise E, value, traceback``."""
    comma = tokens.find_word(i + 1, _COMMAS)
    while tokens.words[comma] == ",":
        yield _conditional(tokens, comma, "it parts the exception of a `raise` from its value")
        comma = tokens.find_word(comma + 1, _COMMAS)


@_rule("except")
def _except(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """``except E, target:``; more than one comma is Python 3.14."""
    first = tokens.find_word(i + 1, _PARAMETERS)
    if tokens.words[first] == "," and tokens.words[tokens.find_word(first + 1, _PARAMETERS)] == ":":
        yield _conditional(tokens, first, "it parts the exception of an `except` from its name")


def _conditional(tokens: Tokens, comma: int, refusal: str) -> Placeholder:
    # Of all operators the conditional binds the loosest, so any operand may stand on either side.
    return Placeholder(tokens.starts[comma], tokens.end(comma), refusal, lead=" if ", trail=" else ")


@_rule("def", "lambda")
def _tuple_parameters(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """``def f(a, (b, c)):`` and ``lambda (a, b): ...``."""
    parameter = i + 1
    if tokens.words[i] == "def":
        if tokens.kinds[i + 1] != "name" or tokens.words[i + 2] != "(":
            return
        parameter = i + 3
    while True:
        if tokens.words[parameter] == "(":
            start, end = tokens.starts[parameter], tokens.end(tokens.partners[parameter])
            line_ends = "".join(re.findall(r"\r\n?|\n", tokens.text[start:end]))  # every line keeps its number
            yield Placeholder(start, end, "it takes a tuple parameter apart", trail=line_ends)
        comma = tokens.find_word(parameter, _PARAMETERS)
        while tokens.words[i] == "def" and tokens.words[comma] == ":":  # an annotation
            comma = tokens.find_word(comma + 1, _PARAMETERS)
        if tokens.words[comma] != ",":
            return
        parameter = comma + 1


@_rule("[")
def _bare_list(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """``[x for x in 1, 2]`` and ``[f() for f in lambda: 1, lambda: 2]``."""
    refusal = "it takes the list that a comprehension runs over out of its place"
    k = tokens.find_word(i + 1, {"for"})
    while tokens.words[k] == "for":
        k = tokens.find_word(k, {"in"})
        if tokens.words[k] != "in":
            return
        stop = tokens.find_word(k + 1, _ITERABLE)
        if tokens.words[stop] == "," or tokens.words[k + 1] == "lambda":
            while tokens.words[stop] == ",":
                stop = tokens.find_word(stop + 1, _ITERABLE)
            trailing_comma = tokens.words[stop - 1] == ","
            opening, closing = tokens.end(k), tokens.end(stop - 1)
            yield Placeholder(opening, opening, refusal, lead="(", trail=",")
            yield Placeholder(closing, closing, refusal, lead="" if trailing_comma else ",", trail=")")
        k = tokens.find_word(stop, {"for"})


@_rule("<>")
def _not_equal(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """``a <> b``."""
    yield Placeholder(tokens.starts[i], tokens.end(i), "it changes half of a `<>`", lead="<", trail="<")


@_rule("`")
def _backquote(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """One of the two backquotes of a ``repr``."""
    closes = tokens.ends_operand(i - 1)
    lead, trail = (",", ")") if closes else ("(", ",")
    yield Placeholder(tokens.starts[i], tokens.end(i), "it cuts a backquoted expression open", lead, trail)


@_rule("async", "await", "nonlocal")
def _later_keyword(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """Names that became keywords in Python 3."""
    word, following = tokens.words[i], tokens.words[i + 1]
    certain = True
    if word == "async":
        if following in ("def", "for", "with"):
            return
    elif tokens.kinds[i + 1] in ("name", "number", "string"):
        if following not in KEYWORDS or following in _UNARY:
            return
    elif word == "await" and tokens.kinds[i + 1] == "open":  # await (x): a call, or what a coroutine awaits
        certain = i > 0 and tokens.words[i - 1] in (".", "def", "class")
    yield Placeholder(tokens.starts[i], tokens.end(i), "", certain=certain)


@_rule("True", "False")
def _constant(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """``True`` and ``False`` in a file that assigns to them or uses them as attributes."""
    if tokens.rebinds_constants:
        yield Placeholder(tokens.starts[i], tokens.end(i), "")


@_kind("number")
def _number(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """``10L`` and ``0777``."""
    word, end = tokens.words[i], tokens.end(i)
    if word[-1] in "lL" or _OCTAL.fullmatch(word):
        glued = tokens.text[end : end + 1].isidentifier()  # 0777if x: the placeholder may not run into the word
        refusal = "it runs a number into the word behind it"
        yield Placeholder(tokens.starts[i], end, refusal, trail=" " if glued else "")


@_kind("string")
def _string(tokens: Tokens, i: int) -> Iterator[Placeholder]:
    """``ur'x'``, and literals whose contents only Python 2 accepts."""
    word = tokens.words[i]
    first = word[0]
    if first in _QUOTES:
        masked = _misreads_escapes(word)
    elif first in "uU":
        masked = word[1] in "rR"
    else:
        masked = first in "bB" and _mixes_bytes(tokens, i)
    opening = _OPENING.match(word) if masked else None
    if opening:
        start = tokens.starts[i]
        lead = "r" + opening["quote"]  # raw, so that no escape in it matters
        yield Placeholder(start, start + opening.end(), "it changes how a string literal begins", lead=lead)


def _mixes_bytes(tokens: Tokens, i: int) -> bool:
    """Return whether this bytes literal has non-ASCII characters or joins literals that are not bytes."""
    first = last = i
    while first and tokens.kinds[first - 1] == "string":
        first -= 1
    while tokens.kinds[last + 1] == "string":
        last += 1
    literals = tokens.words[first : last + 1]
    return any(literal[0] not in "bB" or not literal.isascii() for literal in literals)


def _misreads_escapes(literal: str) -> bool:
    r"""Return whether Python 3 refuses a literal for its ``\u`` or ``\N``, which are not escapes in Python 2."""
    if not _NAMED_ESCAPE.search(literal):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(literal, mode="eval")
    except SyntaxError:
        return True
    return False
