"""A report as one HTML file that opens offline: no script, no address, light and dark as the reader's system is."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from lnpatch.report.blocks import Block, Commands, Document, Figure, Heading, Items, Paragraph, Row, Table

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --page: #ffffff; --shade: #f3f5f7; --grid: #e4e4e4; --blue: #0072b2 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa4af; --line: #30363d; --page: #0d1117; --shade: #161b22; --grid: #2a3038; --blue: #4ba3e3 }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 60rem; color: var(--ink); background: var(--page);
  font: 16px/1.55 system-ui, sans-serif; overflow-wrap: break-word }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line) }
.subtitle, figcaption { color: var(--soft); font-size: .875rem }
.subtitle { margin: 0 0 1.5rem }
figure { margin: 1rem 0 }
figcaption { margin-top: .5rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; min-width: 50% }
th, td { padding: .35rem .9rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom }
tbody th { font-weight: 400; min-width: 6.5rem }
.numeric td, .numeric thead th:not(:first-child) { text-align: right; white-space: nowrap; padding: .35rem .45rem }
.numeric .words { text-align: left; white-space: normal }
tr.ours th, tr.ours td { background: var(--shade); font-weight: 600 }
pre { background: var(--shade); padding: .75rem 1rem; border-radius: 6px; overflow-x: auto; font-size: .8rem; line-height: 1.5 }
pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere }
summary { cursor: pointer; color: var(--soft) }
svg { display: block; width: 100%; min-width: 34rem; height: auto; color: var(--ink) }
svg text { fill: currentColor }
"""


def render_html(document: Document, svg: str) -> str:
    """Return the document as a page.

    Args:
        svg: the figure, an ``<svg>`` element of our own; empty without one.
    """
    body = "\n".join(part for block in document.blocks for part in _render_block(block, svg))
    title = escape(document.title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1>{title}</h1>\n<p class="subtitle">{escape(document.subtitle)}</p>\n{body}\n</main>\n</body>\n</html>\n'
    )


def _render_block(block: Block, svg: str) -> Iterator[str]:
    match block:
        case Heading(text):
            yield f"<h2>{escape(text)}</h2>"
        case Paragraph(text):
            yield f"<p>{escape(text)}</p>"
        case Items(texts):
            yield "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"
        case Figure(caption):
            yield f'<figure><div class="wide">{svg}</div><figcaption>{escape(caption)}</figcaption></figure>'
        case Commands(lines, summary):
            code = escape("\n".join(lines))
            if summary:
                yield f"<details><summary>{escape(summary)}</summary><pre>{code}</pre></details>"
            else:
                yield f'<pre class="wrap">{code}</pre>'
        case Table():
            yield from _render_table(block)


def _render_table(table: Table) -> Iterator[str]:
    kind = ' class="numeric"' if table.numeric else ""
    head = ""
    if any(table.columns):
        head = (
            "<thead><tr>" + "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns) + "</tr></thead>"
        )
    rows = "".join(map(_render_row, table.rows))
    yield f'<figure><div class="wide"><table{kind}>{head}<tbody>{rows}</tbody></table></div>'
    yield (f"<figcaption>{escape(table.caption)}</figcaption>" if table.caption else "") + "</figure>"


def _render_row(row: Row) -> str:
    cells = "".join(f"<td{_kind(cell)}>{escape(cell)}</td>" for cell in row.cells)
    ours = ' class="ours"' if row.stands_out else ""
    return f'<tr{ours}><th scope="row">{escape(row.title)}</th>{cells}</tr>'


def _kind(cell: str) -> str:
    """Mark a cell of a table of figures that holds words."""
    return ' class="words"' if cell[:1].isalpha() else ""
