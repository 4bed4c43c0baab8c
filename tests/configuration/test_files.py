"""Configuration files: which are read, what they may say, and how mistakes in them are told."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.configuration.in_force import find_setting, repository_in, settings_in_force
from lnpatch.configuration.read import find_line, read_configuration
from lnpatch.configuration.search import find_files
from lnpatch.errors import ConfigurationError
from tests.conftest import Output, git

Cli = Callable[..., Output]


@pytest.fixture(autouse=True)
def _reads_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LNPATCH_CONFIG")
    monkeypatch.chdir(tmp_path)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


def in_force() -> dict[str, str]:
    return {setting.key: setting.value for setting in settings_in_force(find_files())}


def test_no_file_and_no_variable_configure_nothing() -> None:
    assert in_force() == {}


@pytest.mark.parametrize(
    ("variables", "own", "project", "expected"),
    [
        pytest.param({}, "", '[tool.lnpatch]\nruntime = "pytensor"', {"runtime": "pytensor"}, id="pyproject"),
        pytest.param({}, 'runtime = "theano"', "", {"runtime": "theano"}, id="lnpatch.toml"),
        pytest.param(
            {},
            'runtime = "theano"',
            '[tool.lnpatch]\nruntime = "pytensor"\nbackend = "c"',
            {"runtime": "theano", "backend": "c"},
            id="lnpatch.toml wins, by key",
        ),
        pytest.param(
            {"LNPATCH_RUNTIME": "auto"},
            'runtime = "theano"\ndevice = "gpu"',
            "",
            {"runtime": "auto", "device": "gpu"},
            id="a variable wins",
        ),
        pytest.param({"LNPATCH_RUNTIME": ""}, 'runtime = "theano"', "", {"runtime": "theano"}, id="an empty variable"),
        pytest.param({}, "", '[tool.lnpatch-like]\nruntime = "pytensor"', {}, id="another tool's table"),
        pytest.param(
            {},
            '[data]\nskip-thoughts = "/books"',
            '[tool.lnpatch]\ndata = "/all"',
            {"data.skip-thoughts": "/books"},
            id="a table by target",
        ),
        pytest.param(
            {"LNPATCH_CLUSTER_TIME": "60"},
            '[cluster]\non = "slurm"\ntime = 10',
            "[tool.lnpatch.cluster]\non = 'other'\nmemory = 1.5",
            {"cluster.time": "60", "cluster.on": "slurm", "cluster.memory": "1.5"},
            id="a cluster, by key",
        ),
    ],
)
def test_what_wins(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    own: str,
    project: str,
    expected: dict[str, str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    write(tmp_path / "lnpatch.toml", own)
    write(tmp_path / "pyproject.toml", project)
    assert in_force() == expected


def test_the_nearest_of_each_kind_is_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "pyproject.toml", '[tool.lnpatch]\nruntime = "theano"\ndevice = "gpu"')
    write(tmp_path / "a" / "pyproject.toml", '[project]\nname = "another"')
    write(tmp_path / "a" / "lnpatch.toml", 'runtime = "pytensor"')
    (tmp_path / "a" / "b").mkdir()
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert in_force() == {"runtime": "pytensor", "device": "gpu"}


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path / "lnpatch.toml",
        """
        data = "books.txt"
        output = "~/scratch"
        [mirror]
        skip-thoughts = "../mirrors/skip-thoughts.git"
        order-embeddings = "https://git.example.org/order"
        attentive-reader = "git@git.example.org:reader.git"
        """,
    )
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert in_force() == {
        "data": str(tmp_path / "books.txt"),
        "output": os.path.expanduser("~/scratch"),
        "mirror.skip-thoughts": str(tmp_path.parent / "mirrors" / "skip-thoughts.git"),
        "mirror.order-embeddings": "https://git.example.org/order",
        "mirror.attentive-reader": "git@git.example.org:reader.git",
    }


def test_a_named_file_is_the_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "lnpatch.toml", 'runtime = "theano"')
    named = write(tmp_path / "elsewhere" / "my.toml", 'device = "gpu"')
    monkeypatch.setenv("LNPATCH_CONFIG", str(named))
    assert in_force() == {"device": "gpu"}
    monkeypatch.setenv("LNPATCH_CONFIG", os.devnull)
    assert in_force() == {}
    monkeypatch.setenv("LNPATCH_CONFIG", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match="no such file"):
        find_files()


#: A file, and what is said of it after its name.
MISTAKES = [
    ('runtime = "theano"\nruntme = "x"', [":2: runtme: unknown key (did you mean runtime?)"]),
    ("\n\ndevice = 3", [":3: device: expected a string, found 3"]),
    ('device = "tpu"', [":1: device: expected one of cpu, gpu, found 'tpu'"]),
    ('python = "/evil/python"', [":1: python: unknown key"]),
    ("[cluster]\nsetup = 'rm'", [":2: cluster.setup: unknown key"]),
    ("[cluster]\nparameters = ['setup=rm']", [":2: cluster.parameters: unknown key"]),
    (
        "cluster = {cpus = 0, on = ''}",
        [":1: cluster.cpus: expected at least 1, found 0", ":1: cluster.on: expected a name"],
    ),
    ("[cluster]\ntime = 1.5", [":2: cluster.time: expected an integer, found 1.5"]),
    ("data = ''", [":1: data: expected a path that is not empty"]),
    ('# skip\n[data]\n"skip-thoughts" = 1', [":3: data.skip-thoughts: expected a string, found 1"]),
    ('data = { "a" = 1 }', [":1: data.a: expected a string, found 1"]),
    ("mirror = [1]", [":1: mirror: expected a string or a table, found [1]"]),
    ('device = "tpu"\nbackend = "xla"', [":1: device: ", ":2: backend: "]),
    ('runtime = "theano', [":1: not valid TOML"]),
    ('a = 1\nruntime = "theano"\nruntime = "theano"', [":3: not valid TOML"]),
    ("x" * 300_000, [": larger than 256 KiB"]),
    ("a." * 100 + "b = 1", [": nested too deeply"]),
]


@pytest.mark.parametrize(("text", "problems"), MISTAKES, ids=[case[0][:20] for case in MISTAKES])
@pytest.mark.parametrize("name", ["lnpatch.toml", "pyproject.toml"])
def test_mistakes_are_told_with_their_lines(
    lnpatch: Cli, tmp_path: Path, name: str, text: str, problems: list[str]
) -> None:
    if name == "pyproject.toml":
        if "[" in text.split("=")[0] or problems[0].startswith((": larger", ": nested")):
            pytest.skip("the text is one of a whole file")
        text = f"[tool.lnpatch]\n{text}"
        problems = [f":{int(problem.split(':')[1]) + 1}:{problem.split(':', 2)[2]}" for problem in problems]
    file = write(tmp_path / name, text)
    refused = lnpatch("setup", "demo", "--format", "json")
    assert (refused.code, refused.json["error"]["kind"]) == (2, "ConfigurationError")
    told = refused.json["error"]["details"]["problems"]
    assert len(told) == len(problems)
    for line, problem in zip(told, problems, strict=True):
        assert line.startswith(f"{file}{problem}")


def test_doctor_tells_of_a_mistake_and_goes_on(lnpatch: Cli, tmp_path: Path) -> None:
    file = write(tmp_path / "lnpatch.toml", 'device = "tpu"')
    shown = lnpatch("doctor", "--format", "json")
    assert shown.code == 0
    assert shown.json["jobs"]
    assert f"{file}:1: device: " in shown.json["configuration"]["notes"][0]


def test_doctor_shows_what_is_in_force_and_from_where(
    lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "lnpatch.toml", 'backend = "c"\ndevice = "gpu"')
    monkeypatch.setenv("LNPATCH_DEVICE", "cpu")
    shown = lnpatch("doctor").text
    assert "device = cpu  (LNPATCH_DEVICE)" in shown
    assert f"backend = c  ({file}:1)" in shown


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("a = 1", ["a"], 1),
        ("b = '''\na = 2\n'''\na = 1", ["a"], 4),
        ("[t]\na = 1\n[u]\na = 2", ["u", "a"], 4),
        ("t.a = 1\nu . 'a' = 1", ["u", "a"], 2),
        ("[t]\na = [\n1,\n]", ["t", "a"], 2),
        ("a = 1", ["b"], 0),
    ],
)
def test_the_line_of_a_key(text: str, key: list[str], line: int) -> None:
    assert find_line(text, key) == line


def test_a_mistake_of_another_project_is_not_ours(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "not TOML at all")
    assert in_force() == {}


# Files that are not trusted


@pytest.mark.parametrize("patched", [False, True])
def test_a_target_configures_nothing(
    lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch, patched: bool, tmp_path: Path
) -> None:
    """A stranger's checkout, also where one has gone into it."""
    if patched:
        lnpatch("apply", "demo")
    write(demo / "lnpatch.toml", 'device = "gpu"\nnonsense = 1')
    write(demo / "pyproject.toml", "[tool.lnpatch]\noutput = '/'\n")
    write(tmp_path / "lnpatch.toml", 'runtime = "pytensor"')
    (demo / "below").mkdir()
    for folder in (tmp_path, demo, demo / "below"):
        monkeypatch.chdir(folder)
        assert in_force() == {"runtime": "pytensor"}
    assert [path.name for path, _ in find_files().left_out] == ["lnpatch.toml", "pyproject.toml"]


