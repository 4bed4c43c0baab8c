"""What shows a study while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lnpatch.study.run_status import RunStatus


class StudyView(Protocol):
    """Shows a study while it goes on."""

    def report_step(self, text: str) -> None:
        """Show what is being done before the runs start."""

    def show_runs(self, runs: Sequence[RunStatus]) -> None:
        """Show how far all runs are; called about once a second, and at the end."""

    def show_stopping(self) -> None:
        """Show that the runs were told to save and stop."""


class SilentStudyView:
    """A view that shows nothing."""

    def report_step(self, text: str) -> None:
        pass

    def show_runs(self, runs: Sequence[RunStatus]) -> None:
        pass

    def show_stopping(self) -> None:
        pass
