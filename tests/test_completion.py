"""Completion: what is offered at each place, and that shells show it, in a terminal as a user has it."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Output
from tests.training.conftest import TOY
from tests.training.conftest import toy as toy

Cli = Callable[..., Output]

#: Seconds that a shell is given for what takes a second on a machine that has nothing else to do.
PATIENCE = 120.0


def offered(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """What is offered for the last of the words after ``lnpatch``."""
    from lnpatch.cli import main

    monkeypatch.setenv("COMP_WORDS", "\n".join(["lnpatch", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    monkeypatch.setenv("_LNPATCH_COMPLETE", "bash_complete")
    capfdbinary.readouterr()
    with pytest.raises(SystemExit):
        main([])
    out, err = capfdbinary.readouterr()
    assert err == b""
    return [line.partition(",")[2] for line in out.decode().splitlines() if line.startswith("plain")]


#: Words, and what is offered for the last of them.
WORDS = [
    ("dif", ["diff"]),
    ("do", ["download", "doctor"]),
    ("--ver", ["--version", "--verbose"]),
    ("apply sk", ["skip-thoughts"]),
    ("apply skipt", ["skipthoughts", "skipthought"]),
    ("apply o", ["order-embeddings"]),
    ("apply zz", []),
    ("apply ./", []),
    ("apply skip-thoughts --cell ln", ["lngru", "lnlstm"]),
    ("apply skip-thoughts --cell=lng", ["lngru"]),
    ("train skip-thoughts --cell g", ["gru"]),
    ("apply skip-thoughts --cell g", []),
    ("reproduce skip-thoughts --cells gru,lng", ["gru,lngru"]),
    ("train --runtime p", ["pytensor"]),
    ("train --runtime pytensor --ba", ["--backend"]),
    ("download skip-thoughts model-", ["model-options"]),
    ("download nonsense m", []),
    ("evaluate skip-thoughts --task ms", ["msrp"]),
    ("completion z", ["zsh"]),
    ("train nonsense --set d", []),
]


@pytest.mark.parametrize(("words", "expected"), WORDS, ids=[case[0] for case in WORDS])
def test_words(
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: str,
    expected: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert offered(capfdbinary, monkeypatch, *words.split(" ")) == expected


def test_hyperparameters_are_those_of_the_checkout(
    lnpatch: Cli, toy: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offered(capfdbinary, monkeypatch, "train", TOY, "--set", "di") == ["dim=", "dispFreq="]
    assert offered(capfdbinary, monkeypatch, "train", TOY, "--dir", "toy", "--set", "lr") == ["lrate="]
    assert offered(capfdbinary, monkeypatch, "train", TOY, "--set", "dim=3", "--set", "lr") == ["lrate="]
    # as bash has it, which splits words at =
    assert offered(capfdbinary, monkeypatch, "train", TOY, "--set", "dim", "=", "3", "--set", "lr") == ["lrate="]
    monkeypatch.chdir(toy)
    assert offered(capfdbinary, monkeypatch, "train", "--set", "di") == ["dim=", "dispFreq="]


def test_runs(
    lnpatch: Cli, toy: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("runs/one", "runs/two"):
        assert lnpatch("train", TOY, "--max-updates", "2", "--output", name).code == 0
    assert offered(capfdbinary, monkeypatch, "curves", "") == ["runs/one", "runs/two"]
    assert offered(capfdbinary, monkeypatch, "curves", "runs/one", "runs/t") == ["runs/two"]
    assert offered(capfdbinary, monkeypatch, "evaluate", TOY, "--model", "runs/o") == ["runs/one"]
    assert offered(capfdbinary, monkeypatch, "train", TOY, "--resume", "--output", "runs/") == ["runs/one", "runs/two"]
    assert offered(capfdbinary, monkeypatch, "train", TOY, "--output", "runs/") == []


def test_a_broken_recipe_offers_nothing(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken.toml").write_text("nonsense")
    monkeypatch.chdir(tmp_path)
    assert offered(capfdbinary, monkeypatch, "apply", "./broken.toml", "--cell", "") == []


def test_help_is_quick_to_complete() -> None:
    """Words that need no recipe import none of what takes long."""
    code = (
        "import sys\n"
        "from lnpatch.cli import main\n"
        "try:\n    main([])\n"
        "except SystemExit:\n    sys.exit(sorted({'libcst', 'git', 'rich', 'tomllib'} & sys.modules.keys()) or None)\n"
    )
    variables = {"COMP_WORDS": "lnpatch\ndif", "COMP_CWORD": "1", "_LNPATCH_COMPLETE": "bash_complete"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, env={**os.environ, **variables}
    )
    assert (run.returncode, run.stdout) == (0, b"plain,diff\n"), run.stderr.decode()


# Shells in a terminal


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, shell: list[str], folder: Path, variables: dict[str, str]) -> None:
        self.screen = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(shell[0], shell, {**os.environ, **variables})

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until something is shown; what was read before counts no more."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in self.screen:
            ready, _, _ = select.select([self.terminal], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{text!r} is not in {self.screen!r}"
            self.screen += os.read(self.terminal, 65536)
        self.screen = self.screen.partition(text.encode())[2]

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(lnpatch completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u -D; eval "$(lnpatch completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "lnpatch completion fish | source"),
}

#: Stands for lnpatch in a terminal: completes as it does, and shows the words of a command line in its place.
STAND_IN = """#!/bin/sh
if [ -n "$_LNPATCH_COMPLETE" ] || [ "$1" = completion ]; then
    exec {python} -m lnpatch "$@"
fi
printf '<%s>' "$@"
echo
"""

#: What is typed, and the words that come of it.
KEYS = [
    ("lnpatch diff\t\r", "<diff>"),
    ("lnpatch apply sk\t\r", "<apply><skip-thoughts>"),
    (
        "lnpatch train toy.toml --set dis\t5 --runtime p\t\r",
        "<train><toy.toml><--set><dispFreq=5><--runtime><pytensor>",
    ),
    ("lnpatch curves runs/o\t\r", "<curves><runs/one>"),
]


@pytest.mark.parametrize("shell", ["bash", *(pytest.param(name, marks=pytest.mark.slow) for name in ("zsh", "fish"))])
def test_in_a_terminal(
    shell: str, lnpatch: Cli, toy: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} on this machine")
    assert lnpatch("train", TOY, "--max-updates", "2", "--output", "runs/one").code == 0
    shutil.copy(TOY, "toy.toml")
    tools, home = tmp_path_factory.mktemp("bin"), tmp_path_factory.mktemp("home")
    (tools / "lnpatch").write_text(STAND_IN.format(python=sys.executable))
    (tools / "lnpatch").chmod(0o755)
    command, setup = SHELLS[shell]
    variables = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(home), "TERM": "dumb", "PS1": "$ "}
    terminal = Terminal(command, tmp_path, variables)
    try:
        terminal.type(f"{setup}; lnpatch is ready\r")
        terminal.wait_for("<is><ready>")
        for keys, shown in KEYS:
            terminal.type(keys)
            terminal.wait_for(shown)
        if shell != "fish":  # which lists nothing in a terminal that cannot go back
            terminal.type("lnpatch train toy.toml --set di\t\t")
            terminal.wait_for("dispFreq=")
    finally:
        terminal.close()
