"""Where to skip for want of matplotlib."""

from __future__ import annotations

from tests.curves.conftest import matplotlib as matplotlib
