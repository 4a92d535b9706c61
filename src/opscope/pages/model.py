"""Page: what a version is for, how good it is and where it errs, its strongest words, and how versions came and went."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from opscope.aliases import ACTIVE, CANDIDATE, Aliases, aliases_of, versions_by_age
from opscope.card import calibration_lines
from opscope.card_file import read_card
from opscope.confusion import Confusion, confusion_of
from opscope.errors import OpscopeError
from opscope.evaluation import Report, evaluate
from opscope.guide import OPERATIONS, PRODUCTION, guide
from opscope.labelled import read_dataset
from opscope.markdown import as_markdown
from opscope.pages.shared import COLOUR_OF, loaded
from opscope.pages.signing_in import guard
from opscope.paths import shipped
from opscope.registry import default_models, read_manifest
from opscope.reliability import ReliabilityPoint, reliability_in_words, reliability_of
from opscope.roles import CLASSIFY
from opscope.scorer import Scorer
from opscope.strongest import WeighedWord, strongest_of_function, strongest_of_label
from opscope.tables import read_table

_STYLE = """
<style>
@media (max-width: 640px) {
  [data-testid="stMarkdownContainer"] :is(th, td) { overflow-wrap: anywhere; padding: .3rem; font-size: .8rem; }
  [data-testid="stMarkdownContainer"] :is(th, td):first-child { overflow-wrap: normal; }
}
</style>
"""
_CURVE = "benchmarks/learning_curve.csv"
_WORDS, _MIXED = 15, 10


@dataclass(frozen=True)
class Measured:
    """What was found on the evaluation set."""

    report: Report
    confusion: Confusion


@st.cache_resource(max_entries=10, show_spinner="Measuring on the evaluation set")
def _measured(folder: Path) -> Measured:
    """Versions never change, so that each is measured once."""
    model, rows = loaded(folder), read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True)
    return Measured(evaluate(model, rows), confusion_of(rows, model.predict(rows.texts)))


def main() -> None:
    """Draws the page."""
    guard(CLASSIFY)
    st.html(_STYLE)
    st.title("The model")
    models = default_models()
    try:
        aliases, names = aliases_of(models), versions_by_age(models)
    except OpscopeError as error:
        st.error(as_markdown(str(error)))
        return
    if not names:
        st.info("There is no version yet. Train one on the Train page.")
        return
    newest_first = names[::-1]
    name = st.selectbox(
        "Version",
        newest_first,
        index=newest_first.index(aliases.active) if aliases.active in names else 0,
        format_func=lambda name: f"{name} ({called})" if (called := _called(name, aliases)) else name,
        key="model_version",
    )
    for show in (_show_card, _show_figures, _show_curve):
        try:
            show(models / name)
        except OpscopeError as error:
            st.error(as_markdown(str(error)))
    _show_versions(models, newest_first, aliases)


def _called(name: str, aliases: Aliases) -> str:
    return ", ".join(alias for alias in (ACTIVE, CANDIDATE) if getattr(aliases, alias) == name)


def _show_card(folder: Path) -> None:
    card = read_card(folder)
    st.markdown(card.front)
    with st.expander("Technical part of the card"):
        st.markdown(f"\n{card.technical}".replace("\n## ", "\n#### "))  # below the headings of the page


def _show_figures(folder: Path) -> None:
    model = loaded(folder)
    measured = _measured(folder)
    st.header("May its probabilities be believed?", divider="gray")
    _show_reliability(measured.report)
    st.header("What is taken for what", divider="gray")
    _show_confusion(measured.confusion)
    st.header("The strongest words", divider="gray")
    _show_words(model.loaded.scorer)


def _show_reliability(report: Report) -> None:
    st.markdown(reliability_in_words(report.calibration))
    _draw_reliability(reliability_of(report.calibration))
    st.caption("A point on the dashed diagonal: right as often as said. The upright lines are 95 % intervals.")
    with st.expander("In figures"):
        st.markdown("\n".join(f"- {line}" for line in calibration_lines(report)))


def _draw_reliability(points: tuple[ReliabilityPoint, ...]) -> None:
    data = {
        "probability": [point.probability for point in points],
        "right": [point.right for point in points],
        "low": [point.low for point in points],
        "high": [point.high for point in points],
        "texts": [point.count for point in points],
    }
    axis = {"type": "quantitative", "axis": {"format": "%"}}
    x = {"field": "probability", "scale": {"domain": [0.5, 1]}, "title": "probability given"} | axis
    y = {"scale": {"domain": [0.2, 1], "clamp": True}, "title": "share right"} | axis
    tooltip = [{"field": name, "format": ".1%", "type": "quantitative"} for name in ("probability", "right", "low", "high")]
    ends = {"values": [{"probability": 0.5, "right": 0.5}, {"probability": 1, "right": 1}]}
    st.vega_lite_chart(
        data,
        {
            "height": 320,
            "layer": [
                {
                    "data": ends,
                    "mark": {"type": "line", "strokeDash": [6, 4], "color": "gray"},
                    "encoding": {"x": x, "y": y | {"field": "right"}},
                },
                {"mark": {"type": "rule"}, "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}},
                {
                    "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                    "encoding": {"x": x, "y": y | {"field": "right"}, "tooltip": [*tooltip, {"field": "texts"}]},
                },
            ],
        },
        alt="Share of right labels against the probability they were given with, with 95 % intervals and the diagonal",
    )


def _show_confusion(confusion: Confusion) -> None:
    st.markdown("\n".join(f"- {sentence}" for sentence in confusion.sentences))
    names = {key: label.name for key, label in guide().labels.items()}
    kinds = [names.get(label, "no activity") for label in confusion.labels]
    lines = [["decided", *kinds], ["---", *["--:"] * len(kinds)]]
    for place, decision in enumerate(confusion.decisions):
        lines.append([names.get(decision, decision), *(f"{counts[place]:,}" for counts in confusion.counts)])
    st.markdown("\n".join(f"| {' | '.join(cells)} |" for cells in lines))  # unlike st.table it fits on a phone
    st.caption("In the columns, what the rows of the evaluation set are; in the lines, what was decided by the balanced policy.")
    with st.expander("Functions that are taken for one another"):
        titles = {key: function.title for key, function in guide().functions.items()}
        mixed = [f"- {titles[m.own]} taken for {titles[m.taken_for].lower()}: {m.times} times" for m in confusion.mixed[:_MIXED]]
        st.markdown("\n".join(mixed) or "None.")


def _show_words(scorer: Scorer) -> None:
    st.markdown(
        "What a word seen in training adds to the log-odds of a text of it alone; in a text of nine words it adds a third of that."
    )
    for column, label in zip(st.columns(2), (PRODUCTION, OPERATIONS), strict=True):
        with column:
            st.markdown(f"**{guide().labels[label].name}**")
            _draw_words(strongest_of_label(scorer, label, _WORDS), label)
    function = st.selectbox(
        "Words of a function",
        list(guide().functions),
        format_func=lambda key: guide().functions[key].title,
        key="model_function",
    )
    _draw_words(strongest_of_function(scorer, function, _WORDS), guide().functions[function].label)


def _draw_words(words: tuple[WeighedWord, ...], label: str) -> None:
    st.vega_lite_chart(
        {"word": [one.word for one in words], "adds": [round(one.weight, 2) for one in words]},
        {
            "mark": {"type": "bar", "color": COLOUR_OF[label]},
            "encoding": {
                "y": {"field": "word", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 150}},
                "x": {"field": "adds", "type": "quantitative", "title": "adds"},
            },
            "height": {"step": 20},
        },
        alt=f"The strongest words: {', '.join(one.word for one in words)}",
    )


def _show_curve(folder: Path) -> None:
    """The learning curve of the card, and that of the shipped rows where the checkout has it."""
    told, path = read_card(folder).section("Would more labels help?"), shipped(_CURVE)
    if not told and not path.is_file():
        return
    st.header("Would more labels help?", divider="gray")
    st.markdown(told)
    if path.is_file():
        rows = [row.values for row in read_table(path).rows]
        st.vega_lite_chart(
            {"rows": [int(row[0]) for row in rows], "right": [float(row[1]) for row in rows]},
            {
                "height": 260,
                "mark": {"type": "line", "point": True},
                "encoding": {
                    "x": {"field": "rows", "type": "quantitative", "title": "labelled rows"},
                    "y": {
                        "field": "right",
                        "type": "quantitative",
                        "title": "labels right",
                        "axis": {"format": ".0%"},
                        "scale": {"zero": False},
                    },
                },
            },
            alt="Share of right labels on the evaluation set against the number of shipped rows learned from",
        )
        st.caption("Labels right on the evaluation set, learned from so many of the shipped rows.")


def _show_versions(models: Path, names: list[str], aliases: Aliases) -> None:
    st.header("Versions", divider="gray")
    for name in names:
        called = _called(name, aliases)
        st.markdown(f"**{as_markdown(name)}**" + (f" ({called})" if called else ""))
        try:
            told = read_manifest(models / name)
            own = f", {told.own_rows:,} of them your own" if told.own_rows else ""
            st.text(f"Trained {told.created} by {told.author} on {told.rows:,} rows{own}; guide {told.guide_version}.")
        except OpscopeError as error:
            st.error(as_markdown(str(error)))
    st.markdown("**What was done with them**, the latest first")
    for step in reversed(aliases.log):
        st.text(step.line)
    if not aliases.log:
        st.text("Nothing yet.")


main()
