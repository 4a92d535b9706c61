from hypothesis import given
from hypothesis import strategies as st

from opscope.duplicates import near_duplicates

BOUNDS = [0.2, 0.4, 0.6, 0.9]


def test_texts_that_overlap_are_found_and_others_not():
    texts = ["Grease the chain of packer 3", "grease  the chain of packer 4", "Pay the carrier", "x"]
    assert [(a, b) for a, b, _ in near_duplicates(texts)] == [(0, 1)]


def test_the_overlap_is_jaccard_of_character_runs():
    # abcd bcde cdef / abcd bcde cdex: two shared of four
    assert list(near_duplicates(["abcdef", "abcdex"], above=0.4)) == [(0, 1, 0.5)]
    assert list(near_duplicates(["abcdef", "abcdex"], above=0.5)) == []


def test_of_texts_that_are_the_same_each_is_paired_with_the_first():
    assert list(near_duplicates(["Pay tax", "pay  tax", "x", "PAY TAX"])) == [(0, 1, 1.0), (0, 3, 1.0)]


@given(st.lists(st.text("abc ", max_size=14), max_size=12, unique_by=lambda text: " ".join(text.split())), st.sampled_from(BOUNDS))
def test_none_is_missed_and_none_made_up(texts, above):
    folded = [" ".join(text.split()) for text in texts]
    runs = [{text[start : start + 4] for start in range(len(text) - 3)} or {text} for text in folded]
    overlaps = {(a, b): len(runs[a] & runs[b]) / len(runs[a] | runs[b]) for b in range(len(runs)) for a in range(b)}
    found = {(a, b): overlap for a, b, overlap in near_duplicates(texts, above=above)}
    assert found == {pair: overlap for pair, overlap in overlaps.items() if overlap > above}
