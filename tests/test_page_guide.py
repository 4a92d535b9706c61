from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from opscope.guide import guide

APP = str(Path(__file__).parents[1] / "app.py")


@pytest.fixture
def page():
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page("src/opscope/pages/guide.py").run()
    assert not app.exception
    return app


def search(app, query):
    app.text_input(key="guide_query").set_value(query).run()
    assert not app.exception
    return app


def told(app):
    return "\n".join(block.value for block in (*app.markdown, *app.caption))


def test_all_of_the_guide_is_there_with_counts(page):
    assert [section.label for section in page.expander] == [
        "**The two labels** (2)", "**The order of deciding** (5)", "**Functions** (26)", "**Contested topics** (14)",
        "**Boundaries** (10)", "**Where the sources compare the two** (51)", "**Sources** (5)",
    ]  # fmt: skip
    read, shown = guide(), told(page)
    for entry in (*read.functions.values(), *read.topics.values(), *read.boundaries.values(), *read.aspects):
        assert f"**{entry.title}" in shown
    assert page.caption[0].value == "113 entries, version 1"


def test_a_function_is_shown_with_definition_and_sources(page):
    function = guide().functions["equipment_maintenance"]
    assert f"**{function.title}**, production-scoped. {function.definition} (S1, S2, S3)" in told(page)


def test_a_topic_is_shown_with_both_rules_and_the_disagreement(page):
    topic = guide().topics["new_products"]
    rules = f"- production-scoped: {topic.production}\n- operations-wide: {topic.operations}\n"
    assert f"{rules}- the sources: {topic.disagreement} (S3, S4)" in told(page)


def test_a_search_leaves_what_holds_all_words_and_opens_it(page):
    search(page, "SUPPLIER spare")
    assert [section.label for section in page.expander] == ["**Boundaries** (1 of 10)"]
    assert page.expander[0].proto.expanded
    assert page.caption[0].value == "1 of 113 entries"


def test_where_nothing_is_found_the_page_says_so(page):
    search(page, "zzz *x*")
    assert page.info[0].value == r"Nothing in the guide holds all of: zzz \*x\*. Try fewer words, or the beginning of one."
    assert not page.expander


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=12))
def test_any_query_gives_a_page(page, query):
    search(page, query)
    assert page.info or page.expander
