import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscope.guide import guide
from opscope.guide_search import entries_of, search_guide


def test_every_entry_is_there():
    every = entries_of(guide())
    counts = (len(every.labels), len(every.steps), len(every.functions), len(every.topics), len(every.sources))
    assert counts == (2, 5, 26, 14, 5)
    assert every.count == sum(counts) + len(guide().boundaries) + len(guide().aspects)


@pytest.mark.parametrize("query", ["", "  \n "])
def test_without_a_word_all_is_found(query):
    assert search_guide(guide(), query) == entries_of(guide())


def test_all_words_must_occur_in_any_order_and_case():
    found = search_guide(guide(), "SUPPLIER  spare")
    assert [boundary.key for boundary in found.boundaries] == ["spare_parts"]
    assert found == search_guide(guide(), "spare supplier")
    assert found.count < search_guide(guide(), "spare").count


def test_a_function_is_found_by_its_key_and_by_the_name_of_its_label():
    assert [function.key for function in search_guide(guide(), "equipment_maintenance").functions] == ["equipment_maintenance"]
    assert len(search_guide(guide(), "production-scoped").functions) == 10


def test_an_aspect_is_found_by_the_title_of_its_function():
    aspects = search_guide(guide(), guide().functions["finance"].title).aspects
    assert {aspect.key for aspect in guide().aspects if "finance" in aspect.functions} <= {aspect.key for aspect in aspects}


def test_nothing_is_found_where_a_word_occurs_nowhere():
    assert search_guide(guide(), "spare zzz").count == 0


@given(st.text(max_size=20), st.text(max_size=20))
def test_one_more_word_never_finds_more(first, second):
    assert search_guide(guide(), f"{first} {second}").count <= search_guide(guide(), first).count
