"""The locked versions: one file for each extra, which fits what pyproject.toml allows, and names no place to get them from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def direct_requirements(extra: str) -> list[Requirement]:
    """What an extra asks for, with what lnpatch itself does; an extra that takes others has theirs."""
    found = [Requirement(text) for text in (*PROJECT["dependencies"], *EXTRAS[extra])]
    own = [requirement for requirement in found if requirement.name == "lnpatch"]
    more = [other for requirement in own for name in requirement.extras for other in direct_requirements(name)]
    return [requirement for requirement in found if requirement not in own] + more


def locked(extra: str) -> list[Requirement]:
    lines = (ROOT / "requirements" / f"{extra}.lock").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_every_extra_is_locked_and_nothing_else() -> None:
    assert {path.stem for path in (ROOT / "requirements").glob("*.lock")} == EXTRAS.keys()


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_locked_versions_are_allowed(extra: str) -> None:
    versions: dict[str, set[str]] = {}
    for requirement in locked(extra):
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", requirement
        versions.setdefault(normalise(requirement.name), set()).add(specifier.version)
    for requirement in direct_requirements(extra):
        found = versions.get(normalise(requirement.name))
        assert found, f"{requirement} is not locked: bash .ci/lock"
        assert all(requirement.specifier.contains(version) for version in found), f"{requirement}: bash .ci/lock"


@pytest.mark.parametrize("extra", EXTRAS)
def test_no_place_is_named(extra: str) -> None:
    text = (ROOT / "requirements" / f"{extra}.lock").read_text()
    assert not re.search(r"://|^--|^-", text, re.MULTILINE)


def normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
