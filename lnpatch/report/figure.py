"""The figure of a report: as a file of its own, and as a part of a page that is light or dark."""

from __future__ import annotations

import re

from lnpatch.curves.panels import make_panels
from lnpatch.curves.plot import render_figure
from lnpatch.curves.summary import CurvesSummary


def draw_figure(summary: CurvesSummary) -> tuple[bytes, str] | None:
    """Return the figure as the bytes of an SVG file, and as an element for a page; None where there is nothing to draw.

    Raises:
        PlotLibraryError: there is no matplotlib.
    """
    panels = make_panels(summary)
    if not panels:
        return None
    (file,) = render_figure(panels, ["svg"], summary.title)
    (for_page,) = render_figure(panels, ["svg"], transparent=True)  # its title stands below it
    return file, adapt_to_page(for_page.decode())


def adapt_to_page(svg: str) -> str:
    """Return an SVG of matplotlib's as an element whose ink and grid are those of the page, and that scales with it."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", element, count=1)
    element = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", element, count=1)
    element = element.replace("<svg", '<svg role="img" aria-label="training curves"', 1)
    # black is what matplotlib draws axes with, and one of the colours of curves: both have to be seen on a dark page
    for colour, own in (("#000000", "currentColor"), ("#e4e4e4", "var(--grid)"), ("#0072b2", "var(--blue)")):
        element = element.replace(colour, own)
    return element
