"""What shows a run while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lnpatch.training.output import Event
    from lnpatch.training.prepare import TrainPlan


class TrainView(Protocol):
    """Shows a run while it goes on."""

    def report_step(self, text: str) -> None:
        """Show what is being done before the trainer starts."""

    def start(self, plan: TrainPlan) -> None:
        """Show that the trainer starts."""

    def show_line(self, text: str) -> None:
        """Show a line of the trainer's output."""

    def show_event(self, event: Event) -> None:
        """Show what the trainer reports."""


class SilentView:
    """A view that shows nothing."""

    def report_step(self, text: str) -> None:
        pass

    def start(self, plan: TrainPlan) -> None:
        pass

    def show_line(self, text: str) -> None:
        pass

    def show_event(self, event: Event) -> None:
        pass
