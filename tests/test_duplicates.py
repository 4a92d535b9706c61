from opscope.duplicates import near_duplicates


def test_texts_that_overlap_are_found_and_others_not():
    texts = ["Grease the chain of packer 3", "grease  the chain of packer 4", "Pay the carrier", "x"]
    assert [(a, b) for a, b, _ in near_duplicates(texts)] == [(0, 1)]


def test_the_overlap_is_jaccard_of_character_runs():
    # abcd bcde cdef / abcd bcde cdex: two shared of four
    assert list(near_duplicates(["abcdef", "abcdex"], above=0.4)) == [(0, 1, 0.5)]
    assert list(near_duplicates(["abcdef", "abcdex"], above=0.5)) == []
