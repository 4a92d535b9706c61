"""Page: the guide that the labels are defined in, all of it, with a search."""

from collections.abc import Callable, Sequence

import streamlit as st

from opscope.guide import Aspect, Boundary, DecidingStep, Function, Label, Source, Topic, guide
from opscope.guide_search import entries_of, search_guide
from opscope.markdown import as_markdown
from opscope.pages.signing_in import guard
from opscope.roles import CLASSIFY


def main() -> None:
    """Draws the page."""
    guard(CLASSIFY)
    st.title("The guide")
    st.markdown("What production-scoped and operations-wide mean, drawn from five texts that compare the two (S0 to S4).")
    query = st.text_input(
        "Search",
        placeholder="such as: spare parts supplier",
        help="All words must occur in an entry, in any order; upper and lower case are alike.",
        type="search",
        live=True,
        key="guide_query",
    )
    found, every = search_guide(guide(), query), entries_of(guide())
    is_search = bool(query.strip())
    if not found.count:
        st.info(f"Nothing in the guide holds all of: {as_markdown(query)}. Try fewer words, or the beginning of one.")
        return
    st.caption(f"{found.count} of {every.count} entries" if is_search else f"{every.count} entries, version {guide().version}")
    _show("The two labels", found.labels, every.labels, _show_label, is_open=True)
    _show("The order of deciding", found.steps, every.steps, _show_step, is_open=True)
    _show("Functions", found.functions, every.functions, _show_function, is_open=is_search)
    _show("Contested topics", found.topics, every.topics, _show_topic, is_open=is_search)
    _show("Boundaries", found.boundaries, every.boundaries, _show_boundary, is_open=is_search)
    _show("Where the sources compare the two", found.aspects, every.aspects, _show_aspect, is_open=is_search)
    _show("Sources", found.sources, every.sources, _show_source, is_open=is_search)


def _show(title: str, found: Sequence, every: Sequence, show_one: Callable, *, is_open: bool) -> None:
    """A section with its count; without an entry it is left out."""
    if not found:
        return
    count = f"{len(every)}" if len(found) == len(every) else f"{len(found)} of {len(every)}"
    with st.expander(f"**{title}** ({count})", expanded=is_open):
        for entry in found:
            show_one(entry)


def _show_label(label: Label) -> None:
    st.markdown(f"**{label.name}** ({label.owner}). {label.meaning}")


def _show_step(step: DecidingStep) -> None:
    number = guide().steps.index(step) + 1
    st.markdown(f"**{number}. {step.title}** {step.rule}{_sources(step.sources)}")


def _show_function(function: Function) -> None:
    name = guide().labels[function.label].name
    st.markdown(f"**{function.title}**, {name}. {function.definition}{_sources(function.sources)}")
    st.caption(f"Ask: {function.question} In tables: `{function.key}`")


def _show_topic(topic: Topic) -> None:
    names = guide().labels
    st.markdown(
        f"**{topic.title}**\n"
        f"- {names['production'].name}: {topic.production}\n"
        f"- {names['operations'].name}: {topic.operations}\n"
        f"- the sources: {topic.disagreement}{_sources(topic.sources)}"
    )
    words = ", ".join(cue.replace("*", "…") for cue in topic.cues)
    st.caption(f"Ask: {topic.question} Bears on: {_titles(topic.functions)}. Words that touch it: {words}")


def _show_boundary(boundary: Boundary) -> None:
    st.markdown(f"**{boundary.title}.** {boundary.rule}")
    st.caption(f"Bears on: {_titles(boundary.functions)}.")


def _show_aspect(aspect: Aspect) -> None:
    disagreement = f"\n- where they disagree: {aspect.disagreement}" if aspect.disagreement else ""
    st.markdown(
        f"**{aspect.title}**{_sources(aspect.sources)}\n"
        f"- production management: {aspect.production}\n"
        f"- operations management: {aspect.operations}{disagreement}"
    )
    topics = f" Contested: {', '.join(guide().topics[key].title for key in aspect.topics)}." if aspect.topics else ""
    st.caption(f"Bears on: {_titles(aspect.functions)}.{topics}" if aspect.functions else topics.strip())


def _show_source(source: Source) -> None:
    st.markdown(f"**{source.key}: {source.title}.** {source.note}")


def _sources(keys: Sequence[str]) -> str:
    return f" ({', '.join(keys)})" if keys else ""


def _titles(functions: Sequence[str]) -> str:
    return ", ".join(guide().functions[key].title.lower() for key in functions)


main()
