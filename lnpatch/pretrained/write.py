"""The folder of an exported model: as the Hugging Face hub has them, written whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lnpatch import __version__
from lnpatch.errors import ExportFolderError, FileError, PackageMissingError
from lnpatch.errors.install_hint import how_to_install
from lnpatch.pretrained.modeling.base import Pretrained
from lnpatch.pretrained.modeling_text import write_modeling


@contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """Yield a folder to write to, which becomes *output* once all went well, and is removed where anything failed.

    Raises:
        ExportFolderError: there is something at *output*.
        FileError: it cannot be made.
    """
    if (output.is_dir() and any(output.iterdir())) or (output.exists() and not output.is_dir()):
        raise ExportFolderError(str(output))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".lnpatch-export-", dir=output.parent))
    except OSError as error:
        raise FileError(str(output), f"cannot be made ({error})") from error
    try:
        yield partial
        partial.chmod(0o755)  # tempfile's are closed to others
        if output.is_dir():
            output.rmdir()
        partial.rename(output)
    except OSError as error:
        raise FileError(str(output), f"cannot be written ({error})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_configuration(model: Pretrained, folder: Path) -> list[str]:
    """Write config.json and vocabulary.txt; return their names."""
    (folder / "config.json").write_text(json.dumps(model.config, indent=2) + "\n", encoding="utf-8")
    words = "".join(f"{word}\n" for word in model.words)
    (folder / "vocabulary.txt").write_text(words, encoding="utf-8", errors="surrogateescape", newline="\n")
    return ["config.json", "vocabulary.txt"]


def write_weights(model: Pretrained, folder: Path) -> list[str]:
    """Write model.safetensors; return its name.

    Raises:
        PackageMissingError: safetensors is not installed.
    """
    try:
        from safetensors.torch import save_file
    except ImportError as error:
        raise PackageMissingError("export", "safetensors", how_to_install("torch")) from error
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return ["model.safetensors"]


def write_code(model: Pretrained, title: str, folder: Path) -> list[str]:
    """Write modeling.py; return its name."""
    (folder / "modeling.py").write_text(write_modeling(type(model), title, __version__), encoding="utf-8")
    return ["modeling.py"]
