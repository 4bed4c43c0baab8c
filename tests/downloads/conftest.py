"""A server with files, a recipe of them, and nothing of the user's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lnpatch.downloads import transfer
from tests.downloads.server import (
    LONG_NAME,
    MODEL,
    OPTIONS,
    Served,
    Server,
    make_recipe,
)


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of checksums of the test's own, no proxy, and no patience."""
    monkeypatch.setenv("LNPATCH_DATA", str(tmp_path_factory.mktemp("data")))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(transfer, "PAUSE", 0.001)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with a model, its options and a log."""
    server = Server()
    server.files = {
        "/~r/model.npz": Served(MODEL),
        "/~r/model.npz.pkl": Served(OPTIONS, etag="", modified="Thu, 21 Jul 2016 00:00:00 GMT"),
        "/~r/stats_%5B240%5D_clip-c_%5B10.0%5D%20s1.npz.pkl": Served(OPTIONS),
    }
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def recipe(tmp_path: Path, server: Server) -> Path:
    base = f"{server.address}/~r"
    return make_recipe(
        tmp_path / "recipe.toml",
        ("model", f"{base}/model.npz", ""),
        ("options", f"{base}/model.npz.pkl", ""),
        ("log", f"{base}/{LONG_NAME}", 'file = "log.npz.pkl"'),
    )


@pytest.fixture
def serve(server: Server, tmp_path: Path) -> Callable[..., Path]:
    """Serve one file, and make the recipe that has it as ``file``."""

    def serve(name: str, file: Served, more: str = "") -> Path:
        server.files = {f"/{name}": file}
        return make_recipe(tmp_path / "recipe.toml", ("file", f"{server.address}/{name}", more))

    return serve


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "data/reader"
