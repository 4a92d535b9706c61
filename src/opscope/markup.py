"""Pieces of HTML in which anybody's text stays text: no tag comes out of it, and nothing that turns the order of letters round."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opscope.about import Fact
from opscope.guide import LABELS, guide
from opscope.text import clean


@dataclass(frozen=True)
class Head:
    """The head of a column; in one of ``number`` cells stand on the right."""

    name: str
    number: bool = False


def shown(text: str) -> str:
    """Anybody's text in one line, without control and invisible characters."""
    return html.escape(clean(text))


def tag(key: str) -> str:
    """A label or decision by its name, with a mark of its own."""
    name = guide().labels[key].name if key in LABELS else key
    return f'<span class="tag {key}">{name}</span>'


def section(key: str, heading: str, content: str) -> str:
    """A section with a heading that links lead to."""
    return f'<section aria-labelledby="{key}">\n<h2 id="{key}">{heading}</h2>\n{content}\n</section>'


def table(caption: str, kind: str, heads: Sequence[Head], lines: Iterable[str]) -> str:
    """A table of ``lines``, each a row of HTML; it may be moved sideways where it is too wide."""
    head = "".join(f'<th scope="col"{_number(column)}>{column.name}</th>' for column in heads)
    body = "\n".join(lines)
    return (
        f'<div class="scroll" role="region" aria-label="{caption}" tabindex="0">\n<table class="{kind}">\n'
        f"<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _number(column: Head) -> str:
    return ' class="number"' if column.number else ""


def bar_row(name: str, kind: str, count: int, total: int) -> str:
    """A row that tells a count and its share, as figures and as a bar."""
    percent = 100 * count / total if total else 0
    bar = (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{kind}" width="{percent:.2f}" height="10"/></svg>'
    )
    figures = f'<td class="number">{count:,}</td><td class="number">{percent:.1f} %</td>'
    return f'<tr><th scope="row">{name}</th>{figures}<td>{bar}</td></tr>'


def facts_list(facts: Iterable[Fact]) -> str:
    """Facts as a list of terms, escaped."""
    return f"<dl>{''.join(f'<dt>{shown(fact.title)}</dt><dd>{shown(fact.text)}</dd>' for fact in facts)}</dl>"
