"""The hyperparameters as they stand in a checkout: functions, tables, flags of a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import JobSourceError
from lnpatch.recipes.job import Job
from lnpatch.training.settings import Setting, read_settings
from tests.conftest import make_checkout

FILES = {
    "train.py": b"def trainer(X, dim=2400, lrate=1e-3, name='a', reload_=False, home=HOME, **kwargs):\n    print X\n",
    "driver.py": b"default_params = {'max_epochs': 100, 'grad_clip': 2., 'data': 'coco', 'abs': True, 'other': [1]}\n",
    "main.py": b"import argparse\np = argparse.ArgumentParser()\np.add_argument('--dim', default=250, type=int)\n"
    b"p.add_argument('--lr', default=4e-4, type=float)\np.add_argument('--everywhere', action='store_true')\n"
    b"p.add_argument('model')\n",
}

CASES = [
    (
        "train.py:trainer",
        [
            Setting("X"),
            Setting("dim", 2400, True),
            Setting("lrate", 1e-3, True),
            Setting("name", "a", True),
            Setting("reload_", False, True),
            Setting("home"),
        ],
    ),
    (
        "driver.py:default_params",
        [
            Setting("max_epochs", 100, True),
            Setting("grad_clip", 2.0, True),
            Setting("data", "coco", True),
            Setting("abs", True, True),
            Setting("other"),
        ],
    ),
    (
        "main.py",
        [
            Setting("dim", 250, True, True),
            Setting("lr", 4e-4, True, True),
            Setting("everywhere", False, True, True),
        ],
    ),
]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.open(make_checkout(tmp_path / "checkout", FILES), "test")


@pytest.mark.parametrize(("place", "expected"), CASES, ids=["function", "table", "flags"])
def test_where_settings_stand(checkout: Checkout, place: str, expected: list[Setting]) -> None:
    assert list(read_settings(checkout, Job("train.py", parameters=(place,))).values()) == expected


def test_flags_come_before_parameters(checkout: Checkout) -> None:
    settings = read_settings(checkout, Job("train.py", parameters=("main.py", "train.py:trainer")))
    assert settings["dim"].flag
    assert not settings["name"].flag


@pytest.mark.parametrize("place", ["gone.py:trainer", "train.py:gone", "gone.py"])
def test_a_place_that_is_not_there(checkout: Checkout, place: str) -> None:
    with pytest.raises(JobSourceError, match="gone"):
        read_settings(checkout, Job("train.py", parameters=(place,)))