def test_a_recipe_of_the_users_own_makes_a_target_too(
    lnpatch: Cli, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.conftest import READER

    write(reader / "lnpatch.toml", 'device = "gpu"')
    monkeypatch.chdir(reader)
    assert in_force() == {"device": "gpu"}
    assert lnpatch("apply", READER, "--dir", reader).code == 0
    monkeypatch.chdir(reader)
    assert in_force() == {}


def test_a_project_of_the_users_own_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path / "pyproject.toml", "[tool.lnpatch]\nruntime = 'pytensor'\n")
    (tmp_path / "experiments").mkdir()
    monkeypatch.chdir(tmp_path / "experiments")
    assert in_force() == {"runtime": "pytensor"}


def test_a_file_of_another_user_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "lnpatch.toml", "runtime = 'pytensor'\n")
    monkeypatch.setattr("lnpatch.configuration.search.os.geteuid", lambda: os.stat(file).st_uid + 1)
    if os.stat(file).st_uid == 0:  # the system's own are read
        os.chown(file, 12345, -1)
    assert in_force() == {}
    assert "belongs to another user" in find_files().notes[0]


@pytest.mark.parametrize("key", ["python", "ref", "cluster.setup", "commands", "from", "target"])
def test_nothing_that_runs_code_is_a_key(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match="unknown key"):
        read_configuration(write(tmp_path / "lnpatch.toml", f"{key} = 'x'\n"))


@pytest.mark.parametrize(("made", "place"), [("repo", "m/repo"), ("repo.git", "m/repo.git"), ("", "m/repo")])
def test_a_repository_in_a_mirror(tmp_path: Path, made: str, place: str) -> None:
    if made:
        (tmp_path / "m" / made).mkdir(parents=True)
    assert repository_in(str(tmp_path / "m"), "repo") == str(tmp_path / place)
    assert repository_in("https://git.example.org/m/", "repo") == "https://git.example.org/m/repo"


def test_a_table_by_target_knows_aliases(tmp_path: Path) -> None:
    write(tmp_path / "lnpatch.toml", "[data]\norder-embedding = '/coco'\n")
    found = find_files()
    names = ("order-embeddings", "order-embedding")
    setting = find_setting(found, "data", names)
    assert setting is not None
    assert (setting.value, setting.source) == ("/coco", f"{tmp_path / 'lnpatch.toml'}:2")
    assert find_setting(found, "data", ("skip-thoughts",)) is None
