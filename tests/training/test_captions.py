"""Captions and features that belong to each other, and those that do not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from lnpatch.errors import BadDataError
from lnpatch.recipes import find_recipe
from lnpatch.recipes.job import Captions
from lnpatch.training.captions import check_captions

SETTINGS = {"dim_image": 3, "batch_size": 4}


@pytest.fixture
def captions() -> Captions:
    """What the recipe of order-embeddings says."""
    captions = find_recipe("order-embeddings").jobs["train"].captions
    assert captions is not None
    return captions


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder that can be trained on: six images, and as many to validate."""
    folder = tmp_path / "coco"
    (folder / "images" / "10crop").mkdir(parents=True)
    for split in ("train", "val", "test"):
        (folder / f"{split}.txt").write_text("a cat on a mat\n" * 30)
        numpy.save(folder / "images" / "10crop" / f"{split}.npy", numpy.ones((6, 3), "float32"))
    return folder


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_what_can_be_trained_on(data: Path, captions: Captions, version: tuple[int, int]) -> None:
    with (data / "images/10crop/train.npy").open("wb") as file:
        numpy.lib.format.write_array(file, numpy.ones((6, 3), "float64", order="F"), version)
    (data / "val.txt").write_bytes(("Käse\r\n" * 30).encode()[:-2])
    assert check_captions(data, captions, SETTINGS) == ()


def replace(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda data: (data / name).write_bytes(content) and None


def save(name: str, array: object) -> Callable[[Path], None]:
    return lambda data: numpy.save(data / "images" / "10crop" / name, array)


def cut_off(data: Path) -> None:
    file = data / "images/10crop/test.npy"
    file.write_bytes(file.read_bytes()[:-4])


#: What is done to the folder, the settings, the file that is named, and words of the message.
REFUSED = [
    pytest.param(replace("val.txt", b"a\n" * 29), {}, "val.txt", ["29 captions", "6 images", "5 each"], id="too few"),
    pytest.param(replace("val.txt", b"a\n" * 35), {}, "val.npy", ["6 rows", "35 captions", "7 images"], id="too many"),
    pytest.param(save("train.npy", numpy.ones((5, 3))), {}, "train.npy", ["5 rows"], id="fewer rows than images"),
    pytest.param(save("train.npy", numpy.ones(6)), {}, "train.npy", ["matrix", "found 6 "], id="a vector"),
    pytest.param(save("train.npy", numpy.ones(())), {}, "train.npy", ["matrix"], id="a number"),
    pytest.param(save("train.npy", numpy.full((6, 3), "x")), {}, "train.npy", ["matrix of numbers"], id="words"),
    pytest.param(
        save("train.npy", numpy.full((6, 3), None)), {}, "train.npy", ["matrix of numbers"], id="pickled objects"
    ),
    pytest.param(
        lambda data: None, {"dim_image": 4096}, "train.npy", ["3 features", "dim_image=3"], id="another width"
    ),
    pytest.param(lambda data: None, {"batch_size": 6}, "train.npy", ["no batch", "6 images"], id="one batch, dropped"),
    pytest.param(lambda data: None, {"batch_size": 128}, "train.npy", ["no batch", "batches of 128"], id="no batch"),
    pytest.param(replace("images/10crop/test.npy", b"PK\3\4"), {}, "test.npy", ["no .npy"], id="no npy"),
    pytest.param(
        replace("images/10crop/test.npy", b"\x93NUMPY\1\0\x08\0{'shape'"), {}, "test.npy", ["head"], id="half a head"
    ),
    pytest.param(
        replace("images/10crop/test.npy", b"\x93NUMPY\2\0\xff\xff\xff\xff"),
        {},
        "test.npy",
        ["no .npy"],
        id="a huge head",
    ),
    pytest.param(cut_off, {}, "test.npy", ["cut off"], id="cut off"),
    pytest.param(replace("test.txt", "a\n".encode("utf-16") * 30), {}, "test.txt", ["byte order mark"], id="UTF-16"),
    pytest.param(replace("test.txt", b"\xef\xbb\xbf" + b"a\n" * 30), {}, "test.txt", ["byte order mark"], id="BOM"),
    pytest.param(replace("test.txt", b"a\r" * 30), {}, "test.txt:1", ["carriage return"], id="CR only"),
    pytest.param(replace("test.txt", b"a\n\0\n"), {}, "test.txt:2", ["NUL"], id="NUL"),
    pytest.param(replace("test.txt", b"a\nK\xe4se\n"), {}, "test.txt:2", ["0xe4", "iconv"], id="Latin-1"),
]


@pytest.mark.parametrize(("change", "settings", "file", "words"), REFUSED)
def test_what_is_refused(
    data: Path,
    captions: Captions,
    change: Callable[[Path], None],
    settings: dict[str, int],
    file: str,
    words: list[str],
) -> None:
    change(data)
    with pytest.raises(BadDataError) as refused:
        check_captions(data, captions, SETTINGS | settings)
    assert f"{file}: " in str(refused.value)
    for word in words:
        assert word in str(refused.value)
    shutil.rmtree(data)
