import re

import pytest

from opscope.errors import GuideError
from opscope.guide import guide, read_guide
from opscope.paths import shipped

S3_ROWS = 30


def test_the_guide_holds_all_parts():
    read = guide()
    assert len(read.functions) == 26
    assert len(read.functions_of("production")) == 10
    assert len(read.functions_of("operations")) == 16
    assert len(read.topics) == 14
    assert [source for source in read.sources] == ["S0", "S1", "S2", "S3", "S4"]
    assert len(read.boundaries) >= 10


def test_every_source_row_is_covered_by_an_aspect():
    import tomllib

    aspects = tomllib.loads(shipped("data/guide.toml").read_text(encoding="utf-8"))["aspects"]
    covered = [name for aspect in aspects for name in aspect["covers"]]
    assert len(covered) == len(set(covered))
    counts = {source: sum(name.startswith(source) for name in covered) for source in ("S0", "S1", "S2", "S3", "S4")}
    assert counts["S3"] >= S3_ROWS
    assert sum(name.startswith("S1 question") for name in covered) == 20
    assert all(counts.values())


def test_every_aspect_has_two_sides_and_a_bearing():
    for aspect in guide().aspects:
        assert aspect.production and aspect.operations and aspect.production != aspect.operations, aspect.key
        assert aspect.sources, aspect.key
        assert aspect.functions or aspect.topics, aspect.key


def test_every_function_is_touched_by_an_aspect():
    touched = {function for aspect in guide().aspects for function in aspect.functions}
    assert touched == set(guide().functions)


def test_the_confusion_with_product_management_is_named():
    assert "product" in guide().sources["S4"].note and "operations" in guide().sources["S4"].note


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('label = "production"\ntitle = "Equipment maintenance"', 'label = "plant"\ntitle = "Equipment maintenance"', None),
        ("[labels.operations]", "[labels.office]", "labels are production, office, expected operations and production"),
    ],
)
def test_an_inconsistent_guide_is_refused(tmp_path, old, new, message):
    text = shipped("data/guide.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "guide.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    message = message or "function equipment_maintenance has label 'plant', expected operations or production"
    with pytest.raises(GuideError, match=re.escape(message)):
        read_guide(path)


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    path = tmp_path / "guide.toml"
    path.write_text("labels = [", encoding="utf-8")
    with pytest.raises(GuideError, match="cannot be read as the guide"):
        read_guide(path)


def test_the_order_of_deciding_begins_with_whether_it_is_an_activity():
    assert [step.key for step in guide().steps] == ["activity", "setting", "reach", "object", "both"]
