import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opscope import evidence
from opscope.errors import InputError
from opscope.evidence import evidence_pack, explained_places
from opscope.formats.base import Row
from opscope.guide import guide
from opscope.tables import Table
from opscope.tagged_list import TaggedList
from opscope.text import clean

GREASE, RESIN = "Re-grind the die after the burr complaint from line 2", "Renegotiate the resin contract with both suppliers"
LIST = (GREASE, RESIN, "scrap", "", "Where is the key?", "x " * 15_000)
VOID = {"meta", "rect"}
ATTRIBUTES = {
    "aria-hidden", "aria-label", "aria-labelledby", "charset", "class", "content", "dir", "height", "href", "http-equiv", "id",
    "lang", "name", "preserveaspectratio", "role", "scope", "style", "tabindex", "title", "viewbox", "width",
}  # fmt: skip
TAGS = (
    "a article body caption dd div dl dt h1 h2 h3 head header html li main mark meta nav p rect section span strong style svg "
    "table tbody td th thead title tr ul"
).split()


class Page(HTMLParser):
    """What is in a page: elements with their attributes, texts by element, and whether every tag is closed by its own."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open, self.declarations = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.texts.append("")
        if tag not in VOID:
            self.open.append((tag, len(self.texts) - 1))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, place in self.open:
            self.texts[place] += data

    def handle_comment(self, data):
        self.declarations.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment

    def texts_of(self, tag, kind=None):
        return [
            text
            for (name, attributes), text in zip(self.elements, self.texts, strict=True)
            if name == tag and kind in (None, attributes.get("class"))
        ]


def pack_of(model, tagged):
    return evidence_pack(tagged, [model.explain(tagged.texts[place], tagged.policy) for place in explained_places(tagged)])


@pytest.fixture(scope="module")
def tagged(model):
    return TaggedList.of_texts(model, LIST, name="plant/tickets.csv")


@pytest.fixture(scope="module")
def text(model, tagged):
    return pack_of(model, tagged)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_the_page_needs_nothing_from_elsewhere_and_no_script(text, page):
    assert {tag for tag, _ in page.elements} <= set(TAGS)
    assert "url(" not in text and "@import" not in text and "://" not in text
    assert all(attributes.get("href", "#").startswith("#") for _, attributes in page.elements)
    assert {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"} in [
        attributes for _, attributes in page.elements
    ]


def test_the_page_has_a_language_a_title_and_headings_in_order(page):
    assert page.elements[0] == ("html", {"lang": "en"})
    title = "Production-scoped or operations-wide: tickets.csv"
    assert page.texts_of("title") == page.texts_of("h1") == [title]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    assert page.texts_of("h2") == ["Summary", "Policy", "Activities", "Words", "About this page"]


def test_every_header_of_a_table_has_a_scope(page):
    scopes = [attributes.get("scope") for tag, attributes in page.elements if tag == "th"]
    assert set(scopes) == {"col", "row"}
    assert len(page.texts_of("caption")) == len(page.texts_of("table")) == 3


def test_links_lead_to_what_is_there_once(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {attributes["href"][1:] for _, attributes in page.elements if "href" in attributes}
    wanted |= {attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes}
    assert wanted <= set(ids)


def test_the_summary_counts_and_the_policy_promises(page):
    paragraphs = page.texts_of("p")
    assert paragraphs[1].startswith(
        "Of 6 rows 2 got their label without a person, 2 are for a person to decide, and 2 are empty, unreadable or too long. "
        "Of 2 labels given without a person fewer than one ("
    )
    assert paragraphs[2].startswith("The policy is balanced. At most 5 % of the labels given without a person are wrong, on activi")
    rows = page.texts_of("tr")
    assert rows[1:5] == ["production-scoped116.7 %", "operations-wide116.7 %", "review116.7 %", "unfamiliar350.0 %"]


def test_a_bar_is_as_long_as_its_share(page):
    bars = [(attributes["class"], attributes["width"]) for tag, attributes in page.elements if tag == "rect"]
    assert bars[:4] == [("production", "16.67"), ("operations", "16.67"), ("review", "16.67"), ("unfamiliar", "50.00")]


def test_every_row_is_told_and_one_that_cannot_be_read_gets_no_label(page, tagged):
    rows = page.texts_of("tr")[-len(LIST) :]
    assert rows[0] == (
        f"1{GREASE}production-scopedover 99 %production-scopedEquipment maintenanceproduction management"
        "It reads as equipment maintenance, which is production-scoped (over 99\u00a0%)."
    )
    assert rows[2].startswith(
        "3scrapproduction-scopedover 99 %reviewCost of makingproduction management“scrap” alone says too little"
    )
    assert rows[2].endswith(tagged.predictions[2].question)
    assert rows[3].startswith("4––unfamiliar––The text is empty.")
    assert rows[5].startswith(f"6{('x ' * 120).strip()} … (30,000 characters)––unfamiliar––The text has 30,000 characters")


def test_words_are_marked_for_the_decided_and_those_in_review_with_the_guides_rule(page, model):
    assert page.texts_of("p", "marked") == [GREASE, RESIN, "scrap"]
    assert page.texts_of("h3")[:3] == [
        "Row 1: production-scoped (over 99 %)", "Row 2: operations-wide (over 99 %)",
        "Row 3: review leans to production-scoped (over 99 %)",
    ]  # fmt: skip
    terms = dict(zip(page.texts_of("dt")[:5], page.texts_of("dd")[:5], strict=True))
    explained = model.explain(GREASE)
    assert terms["Reason"] == explained.reason
    first = explained.speaking_for("production")[0]
    assert terms["For production-scoped"].startswith(f"“{first.word}” +{first.value:.2f}, ")
    assert re.match(r"“complaint” −\d\.\d\d, ", terms["For operations-wide"])
    rule = guide().functions["equipment_maintenance"]
    assert terms["Guide’s rule"] == f"Equipment maintenance: {rule.definition} ({', '.join(rule.sources)})"


def test_the_sides_differ_in_colour_and_in_line_and_a_legend_says_how(text, page):
    lines = {side: re.search(rf"mark\.opscope-{side} {{[^}}]*border-bottom: 2px (\w+)", text)[1] for side in guide().labels}
    assert lines == {"production": "solid", "operations": "dotted"}
    (legend,) = page.texts_of("p", "legend")
    assert legend.startswith("solid orange line speaks for production-scoped, dotted blue line for operations-wide;")


def test_light_dark_and_paper_are_thought_of(text):
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media print" in text and "size: A4 landscape" in text


def test_versions_meanings_sources_and_limits_are_told_at_the_end(page, tagged):
    assert page.texts_of("h3")[-4:] == ["Versions", "What the words mean", "Sources of the guide", "Limits"]
    told = dict(zip(page.texts_of("dt"), page.texts_of("dd"), strict=True))
    assert told["Model version"] == tagged.model_version and told["Guide version"] == "1"
    assert told["production (production-scoped)"] == guide().labels["production"].meaning
    assert told["S1"] == guide().sources["S1"].title
    assert page.texts_of("li")[-5] == (
        "opscope reads English only. Farming, mining, energy generation and building sites are left out of its guide."
    )


def test_of_a_long_list_those_in_review_and_the_least_certain_are_explained_and_the_page_says_so(monkeypatch, model):
    texts = [GREASE, "Schedule line 2 and run payroll for the office", RESIN, "scrap", ""]
    tagged = TaggedList.of_texts(model, texts)
    monkeypatch.setattr(evidence, "MOST_EXPLAINED", 2)
    assert explained_places(tagged) == (1, 3)
    page = Page(pack_of(model, tagged))
    assert page.texts_of("p", "marked") == [texts[1], texts[3]]
    assert (
        "The words of 2 of the 4 rows that are decided or in review. At most 2 are told: those in review first, then those whose "
        "label is least certain."
    ) in page.texts_of("p")


def test_up_to_500_are_explained(model):
    assert explained_places(TaggedList.of_texts(model, [GREASE] * 501)) == tuple(range(500))


def test_rows_with_the_same_text_share_an_explanation(model):
    tagged = TaggedList.of_texts(model, [GREASE, GREASE])
    assert Page(evidence_pack(tagged, [model.explain(GREASE)])).texts_of("p", "marked") == [GREASE] * 2


def test_an_explanation_of_another_version_is_refused(model, tagged):
    explained = model.explain(GREASE)
    other = replace(explained, prediction=replace(explained.prediction, model_version="old"))
    message = f"An explanation is of version old, the list was tagged by {model.version}. Explain it with that one."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        evidence_pack(tagged, [other])


def test_a_list_without_rows_gives_a_page(model):
    page = Page(evidence_pack(TaggedList.of_texts(model, []), []))
    assert "No label was given without a person." in page.texts_of("p")[1]


def test_an_accent_behind_a_marked_word_does_not_break_its_tag(model):
    text = f"{GREASE}\u0338"
    assert Page(pack_of(model, TaggedList.of_texts(model, [text]))).texts_of("p", "marked") == [text]


UGLY = [
    "<script>alert(1)</script> grease the chain",
    "</td></table><img src=x onerror=alert(1)> swap the nozzle",
    "grease \u202ethe chain\u202c & pay the \u2066carrier\u2069",
    "<\u0338b> grease>\u0338 \u0338the\u0338 chain",
    "grease\x00the\x1b[31m chain\x85 \ud800 now",
    "\"><svg/onload=alert(1)> '; grease the <!-- chain ]]> &lt;b&gt;",
]
ANY = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(
        st.sampled_from(["grease the chain", "<b>", "</p>", "&", '"', "'", "\u202e", "\u0338", "<!--", "x", " "]), max_size=12
    ).map("".join),
)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(ANY, min_size=1, max_size=4), name=ANY)
@example(texts=UGLY, name='<b>/"<i>\u202e.csv')
def test_no_tag_and_nothing_harmful_of_the_user_comes_out(model, texts, name):
    table = Table(name, ("text",), tuple(Row(number, (one,)) for number, one in enumerate(texts, start=2)))
    told = pack_of(model, TaggedList.of_table(model, table, 0))
    told.encode("utf-8")
    page = Page(told)
    assert not page.open
    assert page.declarations == ["DOCTYPE html"]
    assert {tag for tag, _ in page.elements} <= set(TAGS)
    assert {name for _, attributes in page.elements for name in attributes} <= ATTRIBUTES
    assert {unicodedata.category(c) for c in told if c != "\n"}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn"})
    assert page.texts_of("td", "user") == [clean(one) for one in texts]
    decided = [one for one, found in zip(texts, model.predict(texts), strict=True) if found.decision != "unfamiliar"]
    assert [clean(one) for one in page.texts_of("p", "marked")] == [clean(one) for one in decided]
