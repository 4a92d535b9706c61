"""The evidence pack: one HTML page that tells of a tagged list and of what its tags rest on, to be read, printed and kept.

It needs no script and nothing from elsewhere. Whatever comes from the user is shown as text.
"""

from collections.abc import Iterator, Sequence

from opscope.about import LIMITS, Fact, date_of, expected_wrong_of, meanings, name_of, promise_of, versions_of
from opscope.display import as_html
from opscope.errors import InputError
from opscope.evidence_style import STYLE
from opscope.explanation import Explanation
from opscope.guide import LABELS, OPERATIONS, PRODUCTION, guide
from opscope.markup import Head, bar_row, facts_list, section, shown, table, tag
from opscope.prediction import REVIEW, UNFAMILIAR, Prediction
from opscope.tagged_list import TaggedList
from opscope.wording import as_percent

MOST_EXPLAINED = 500
_LONGEST_SHOWN = 240  # characters of a text in the table
_WORDS_SHOWN = 6  # of each side
_TOPICS_SHOWN = 2
_ALLOWED = "default-src 'none'; style-src 'unsafe-inline'"
_DECISIONS = (PRODUCTION, OPERATIONS, REVIEW, UNFAMILIAR)
_SECTIONS = {"summary": "Summary", "policy": "Policy", "activities": "Activities", "words": "Words", "about": "About this page"}
_ROWS, _SHARE, _BAR = Head("Rows", number=True), Head("Share", number=True), Head("Bar")
_COLUMNS = ("Row", "Activity", "Label", "Probability", "Decision", "Function", "Owner", "Reason", "Question")
_LEGEND = (
    f'<p class="legend"><mark class="opscope-{PRODUCTION}" style="--strength:0.70">solid orange line</mark> speaks for '
    f'production-scoped, <mark class="opscope-{OPERATIONS}" style="--strength:0.70">dotted blue line</mark> for operations-wide; '
    "the deeper the colour, the more the word counts. Figures are what a word adds to the log-odds, above zero for "
    "production-scoped; those of all words and the intercept add up to the score.</p>"
)


def explained_places(tagged: TaggedList) -> tuple[int, ...]:
    """Places of the rows whose words the pack tells, in order: those that are decided or in review.

    Where they are more than MOST_EXPLAINED, first come those in review, and then those whose label is least certain.
    """
    found = tagged.predictions
    places = [place for place, prediction in enumerate(found) if prediction.decision != UNFAMILIAR]
    places.sort(key=lambda place: (found[place].decision != REVIEW, found[place].probability))
    return tuple(sorted(places[:MOST_EXPLAINED]))


def evidence_pack(tagged: TaggedList, explanations: Sequence[Explanation]) -> str:
    """The page. ``explanations`` are those of the rows at explained_places, in any order; words of others are not told.

    Raises InputError when an explanation is of another version than the one that tagged the list.
    """
    explained = _explained(tagged, explanations)
    title = f"Production-scoped or operations-wide: {shown(name_of(tagged))}"
    policy = f"<p>The policy is <strong>{tagged.policy}</strong>. {promise_of(tagged.policy)}</p>"
    contents = {
        "summary": _summary(tagged),
        "policy": policy,
        "activities": _activities(tagged, explained),
        "words": _words(tagged, explained),
        "about": _about(tagged),
    }
    links = "".join(f'<li><a href="#{key}">{heading}</a></li>' for key, heading in _SECTIONS.items())
    sections = "\n".join(section(key, heading, contents[key]) for key, heading in _SECTIONS.items())
    versions = f"model {shown(tagged.model_version)}, guide {shown(tagged.guide_version)}, policy {tagged.policy}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_ALLOWED}">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="quiet">{tagged.summary.rows:,} rows, tagged by opscope on {date_of(tagged)}; {versions}.</p>
