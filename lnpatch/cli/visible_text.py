r"""Text by strangers as a terminal may have it: what would act on the screen, or hide in it, is shown as ``\x1b`` is here.

File names, recipes, pickles, a training's output and a server's words may hold escape sequences, and signs that turn the
order of the letters around them. All text for people passes here: through :mod:`lnpatch.cli.visible_console`, or
through ``print_line`` of :mod:`lnpatch.cli.console`. Data does not: a patch in a pipe, and JSON, which escapes by itself.
"""

from __future__ import annotations

import os
import re

#: Everything but a blank, a tab and the end of a line that a terminal obeys or does not show: the control characters of
#: ASCII and Latin-1, the signs of no width, those that order letters from right to left, other ends of a line, fillers,
#: tags, and the bytes of a file name that are not UTF-8 (surrogates).
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_HIDDEN_OR_LAYOUT = re.compile(f"\n|\t|{_HIDDEN.pattern}")


def make_visible(text: str) -> str:
    """Return *text* with its hidden characters spelled out; ends of lines and tabs, which are layout, stay."""
    return _HIDDEN.sub(_spell_out, text)


def make_one_line(text: str) -> str:
    """Return *text*, which is a name and no layout, with ends of lines and tabs spelled out too."""
    return _HIDDEN_OR_LAYOUT.sub(_spell_out, text)


def make_pasteable(command: str) -> str:
    r"""Return a command line with its hidden characters spelled out so that a shell reads the same words.

    Args:
        command: words that ``shlex`` has quoted, so that such characters are between single quotes: those are closed,
            and ``$'\033'`` says it, as bash, zsh and POSIX of 2024 have it.
    """
    return _HIDDEN_OR_LAYOUT.sub(
        lambda match: "'$'" + "".join(f"\\{byte:03o}" for byte in _as_bytes(match[0])) + "''", command
    )


def _spell_out(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _as_bytes(character: str) -> bytes:
    """Return the bytes that a shell is to put there."""
    try:
        return os.fsencode(character)
    except UnicodeEncodeError:  # half of a pair of surrogates, which is in no file name
        return character.encode("utf-8", "surrogatepass")
