"""How the packages of an extra are installed beside this lnpatch."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_EXTRA = re.compile(r"^(?P<requirement>[^;]+?)\s*;\s*extra == ['\"](?P<extra>[^'\"]+)['\"]$")


def how_to_install(extra: str) -> str:
    """Return the command that installs what an extra of lnpatch's brings, by how lnpatch itself was installed.

    The requirements are named one by one: lnpatch is on no index, where a package of its name may be anybody's.
    """
    requirements = [shlex.quote(requirement) for requirement in _requirements(extra)]
    above = Path(sys.prefix).parts[-3:-1]
    if above == ("pipx", "venvs"):
        return f"pipx inject lnpatch {' '.join(requirements)}"
    if above == ("uv", "tools"):
        wanted = " ".join(f"--with {requirement}" for requirement in requirements)
        return f"uv tool install {wanted} {shlex.quote(_source())}"
    return f"{shlex.quote(sys.executable)} -m pip install {' '.join(requirements)}"


def _requirements(extra: str) -> list[str]:
    found = (_EXTRA.match(line) for line in importlib.metadata.requires("lnpatch") or ())
    return [match["requirement"] for match in found if match and match["extra"] == extra]


def _source() -> str:
    """Return where lnpatch was installed from, as its installer has written it down (PEP 610)."""
    text = importlib.metadata.distribution("lnpatch").read_text("direct_url.json")
    origin = json.loads(text) if text else {}
    url = str(origin.get("url", ""))
    if "vcs_info" in origin:
        return f"{origin['vcs_info']['vcs']}+{url}"
    return url2pathname(urlsplit(url).path) if url.startswith("file:") else url or "lnpatch"
