"""`cache info` and `cache prune`: what is there, what goes, and that nothing goes which is in use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lnpatch.cache import use
from lnpatch.cache.use import hold_entry, lock_file, use_entry, used_descriptors
from lnpatch.runtimes import choose
from lnpatch.runtimes.environment import EnvironmentSpec, ensure_environment
from lnpatch.runtimes.open_runtime import open_runtime
from lnpatch.runtimes.runtime_options import RuntimeOptions
from tests.conftest import Output
from tests.training.here_runtime import HereRuntime

Cli = Callable[..., Output]

DAY = 86400.0


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache with an entry of each kind, all of them 40 days old."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("LNPATCH_CACHE", str(folder))
    monkeypatch.setattr(use, "_used", {})
    for path in (
        "environments/theano-py2.7-abc/lnpatch.json",
        "environments/theano-py2.7-abc/bin/python",
        "environments/pytensor-py3.13-def/bin/python",  # which was never finished
        "tools/virtualenv-3.13/bin/python",
        "compiled/pytensor-3.1.3/function.so",
        "port/demo-0123/train.py",
        "fissix/24.4/Grammar.pickle",
        "reports/lnpatch-1.txt",
        "something-else/file",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x" * 1000)
    (folder / "environments/theano-py2.7-abc.log").write_text("log")
    for name in ("environments/theano-py2.7-abc", "port/demo-0123"):
        lock_file(folder / name).touch()
    age(folder, 40)
    yield folder
    for lock in use._used.values():
        lock.release()


def age(folder: Path, days: float) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (time.time() - days * DAY,) * 2)


def names(entries: list[dict[str, object]]) -> list[str]:
    return [f"{entry['kind']}/{entry['name']}" for entry in entries]


ALL = [
    "environments/pytensor-py3.13-def",
    "environments/theano-py2.7-abc",
    "tools/virtualenv-3.13",
    "compiled/pytensor-3.1.3",
    "port/demo-0123",
    "fissix/24.4",
    "reports/lnpatch-1.txt",
]


def test_info(lnpatch: Cli, cache: Path) -> None:
    shown = lnpatch("cache", "info", "--format", "json").json
    assert names(shown["entries"]) == ALL
    assert shown["bytes"] == 8000
    assert shown["folder"] == str(cache)
    assert shown["checksums"] == {"file": str(Path(os.environ["LNPATCH_DATA"]) / "checksums.json"), "recorded": 0}
    unfinished = [entry["name"] for entry in shown["entries"] if entry["unfinished"]]
    assert unfinished == ["pytensor-py3.13-def"]
    assert all(39 * DAY < entry["age"] < 41 * DAY and not entry["in_use"] for entry in shown["entries"])
    text = lnpatch("cache", "info").text
    assert "40.0 d ago" in text
    assert "8.0 kB in " in text


def test_info_of_nothing(lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "nowhere"))
    assert lnpatch("cache", "info", "--format", "json").json["entries"] == []
    assert lnpatch("cache", "prune").code == 0
    assert list(tmp_path.iterdir()) == []


#: Arguments of prune, and what is removed of entries that are 40 days old.
PRUNED = [
    ([], ALL),
    (["--older-than", "39d"], ALL),
    (["--older-than", "6w"], ["environments/pytensor-py3.13-def"]),
    (["--older-than", "2000h"], ["environments/pytensor-py3.13-def"]),
    (["--older-than", "0"], ALL),
    (["compiled", "port"], ["compiled/pytensor-3.1.3", "port/demo-0123"]),
]


@pytest.mark.parametrize(("arguments", "removed"), PRUNED, ids=[" ".join(case[0]) for case in PRUNED])
def test_prune(lnpatch: Cli, cache: Path, arguments: list[str], removed: list[str]) -> None:
    told = lnpatch("cache", "prune", *arguments, "--dry-run", "--format", "json").json
    assert (names(told["removed"]), told["dry_run"]) == (removed, True)
    assert all((cache / name).exists() for name in ALL)
    done = lnpatch("cache", "prune", *arguments, "--format", "json").json
    assert names(done["removed"]) == removed
    assert done["bytes"] == told["bytes"] > 0
    assert [name for name in ALL if not (cache / name).exists()] == removed
    assert (cache / "something-else" / "file").exists()
    assert not list(cache.rglob(".removed-*"))
    assert (cache / "environments" / "theano-py2.7-abc.log").exists() == (
        "environments/theano-py2.7-abc" not in removed
    )


@pytest.mark.parametrize("text", ["a month", "3", "-1d", "1y", ""])
def test_ages_that_are_none(lnpatch: Cli, cache: Path, text: str) -> None:
    refused = lnpatch("cache", "prune", "--older-than", text)
    assert refused.code == 2
    assert "such as 30d" in refused.err


def test_what_is_in_use_stays(lnpatch: Cli, cache: Path) -> None:
    use_entry(cache / "environments/theano-py2.7-abc")
    with hold_entry(cache / "environments/pytensor-py3.13-def"):  # it is being built
        shown = lnpatch("cache", "info", "--format", "json").json
        assert [entry["name"] for entry in shown["entries"] if entry["in_use"]] == [
            "pytensor-py3.13-def",
            "theano-py2.7-abc",
        ]
        done = lnpatch("cache", "prune", "environments", "--older-than", "0")
    assert done.code == 0
    assert done.text.count(": in use") == 2
    assert (cache / "environments/theano-py2.7-abc/bin/python").exists()


def test_a_process_that_outlives_us_keeps_what_it_uses(lnpatch: Cli, cache: Path) -> None:
    entry = cache / "compiled/pytensor-3.1.3"
    use_entry(entry)
    child = subprocess.Popen(["sleep", "60"], pass_fds=used_descriptors())
    use._used.pop(entry).release()
    try:
        assert names(lnpatch("cache", "prune", "compiled", "--format", "json").json["kept"]) == [
            "compiled/pytensor-3.1.3"
        ]
    finally:
        child.kill()
        child.wait()
    assert names(lnpatch("cache", "prune", "compiled", "--older-than", "0", "--format", "json").json["removed"]) == [
        "compiled/pytensor-3.1.3"
    ]


def test_use_is_what_makes_it_young(lnpatch: Cli, cache: Path) -> None:
    entry = cache / "environments/theano-py2.7-abc"
    use_entry(entry)
    use._used.pop(entry).release()
    kept = lnpatch("cache", "prune", "environments", "--format", "json").json["kept"]
    assert [(entry["name"], entry["reason"]) for entry in kept] == [("theano-py2.7-abc", "used lately")]


def test_removed_half_it_is_removed_wholly(lnpatch: Cli, cache: Path) -> None:
    half = cache / "environments" / ".removed-0123abcd"
    (cache / "environments/theano-py2.7-abc").rename(half)
    os.utime(half)
    assert "removed environments/.removed-0123abcd" in lnpatch("cache", "prune", "--older-than", "8w").text
    assert not half.exists()
    assert not lock_file(half).exists()


def test_a_link_is_removed_not_followed(lnpatch: Cli, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    (cache / "port" / "link").symlink_to(tmp_path / "mine")
    lnpatch("cache", "prune", "--older-than", "0")
    assert (tmp_path / "mine" / "file").exists()
    assert not (cache / "port" / "link").is_symlink()


@pytest.mark.slow
def test_a_runtime_uses_its_environment_and_what_it_compiles(
    cache: Path, lnpatch: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lnpatch.recipes import find_recipe

    spec = EnvironmentSpec("test", Path(sys.executable), (), ("json",))

    class CachedRuntime(HereRuntime):
        def ensure_environment(self, *arguments: object) -> object:  # type: ignore[override]
            return ensure_environment(spec, lambda text: None)

        def compiled_folder(self, environment: object) -> Path:
            return cache / "compiled" / "pytensor-3.1.3"

    monkeypatch.setattr(choose, "runtimes", lambda: {"theano": CachedRuntime, "pytensor": CachedRuntime})
    open_runtime(RuntimeOptions(runtime="theano"), find_recipe("demo"), "train", lambda text: None)
    done = lnpatch("cache", "prune", "--older-than", "0", "--format", "json").json
    in_use = [entry["name"] for entry in done["kept"] if entry["reason"] == "in use"]
    assert in_use == [spec.folder.name, "pytensor-3.1.3"]
    assert json.loads((spec.folder / "lnpatch.json").read_text())["python"] == sys.executable


def test_whoever_builds_waits_for_those_who_use_it(cache: Path) -> None:
    entry = cache / "environments/theano-py2.7-abc"
    child = subprocess.Popen(["sh", "-c", "exec 9>>$0; flock -s 9; echo held; read line", lock_file(entry)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    waited: list[str] = []

    def report_waiting() -> None:
        waited.append("waiting")
        child.communicate(b"go\n")

    with hold_entry(entry, report_waiting):
        assert waited == ["waiting"]
    with hold_entry(entry, report_waiting):  # nobody uses it now
        assert waited == ["waiting"]


def test_a_process_that_uses_an_entry_may_build_it_anew(cache: Path) -> None:
    entry = cache / "environments/theano-py2.7-abc"
    use_entry(entry)
    with hold_entry(entry):
        assert used_descriptors() == ()
