"""The explanation of one activity on a page: its words marked, what each adds, the rule, what is similar, what would change it."""

import streamlit as st

from opscope.display import as_html, as_sentence
from opscope.explanation import Explanation
from opscope.guide import OPERATIONS, PRODUCTION, guide
from opscope.pages.shared import COLOUR_OF
from opscope.text import clean
from opscope.wording import as_percent

STYLE = """
<style>
mark { color: inherit; padding: 0 .15em; border-radius: .2em; }
mark.opscope-production { background: rgb(230 159 0 / calc(.1 + .42 * var(--strength))); border-bottom: 2px solid #b87f00; }
mark.opscope-operations { background: rgb(0 114 178 / calc(.12 + .45 * var(--strength))); border-bottom: 2px dotted #0072b2; }
p.opscope-text { font-size: 1.15rem; line-height: 2; overflow-wrap: anywhere; }
</style>
"""
_MOST_BARS = 12


def show_explanation(explained: Explanation) -> None:
    """Draws all of it, the reason first."""
    st.html(STYLE)
    st.html(f'<p class="opscope-text" dir="auto">{as_html(explained)}</p>')
    st.text(f"{_leaning(explained)}{explained.reason}")
    if explained.prediction.question:
        st.info(explained.prediction.question, icon=":material/help:")
    st.caption(
        "Solid orange speaks for production-scoped, dotted blue for operations-wide; "
        "the deeper the colour, the more the word moved the score."
    )
    _show_words(explained)
    _show_rule(explained)
    _show_similar(explained)
    if explained.counterfactual:
        st.markdown("**What would change it**")
        st.text(clean(explained.counterfactual.sentence))


def _leaning(explained: Explanation) -> str:
    """What an undecided activity leans to; the reason of a decided one says it already."""
    found = explained.prediction
    if found.decision == found.label:
        return ""
    return f"{found.decision.capitalize()}: leans to {guide().labels[found.label].name} ({as_percent(found.probability)}). "


def _show_words(explained: Explanation) -> None:
    """The additive bar: what each word or phrase adds to the log-odds."""
    strongest, names = explained.strongest[:_MOST_BARS], guide().labels
    sides = [PRODUCTION if contribution.value > 0 else OPERATIONS for contribution in strongest]
    st.markdown("**What each word adds** (log-odds, above zero for production-scoped)")
    st.vega_lite_chart(
        {
            "word": [f"{place}. {clean(c.word)}" for place, c in enumerate(strongest, start=1)],
            "adds": [round(c.value, 3) for c in strongest],
            "speaks for": [names[side].name for side in sides],
        },
        {
            "mark": {"type": "bar"},
            "encoding": {
                "y": {"field": "word", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 220}},
                "x": {"field": "adds", "type": "quantitative", "title": "adds to the score"},
                "color": {
                    "field": "speaks for",
                    "type": "nominal",
                    "scale": {"domain": [names[side].name for side in COLOUR_OF], "range": list(COLOUR_OF.values())},
                    "legend": {"orient": "bottom", "title": None},
                },
            },
            "height": {"step": 22},
        },
    )
    rest = len(explained.strongest) - len(strongest)
    left_out = f", {rest} weaker words left out of the picture" if rest else ""
    st.caption(f"Intercept {explained.intercept:+.3f} and all words add up to {explained.score:+.3f}{left_out}.")


def _show_rule(explained: Explanation) -> None:
    function = guide().functions[explained.prediction.function]
    st.markdown(f"**{function.title}**: {explained.rule}")
    likely = [f"{guide().functions[name].title} {as_percent(share)}" for name, share in explained.functions]
    st.caption(f"Sources: {', '.join(explained.sources)}. Likeliest functions: {', '.join(likely)}.")
    for clause in explained.clauses:
        st.text(f"“{clean(clause.text)}” alone: {as_sentence(clause)}")
    for topic in explained.contested[:2]:
        st.markdown(f"**Contested: {topic.title}.** Production-scoped: {topic.production} Operations-wide: {topic.operations}")
        st.caption(topic.disagreement)
    if explained.aspects:
        with st.expander("Where the sources compare the two"):
            for aspect in explained.aspects:
                st.markdown(f"**{aspect.title}** ({', '.join(aspect.sources)})")
                st.markdown(f"- production management: {aspect.production}\n- operations management: {aspect.operations}")


def _show_similar(explained: Explanation) -> None:
    st.markdown("**Similar activities**, those that people decided first")
    labels = guide().labels
    st.dataframe(
        {
            "near": [round(similar.similarity, 2) for similar in explained.similar],
            "label": [labels[similar.label].name for similar in explained.similar],
            "activity": [similar.text for similar in explained.similar],
            "decided by": [", ".join(similar.decided_by) or "training row" for similar in explained.similar],
            "because": [similar.reason for similar in explained.similar],
        },
        hide_index=True,
        alt="The nearest reviewed and labelled activities with their labels, who decided and why",
    )
