"""Page: paste activities, see each tagged, open one to see which words spoke for it, download the table."""

import streamlit as st

from opscope.display import as_html, as_sentence
from opscope.errors import ModelError
from opscope.explanation import Explanation
from opscope.guide import guide
from opscope.model import Model, load
from opscope.policies import BALANCED, POLICIES
from opscope.prediction import Prediction
from opscope.results import RESULT_COLUMNS
from opscope.tables import as_csv
from opscope.text import activities_in
from opscope.wording import as_percent, percent_of

EXAMPLES = """\
Re-grind the die after the burr complaint from line 2
Renegotiate the resin contract with both suppliers
Monday: swap the filler nozzles before the cream run
Book the carrier for the two late pallets to Lyon
Scrap rate at the trim press up to 4 % since the new coil
Patients wait 40 min in radiology because scanner 2 is down
"""
STYLE = """
<style>
mark { color: inherit; padding: 0 .15em; border-radius: .2em; }
mark.opscope-production { background: rgb(230 159 0 / calc(.12 + .5 * var(--strength))); border-bottom: 2px solid #b87f00; }
mark.opscope-operations { background: rgb(0 114 178 / calc(.12 + .45 * var(--strength))); border-bottom: 2px dotted #0072b2; }
p.opscope-text { font-size: 1.15rem; line-height: 2; overflow-wrap: anywhere; }
</style>
"""


@st.cache_resource
def active_model() -> Model:
    """The active version, loaded once for all users."""
    return load()


def main() -> None:
    """Draws the page."""
    st.markdown(STYLE, unsafe_allow_html=True)
    st.title("Production-scoped or operations-wide?")
    paste = st.text_area(
        "Activities, one a line",
        value=EXAMPLES,
        height=190,
        help="Bullets, numbering and check boxes are taken off; blank lines are left out.",
    )
    activities = activities_in(paste)
    if not activities:
        st.info("Paste one or more activities above, one a line.")
        st.stop()
    try:
        model = active_model()
    except ModelError as error:
        st.error(str(error))
        st.stop()
    policy = st.segmented_control(
        "Policy",
        list(POLICIES),
        default=BALANCED,
        format_func=lambda name: f"{name}: at most {POLICIES[name]:.0%} wrong",
        help="How many of the labels given without a person may be wrong. A stricter policy sends more to a person.",
    )
    found = model.predict(activities, policy or BALANCED)
    _show_summary(found)
    chosen = _show_table(found)
    st.subheader("Why")
    _show_explanation(model.explain(activities[chosen], policy or BALANCED))


def _show_summary(found: list[Prediction]) -> None:
    decisions = [prediction.decision for prediction in found]
    columns = st.columns(4)
    labels = guide().labels
    columns[0].metric(labels["production"].name, decisions.count("production"))
    columns[1].metric(labels["operations"].name, decisions.count("operations"))
    columns[2].metric("for a person to review", decisions.count("review"))
    columns[3].metric("unfamiliar", decisions.count("unfamiliar"))


def _show_table(found: list[Prediction]) -> int:
    """Draws the table; returns the position of the chosen row, the first unless the user chose another."""
    event = st.dataframe(
        _table(found),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "probability": st.column_config.ProgressColumn("probability", min_value=50, max_value=100, format="%d %%"),
            "activity": st.column_config.TextColumn("activity", width="large"),
        },
        alt="Each activity with its label, probability, decision and function",
    )
    st.caption("Select a row to see which words spoke for its label.")
    st.download_button(
        "Download as CSV",
        data=lambda: as_csv({"text": [p.text for p in found]} | {n: [getattr(p, n) or "" for p in found] for n in RESULT_COLUMNS}),
        file_name="opscope.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    rows = event.selection.rows
    return rows[0] if rows and rows[0] < len(found) else 0


def _table(found: list[Prediction]) -> dict[str, list]:
    labels, functions = guide().labels, guide().functions
    return {
        "activity": [p.text for p in found],
        "label": [labels[p.label].name for p in found],
        "probability": [min(percent_of(p.probability), 99) for p in found],  # 100 % would claim too much
        "decision": [labels[p.decision].name if p.decision in labels else p.decision for p in found],
        "function": [functions[p.function].title for p in found],
        "owner": [p.owner for p in found],
        "reason": [p.reason for p in found],
        "question": [p.question or "" for p in found],
    }


def _show_explanation(explained: Explanation) -> None:
    st.markdown(f'<p class="opscope-text">{as_html(explained)}</p>', unsafe_allow_html=True)
    st.text(explained.reason)
    if explained.prediction.question:
        st.info(explained.prediction.question, icon=":material/help:")
    st.caption(
        "Solid orange speaks for production-scoped, dotted blue for operations-wide; "
        "the deeper the colour, the more the word moved the score."
    )
    words, rule = st.columns(2)
    with words:
        _show_words(explained)
        _show_similar(explained)
    with rule:
        _show_rule(explained)


def _show_words(explained: Explanation) -> None:
    st.markdown("**What each word adds** (log-odds, above zero for production-scoped)")
    strongest = explained.strongest
    st.dataframe(
        {"word": [c.word for c in strongest], "adds": [round(c.value, 3) for c in strongest]},
        hide_index=True,
        height="content" if len(strongest) <= 10 else 390,
        alt="Words of the activity and what each adds to the score",
    )
    st.caption(f"Intercept {explained.intercept:+.3f}, sum {explained.score:+.3f}")


def _show_similar(explained: Explanation) -> None:
    st.markdown("**Similar labelled activities**")
    labels = guide().labels
    st.dataframe(
        {
            "near": [round(similar.similarity, 2) for similar in explained.similar],
            "label": [labels[similar.label].name for similar in explained.similar],
            "activity": [similar.text for similar in explained.similar],
        },
        hide_index=True,
        alt="The nearest labelled activities with their labels",
    )
    if explained.counterfactual:
        st.markdown("**What would change it**")
        st.text(explained.counterfactual.sentence)


def _show_rule(explained: Explanation) -> None:
    function = guide().functions[explained.prediction.function]
    st.markdown(f"**{function.title}**: {explained.rule}")
    st.caption("Sources: " + ", ".join(explained.sources))
    likely = [f"{guide().functions[name].title} {as_percent(share)}" for name, share in explained.functions]
    st.markdown("**Likeliest functions**: " + ", ".join(likely))
    for clause in explained.clauses:
        st.text(f"“{clause.text}” alone: {as_sentence(clause)}")
    for topic in explained.contested[:2]:
        st.markdown(f"**Contested: {topic.title}.** Production-scoped: {topic.production} Operations-wide: {topic.operations}")
        st.caption(topic.disagreement)
    with st.expander("Where the sources compare the two"):
        for aspect in explained.aspects:
            st.markdown(f"**{aspect.title}** ({', '.join(aspect.sources)})")
            st.markdown(f"- production management: {aspect.production}\n- operations management: {aspect.operations}")


main()
