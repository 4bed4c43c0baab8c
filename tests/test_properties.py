"""Invariants of the whole patch over files in every style: it can be taken back, done twice, and harms nothing."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lnpatch.edits import EditState
from lnpatch.folders import templates
from lnpatch.patch.plan import PatchState, make_plan
from lnpatch.recipes import find_recipe
from lnpatch.runtimes.find_python2 import compile_errors
from lnpatch.source import check_syntax
from lnpatch.source.merge import find_hunks, merge_three_way
from tests.conftest import FIXTURES, folder_contents
from tests.edits.helpers import MemoryFiles

REPOSITORIES = {
    "demo": folder_contents(templates() / "demo"),
    str(FIXTURES / "reader.toml"): folder_contents(FIXTURES / "reader"),
}
IMPORTS = {
    "import numpy\n": ["import numpy\n", "import numpy as np\n", "import numpy as N, os\n"],
    "import theano.tensor as tensor\n": ["import theano.tensor as tensor\n", "from theano import tensor as T\n"],
}
PREFIXES = [
    b"",
    b"\xef\xbb\xbf",
    b"# coding: latin-1\n# \xe9\n",
    b"#!/usr/bin/env python2\n",
    b"\x0c\n",
    b"\n\n",
    b"'doc'\n",
]
SUFFIXES = [
    b"",
    b"\n",
    b"\n\n\n",
    b"# vim: set et:\n",
    b"\n# end\n\n",
    b"    \n",
    b"\nif True:\n    print 'x'\n    # end\n",
]


@st.composite
def styled(draw: st.DrawFn) -> tuple[str, str, dict[str, bytes]]:
    """A target, a cell, and the target's repository in some style."""
    target = draw(st.sampled_from(sorted(REPOSITORIES)))
    files = dict(REPOSITORIES[target])
    newline = draw(st.sampled_from([b"\n", b"\r\n"]))
    indent = draw(st.sampled_from(["    ", "  ", "\t"]))
    quote = draw(st.sampled_from(["'", '"']))
    one_line = draw(st.booleans())
    prefix, suffix = draw(st.sampled_from(PREFIXES)), draw(st.sampled_from(SUFFIXES))
    imports = {old: draw(st.sampled_from(new)) for old, new in IMPORTS.items()}
    final = draw(st.booleans())
    for path, data in files.items():
        if not path.endswith(".py"):
            continue
        text = data.decode()
        for old, new in imports.items():
            if old in text and new != old and path.endswith("layers.py"):
                local = {
                    "import numpy as np\n": "np",
                    "import numpy as N, os\n": "N",
                    "from theano import tensor as T\n": "T",
                }[new]
                text = text.replace(old, "")
                text = re.sub(rf"\b{'numpy' if 'numpy' in old else 'tensor'}\.", f"{local}.", text)
                text = text.replace("import theano\n", f"import theano\n{new}", 1)
        if one_line:
            text = re.sub(
                r"^layers = \{.*?\}\n",
                lambda m: re.sub(r",?\s*\n\s*", " ", m[0]).strip() + "\n",
                text,
                flags=re.M | re.S,
            )
            text = re.sub(r"\) '", "), '", text)
        if "\t" not in text:
            text = re.sub(r"^(?: {4})+(?! )", lambda m: indent * (len(m[0]) // 4), text, flags=re.MULTILINE)
        if '"' not in text:
            text = text.replace("'", quote)
        encoded = prefix + text.encode() + suffix
        files[path] = (encoded if final else encoded.rstrip(b"\n \t")).replace(b"\n", newline)
    return target, draw(st.sampled_from(["lngru", "lnlstm"])), files


@given(styled(), st.sampled_from([None, "/data/x", "C:\\x"]))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_patch_in_any_style(case: tuple[str, str, dict[str, bytes]], data_dir: str | None) -> None:
    target, cell, files = case
    recipe = find_recipe(target)
    values = recipe.values(cell, data_dir)
    plan = make_plan(recipe, values, MemoryFiles(files))
    plan.refuse_impossible()
    assert plan.state is PatchState.NOT_APPLIED
    patched = files | {file.path: file.after for file in plan.files if file.after is not None}

    # done twice it changes nothing
    again = make_plan(recipe, values, MemoryFiles(patched))
    assert again.state is PatchState.APPLIED
    assert again.changes == ()

    for file in plan.changes:
        assert file.before is not None
        assert file.after is not None
        check_syntax(file.after, file.path)
        old, new = file.before.splitlines(keepends=True), file.after.splitlines(keepends=True)
        # nothing but the lines that the edits speak of goes away
        edits = sum(finding.kind != "inject" and finding.state is EditState.TO_DO for finding in file.findings)
        removed = [line for hunk in find_hunks(old, new) for line in old[hunk.start : hunk.end]]
        assert len(removed) <= 2 * edits + 1, removed
        # newlines are those of the file
        assert file.after.count(b"\n") == file.after.count(b"\r\n") or b"\r\n" not in file.before
        # taken back behind somebody's own lines at both ends, only these stay
        mine = [b"# mine\n", *new, b"# mine\n"] if new[-1].endswith(b"\n") else [b"# mine\n", *new]
        merged, conflicts = merge_three_way(new, mine, old)
        assert not conflicts
        assert [line for line in merged if line != b"# mine\n"] == old


@pytest.mark.parametrize(
    "path", sorted(path for files in REPOSITORIES.values() for path in files if path.endswith(".py"))
)
def test_the_fixtures_are_python_2(path: str, python2: Path, tmp_path: Path) -> None:
    data = next(files[path] for files in REPOSITORIES.values() if path in files)
    (tmp_path / "file.py").write_bytes(data)
    assert compile_errors(python2, [tmp_path / "file.py"]) == []
