import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscope.paste import activities_in_paragraph, likeliest_text_column, pasted_table


def test_a_list_has_one_column_and_no_bullets():
    table = pasted_table("- Grease the chain\n\n2) Pay the carrier\n[x] Vet the bank\n")
    assert table.columns == ("text",)
    assert [row.values for row in table.rows] == [("Grease the chain",), ("Pay the carrier",), ("Vet the bank",)]


def test_cells_of_a_spreadsheet_keep_their_columns_and_codes():
    table = pasted_table('No\tTask\tSite\n007\tGrease the chain\tLyon\n008\t"Pay, and file,\nthe invoice"\t\n')
    assert table.columns == ("No", "Task", "Site")
    assert [(row.number, *row.values) for row in table.rows] == [
        (2, "007", "Grease the chain", "Lyon"),
        (3, "008", "Pay, and file,\nthe invoice", ""),
    ]
    assert likeliest_text_column(table) == 1


def test_without_a_header_columns_are_numbered_and_the_text_is_found_by_its_letters():
    table = pasted_table("A1\tGrease the chain of the filler\t3\nA2\tPay the carrier\t4")
    assert table.columns == ("column 1", "column 2", "column 3")
    assert len(table.rows) == 2
    assert likeliest_text_column(table) == 1


def test_headers_that_repeat_or_are_empty_get_names():
    assert pasted_table("task\t\ttask\na\tb\tc").columns == ("task", "column 2", "task 3")


def test_a_tab_within_one_line_of_a_list_makes_no_table():
    assert pasted_table("Grease the chain\nPay the carrier\nVet\tthe bank").columns == ("text",)


@pytest.mark.parametrize(
    ("paragraph", "activities"),
    [
        (
            "We grease line 2 at six. Then Ana pays the carrier; the bank is vetted by noon.",
            ["We grease line 2 at six.", "Then Ana pays the carrier", "the bank is vetted by noon."],
        ),
        ("Feed 2.5 kg of resin. Done.", ["Feed 2.5 kg of resin. Done."]),
        ("  \n ", []),
    ],
)
def test_a_paragraph_is_split_at_its_sentences(paragraph, activities):
    assert activities_in_paragraph(paragraph) == activities


@given(st.text())
def test_any_paste_is_a_table_whose_rows_fit_its_header(text):
    table = pasted_table(text)
    assert all(len(row.values) == len(table.columns) for row in table.rows)
    assert 0 <= likeliest_text_column(table) < len(table.columns)
    assert all(activities_in_paragraph(text))
