"""Commands with a configuration: what they take from it, and what they do not."""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from lnpatch.cli.configured import make_runtime_options
from lnpatch.cli.options import runtime_options
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.study.cluster_options import ClusterOptions
from tests.conftest import Output, git
from tests.training.conftest import TOY
from tests.training.conftest import toy as toy

Cli = Callable[..., Output]

#: What is configured, what is typed, and what comes of it.
RUNTIMES = [
    ({}, "", RuntimeOptions()),
    ({"runtime": "theano"}, "", RuntimeOptions("theano")),
    ({"runtime": "theano"}, "--runtime pytensor", RuntimeOptions("pytensor")),
    ({"backend": "c"}, "", RuntimeOptions(backend="c")),
    ({"backend": "c"}, "--runtime theano", RuntimeOptions("theano")),
    ({"backend": "c"}, "--runtime theano --backend jax", RuntimeOptions("theano", backend="jax")),
    ({"device": "gpu", "precision": "bfloat16"}, "", RuntimeOptions(device="gpu", precision="bfloat16")),
    ({"device": "gpu", "precision": "bfloat16"}, "--device cpu", RuntimeOptions()),
    ({"device": "gpu", "precision": "bfloat16"}, "--runtime theano", RuntimeOptions("theano", device="gpu")),
    ({"device": "gpu", "precision": "tf32"}, "--precision float32", RuntimeOptions(device="gpu", precision="float32")),
]


@pytest.fixture(autouse=True)
def _reads_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LNPATCH_CONFIG")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("place", ["file", "variables"])
@pytest.mark.parametrize(("configured", "typed", "expected"), RUNTIMES)
def test_the_runtime(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    configured: dict[str, str],
    typed: str,
    expected: RuntimeOptions,
) -> None:
    if place == "file":
        (tmp_path / "lnpatch.toml").write_text("".join(f"{key} = '{value}'\n" for key, value in configured.items()))
    else:
        for key, value in configured.items():
            monkeypatch.setenv(f"LNPATCH_{key.upper()}", value)
    seen: list[RuntimeOptions] = []

    @click.command()
    @runtime_options
    @click.pass_context
    def command(context: click.Context, runtime: RuntimeOptions) -> None:
        assert make_runtime_options(context, typed_only=False) == runtime
        seen.append(runtime)

    command.main(typed.split(), standalone_mode=False)
    assert seen == [expected]