<nav aria-label="Contents"><ul>{links}</ul></nav>
</header>
<main>
{sections}
</main>
</body>
</html>
"""


def _explained(tagged: TaggedList, explanations: Sequence[Explanation]) -> dict[int, Explanation]:
    """The explanations by the place of their row; rows with the same text share one."""
    by_text = {}
    for explanation in explanations:
        if (version := explanation.prediction.model_version) != tagged.model_version:
            raise InputError(
                f"An explanation is of version {version}, the list was tagged by {tagged.model_version}. Explain it with that one."
            )
        by_text[explanation.prediction.text] = explanation
    texts = tagged.texts
    return {place: by_text[texts[place]] for place in explained_places(tagged) if texts[place] in by_text}


def _summary(tagged: TaggedList) -> str:
    told, functions = tagged.summary, guide().functions
    sentence = (
        f"Of {told.rows:,} rows {told.decided:,} got their label without a person, {told.to_review:,} are for a person to decide, "
        f"and {told.rejected:,} are empty, unreadable or too long. {expected_wrong_of(told)}"
    )
    found = sorted((key for key in functions if told.functions[key]), key=lambda key: -told.functions[key])
    decided = table(
        "Decisions, of all rows",
        "counts",
        (Head("Decision"), _ROWS, _SHARE, _BAR),
        (bar_row(tag(key), key, told.decisions[key], told.rows) for key in _DECISIONS),
    )
    worked = table(
        "Functions, of the rows decided or in review",
        "counts",
        (Head("Function"), _ROWS, _SHARE, _BAR),
        (bar_row(functions[key].title, functions[key].label, told.functions[key], told.activities) for key in found),
    )
    return f'<p>{sentence}</p>\n<div class="two">\n{decided}\n{worked}\n</div>'


def _activities(tagged: TaggedList, explained: dict[int, Explanation]) -> str:
    rejected, texts = {row.place for row in tagged.rejected}, tagged.texts
    lines = (
        _line(_row(tagged, place, linked=place in explained), texts[place], prediction, rejected=place in rejected)
        for place, prediction in enumerate(tagged.predictions)
    )
    heads = [Head(name, number=name in ("Row", "Probability")) for name in _COLUMNS]
    return table("All rows, in the order of the list; a row number that is a link leads to the words", "activities", heads, lines)


def _row(tagged: TaggedList, place: int, *, linked: bool) -> str:
    number = tagged.table.rows[place].number
    return f'<a href="#words-{place}">{number}</a>' if linked else f"{number}"


def _line(row: str, text: str, found: Prediction, *, rejected: bool) -> str:
    """A row of the table of all activities; a label of nothing would be misleading."""
    shortened = f"{text[:_LONGEST_SHOWN]} … ({len(text):,} characters)" if len(text) > _LONGEST_SHOWN else text
    told = (tag(found.label), as_percent(found.probability), guide().functions[found.function].title, found.owner)
    label, percent, function, owner = ("–",) * 4 if rejected else told
    return (
        f'<tr><th scope="row" class="number">{row}</th><td class="user" dir="auto">{shown(shortened)}</td><td>{label}</td>'
        f'<td class="number">{percent}</td><td>{tag(found.decision)}</td><td>{function}</td><td>{owner}</td>'
        f'<td class="why">{_unbroken(found.reason)}</td><td class="why">{shown(found.question or "")}</td></tr>'
    )


def _unbroken(reason: str) -> str:
    """The reason, with each figure and its per cent sign in one line."""
    return shown(reason).replace(" %", "&nbsp;%")


def _words(tagged: TaggedList, explained: dict[int, Explanation]) -> str:
    many, activities = len(explained), tagged.summary.activities
    if many == activities:
        told = f"The words of all {many:,} rows that are decided or in review."
    else:
        told = (
            f"The words of {many:,} of the {activities:,} rows that are decided or in review. At most {MOST_EXPLAINED:,} are told: "
            "those in review first, then those whose label is least certain."
        )
    articles = (_article(tagged, place, explanation) for place, explanation in explained.items())
    return "\n".join((f"<p>{told}</p>", _LEGEND, *articles))


def _article(tagged: TaggedList, place: int, explanation: Explanation) -> str:
    """What one activity's tag rests on."""
    found = tagged.predictions[place]
    leaning = tag(found.label) if found.decision == found.label else f"{tag(found.decision)} leans to {tag(found.label)}"
    heading = f"Row {_row(tagged, place, linked=False)}: {leaning} ({as_percent(found.probability)})"
    return (
        f'<article aria-labelledby="words-{place}">\n<h3 id="words-{place}">{heading}</h3>\n'
        f'<p class="marked" dir="auto">{as_html(explanation)}</p>\n{facts_list(_facts(found, explanation))}\n</article>'
    )


def _facts(found: Prediction, explanation: Explanation) -> Iterator[Fact]:
    # Under another policy the decision, and so the explanation's reason, may be another.
    yield Fact("Reason", explanation.reason if explanation.prediction.decision == found.decision else found.reason)
    if found.question:
        yield Fact("Question", found.question)
    for label in reversed(LABELS):
        speaking = explanation.speaking_for(label)[:_WORDS_SHOWN]
        words = ", ".join(f"“{c.word}” {_signed(c.value)}" for c in speaking)
        yield Fact(f"For {guide().labels[label].name}", words or "no word")
    yield Fact("Score", f"{_signed(explanation.score)}, of it the intercept {_signed(explanation.intercept)}")
    function = guide().functions[found.function]
    yield Fact("Guide’s rule", f"{function.title}: {explanation.rule} ({', '.join(explanation.sources)})")
    for topic in explanation.contested[:_TOPICS_SHOWN]:
        sides = f"Production-scoped when: {topic.production} Operations-wide when: {topic.operations}"
        yield Fact("Contested", f"{topic.title}. {sides}")
    if explanation.counterfactual:
        yield Fact("What would change it", explanation.counterfactual.sentence)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _about(tagged: TaggedList) -> str:
    limits = "".join(f"<li>{limit}</li>" for limit in LIMITS)
    sources = [Fact(source.key, source.title) for source in guide().sources.values()]
    return (
        f"<h3>Versions</h3>\n{facts_list(versions_of(tagged))}\n<h3>What the words mean</h3>\n{facts_list(meanings())}\n"
        f"<h3>Sources of the guide</h3>\n{facts_list(sources)}\n<h3>Limits</h3>\n<ul>{limits}</ul>"
    )
