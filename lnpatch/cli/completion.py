"""``lnpatch completion``: the scripts that shells need, and the words that they hand over."""

from __future__ import annotations

import sys

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    get_completion_class,
)

from lnpatch.cli.console import print_json, print_line
from lnpatch.cli.help import Command
from lnpatch.cli.options import format_option

#: Names the shell that asks, and what it asks for: click's own convention.
VARIABLE = "_LNPATCH_COMPLETE"

_SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=Command,
    example="lnpatch completion bash",
)
@click.argument("shell", type=click.Choice(_SHELLS))
@format_option
@click.pass_context
def completion(context: click.Context, shell: str, form: str) -> None:
    """Print the script that completes lnpatch in a shell.

    Once for this shell, or for all to come, at the end of ~/.bashrc or ~/.zshrc: eval "$(lnpatch completion bash)". For fish:
    lnpatch completion fish > ~/.config/fish/completions/lnpatch.fish. Targets, cells, runs, the trainer's hyperparameters
    (train --set) and all options are completed.
    """
    register_shells()
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(context.find_root().command, {}, "lnpatch", VARIABLE).source()
    if form == "json":
        print_json({"shell": shell, "script": script})
    else:
        print_line(script, sys.stdout)


def register_shells() -> None:
    """Have click use the shells of this module."""
    for shell in (Bash, Zsh, Fish):
        add_completion_class(shell)


class _KnowsWords(ShellComplete):
    """Keeps the words before the one that is completed, as the context's ``obj``."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Return what may stand in the place of *incomplete*."""
        self.ctx_args["obj"] = list(args)
        return super().get_completions(args, incomplete)


class Fish(_KnowsWords, FishComplete):
    """fish."""


class Bash(_KnowsWords, BashComplete):
    """bash, which takes ``dim=512`` for three words, and puts a blank behind ``dim=`` where it is not told otherwise."""

    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n'
    local completion type value
    while IFS=',' read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete "$1" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and that word, with the parts of ``dim=512`` put together."""
        args, incomplete = super().get_completion_args()
        whole: list[str] = []
        for word in args:
            if whole and (word == "=" or whole[-1].endswith("=")):
                whole[-1] += word
            else:
                whole.append(word)
        return whole, incomplete


class Zsh(_KnowsWords, ZshComplete):
    """zsh, with no blank behind ``dim=``."""

    source_template = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a response plain described open
    local type key descr
    (( ! $+commands[%(prog_name)s] )) && return 1
    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \\
        %(complete_var)s=zsh_complete %(prog_name)s 2>/dev/null)}")
    for type key descr in ${response}; do
        case $type in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            plain)
                if [[ $key == *= ]]; then
                    open+=("$key")
                elif [[ $descr == _ ]]; then
                    plain+=("$key")
                else
                    described+=("$key:$descr")
                fi ;;
        esac
    done
    [[ -n $described ]] && _describe -V unsorted described -U
    [[ -n $plain ]] && compadd -U -V unsorted -a plain
    [[ -n $open ]] && compadd -U -V unsorted -S '' -a open
    return 0
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""