def test_a_wrong_variable_is_named(lnpatch: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LNPATCH_RUNTIME", "tensorflow")
    refused = lnpatch("setup", "demo")
    assert refused.code == 2
    assert "LNPATCH_RUNTIME" in refused.err
    assert lnpatch("setup", "--help").code == 0


def test_help_reads_no_file(lnpatch: Cli, tmp_path: Path) -> None:
    (tmp_path / "lnpatch.toml").write_text("no TOML")
    shown = lnpatch("train", "--help")
    assert shown.code == 0
    assert "[default: auto]" in shown.text


def test_train_takes_data_and_the_place_of_runs(lnpatch: Cli, toy: Path, tmp_path: Path) -> None:
    (tmp_path / "books.txt").write_bytes((toy / "corpus.txt").read_bytes())
    (tmp_path / "lnpatch.toml").write_text("output = 'scratch'\ndata = {toy = 'books.txt'}\n")
    done = lnpatch("train", TOY, "--max-updates", "2")
    assert done.code == 0, done.err
    assert f"note: output is {tmp_path / 'scratch'} ({tmp_path / 'lnpatch.toml'}:1)" in done.err
    (run,) = (tmp_path / "scratch" / "runs" / "toy").iterdir()
    assert json.loads((run / "run.json").read_text())["data"] == str(tmp_path / "books.txt")
    named = lnpatch("train", TOY, "--max-updates", "2", "--output", "here", "--format", "json")
    assert (named.code, named.err.count("note: output")) == (0, 0)
    assert named.json["run"] == str(tmp_path / "here")


def test_a_resumed_run_goes_on_as_it_began(
    lnpatch: Cli, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lnpatch("train", TOY, "--max-updates", "2", "--runtime", "theano", "--output", "run").code == 0
    (tmp_path / "lnpatch.toml").write_text("runtime = 'pytensor'\ndata = '/nowhere'\noutput = '/nowhere'\n")
    monkeypatch.setenv("LNPATCH_BACKEND", "c")
    assert lnpatch("train", TOY, "--resume", "--output", "run", "--max-updates", "4").code == 0
    info = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (info["updates"], info["runtime"], info["data"]) == (4, "theano", str(toy / "corpus.txt"))


def test_a_printed_line_says_all_that_is_configured(lnpatch: Cli, toy: Path, tmp_path: Path) -> None:
    (tmp_path / "lnpatch.toml").write_text("runtime = 'pytensor'\nbackend = 'c'\noutput = 'scratch'\n")
    words = lnpatch("train", TOY, "--print-command", "--format", "json").json["words"]
    options = dict(itertools.pairwise(words))
    assert (options["--runtime"], options["--backend"], options["--device"]) == ("theano", "c", "cpu")  # the toy's one
    assert options["--output"].startswith(f"{tmp_path}/scratch/runs/toy/")


@pytest.mark.parametrize("text", ["mirror = 'mirrors'", "[mirror]\norder-embedding = 'mirrors/order-embedding.git'"])
def test_apply_clones_from_a_mirror(lnpatch: Cli, tmp_path: Path, text: str) -> None:
    git(tmp_path, "init", "-q", "--bare", "mirrors/order-embedding.git")
    (tmp_path / "lnpatch.toml").write_text(text)
    refused = lnpatch("apply", "order-embeddings", "--format", "json")
    # the mirror is empty: it does not have the commit of the recipe, which no mirror changes
    assert refused.code in (3, 5)
    assert str(tmp_path / "mirrors" / "order-embedding.git") in refused.json["error"]["message"]
    assert lnpatch("apply", "demo").code == 0  # which is in no mirror


def test_a_mirror_is_no_remark_where_nothing_is_cloned(lnpatch: Cli, demo: Path, tmp_path: Path) -> None:
    (tmp_path / "lnpatch.toml").write_text("mirror = 'mirrors'")
    assert "note" not in lnpatch("apply", "demo").err


def test_check_computes_in_float32_whatever_is_configured(
    lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lnpatch.toml").write_text("device = 'gpu'\nprecision = 'bfloat16'\n")
    seen: list[RuntimeOptions] = []

    def check(*arguments: object, runtime: RuntimeOptions, **options: object) -> None:
        seen.append(runtime)
        raise KeyboardInterrupt

    monkeypatch.setattr("lnpatch.commands.check.check", check)
    lnpatch("check", "demo")
    lnpatch("check", "demo", *shlex.split("--precision tf32"))
    assert [runtime.precision for runtime in seen] == ["auto", "tf32"]


#: What is configured of a cluster, what is typed, and what is asked of it.
CLUSTERS = [
    ("", "", None),
    ("on = 'slurm'", "", ClusterOptions("slurm")),
    ("on = 'slurm'\ntime = 10\nmemory = 1.5\ngpus = 0", "", ClusterOptions("slurm", minutes=10, memory=1.5, gpus=0)),
    ("on = 'slurm'\npartition = 'a'", "--slurm-partition b", ClusterOptions("slurm", "b")),
    ("on = 'slurm'\ncpus = 4", "--on local", None),
    ("cpus = 4", "", None),
    ("cpus = 4", "--on slurm", ClusterOptions("slurm", cpus=4)),
]


@pytest.mark.parametrize(("configured", "typed", "expected"), CLUSTERS)
def test_a_cluster(
    lnpatch: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    configured: str,
    typed: str,
    expected: ClusterOptions | None,
) -> None:
    (tmp_path / "lnpatch.toml").write_text(f"[cluster]\n{configured}\n")
    seen: list[object] = []

    def reproduce(*arguments: object, cluster: object, **options: object) -> None:
        seen.append(cluster)
        raise KeyboardInterrupt

    monkeypatch.setattr("lnpatch.commands.reproduce.reproduce", reproduce)
    told = lnpatch("reproduce", "demo", *typed.split()).err
    assert seen == [expected]
    assert ("note: cluster.on is slurm" in told) == ("on = " in configured and "--on" not in typed)
