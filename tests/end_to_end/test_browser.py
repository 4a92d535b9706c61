"""What people do in the app, click by click."""

import csv
import io
import re

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from opscope.aliases import aliases_of
from opscope.reviews import open_reviews

LISTED = "Activities, one a line, or cells copied from a spreadsheet"


def paste(page: Page, text: str) -> None:
    field = page.get_by_role("textbox", name=LISTED)
    field.fill(text)
    field.press("Control+Enter")


def test_a_pasted_list_is_tagged_and_explained(page):
    paste(page, "Grease the filler bearings on line 2\nPay the carrier invoice for the Lyon pallets")
    expect(page.get_by_text("2 of 2 activities.")).to_be_visible()
    marked = page.locator("mark.opscope-production").first
    expect(marked).to_be_visible()
    expect(page.get_by_text("make it read as equipment maintenance")).to_be_visible()


def test_no_table_is_written_out_past_the_exports(page):
    paste(page, "=1+1 grease the filler bearings on line 2")
    expect(page.get_by_text("1 of 1 activities.")).to_be_visible()
    page.get_by_test_id("stDataFrame").first.hover()
    expect(page.get_by_role("button", name=re.compile("^Search: Each activity"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Download as CSV"))).to_have_count(0)


def test_another_wording_is_scored_as_it_is_typed(page):
    paste(page, "Grease the filler bearings on line 2")
    wording = page.get_by_role("textbox", name="Try another wording")
    expect(wording).to_have_value("Grease the filler bearings on line 2")  # the field of the activity before is gone by then
    wording.press_sequentially(" and pay the carrier invoice of the Lyon depot")
    expect(page.get_by_text("As it stands: production-scoped")).to_be_visible()


def test_markup_is_shown_as_text(page):
    paste(page, "<img src=x onerror=document.title='owned'> **grease** the filler bearings [now](javascript:alert(1))")
    expect(page.locator("p.opscope-text")).to_contain_text("<img src=x")
    assert page.title() != "owned"
    assert not page.locator("p.opscope-text img").count()


def test_the_paste_is_still_there_after_a_look_at_another_page(page):
    paste(page, "Grease the filler bearings on line 7")
    expect(page.get_by_text("1 of 1 activities.")).to_be_visible()
    page.get_by_role("link", name="Train").click()
    page.get_by_role("heading", name="Train on your own labels").wait_for()
    page.get_by_role("link", name="Classify").click()
    expect(page.get_by_role("textbox", name=LISTED)).to_have_value("Grease the filler bearings on line 7")


def test_an_uploaded_table_comes_back_with_its_columns(page, tmp_path):
    path = tmp_path / "tickets.csv"
    path.write_text("no;Description;site\n007;Swap the filler nozzle;A\n008;Renegotiate the resin contract;B\n", encoding="utf-8")
    page.get_by_text("Upload a table").click()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("2 of 2 activities.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [(row["no"], row["site"], row["label"]) for row in rows] == [("007", "A", "production"), ("008", "B", "operations")]


def test_the_list_goes_along_as_workbook_and_as_a_page_that_opens_offline(page, browser, tmp_path):
    paste(page, "Grease the filler bearings on line 2\n<script>document.title='owned'</script> Pay the carrier")
    expect(page.get_by_text("2 of 2 activities.")).to_be_visible()
    for name, ending in (("XLSX", ".xlsx"), ("Evidence pack", ".html")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        download.value.save_as(tmp_path / f"list{ending}")
    assert openpyxl.load_workbook(tmp_path / "list.xlsx").sheetnames == ["results", "review", "rejected", "summary", "about"]
    pack = browser.new_page()
    pack.goto((tmp_path / "list.html").as_uri())
    expect(pack.get_by_text("Grease the filler bearings on line 2").first).to_be_visible()
    assert pack.title() != "owned"
    pack.close()


def test_an_activity_is_reviewed_and_taken_back(page, folder):
    page.get_by_role("link", name="Review").click()
    page.get_by_role("textbox", name="name").fill("Anna")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("textbox", name="one a line").fill("Oil the chain of line 2\nPay the carrier of Lyon")
    page.get_by_role("button", name="Add to the queue").click()
    page.get_by_role("button", name=re.compile("^Production-scoped")).click()
    undo = {state: page.get_by_role("button", name=re.compile("^Undo"), disabled=state == "off") for state in ("on", "off")}
    expect(undo["on"]).to_have_count(1)
    expect(undo["off"]).to_have_count(0)
    assert [verdict.label for verdict in open_reviews(folder / "reviews.sqlite").verdicts()] == ["production"]
    undo["on"].click()
    expect(undo["off"]).to_have_count(1)
    expect(undo["on"]).to_have_count(0)
    assert [verdict.verdict for verdict in open_reviews(folder / "reviews.sqlite").verdicts()] == ["accept", "withdrawn"]


@pytest.fixture
def own_labels(tmp_path, activities):
    path = tmp_path / "labels.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        rows = [(example.text, example.label, example.function) for example in activities.examples[:140]]
        csv.writer(handle).writerows([("text", "label", "function"), *rows, ("", "production", "")])
    return path


def test_a_version_is_trained_promoted_and_rolled_back(page, own_labels, folder):
    before = aliases_of(folder / "models").active
    page.get_by_role("link", name="Train").click()
    page.locator("input[type=file]").set_input_files(own_labels)
    page.get_by_text("Leave the shipped rows out").click()
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_text("Rows that cannot be learned from", exact=True)).to_be_visible(timeout=240_000)
    page.get_by_text("Train without the rows that cannot be learned from").click()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(re.compile("^Training: "))).to_be_visible()
    page.get_by_role("link", name="Classify").click()  # the training goes on while the page is left
    page.get_by_role("heading", name="Production-scoped or operations-wide?").wait_for()
    page.get_by_role("link", name="Train").click()
    expect(page.get_by_text("Training has ended. The new version is the candidate.")).to_be_visible(timeout=480_000)
    page.get_by_role("button", name="Promote the candidate").click()
    expect(page.get_by_text("was not promoted: on the evaluation set it has")).to_be_visible()
    page.get_by_text("Promote even if it is worse").click()
    page.get_by_role("textbox", name="Reason").fill("a trial")
    page.get_by_role("textbox", name="Reason").press("Enter")
    page.get_by_role("button", name="Promote the candidate").click()
    expect(page.get_by_text("is active now.")).to_be_visible()
    assert aliases_of(folder / "models").active != before
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("The version before is active again.")).to_be_visible()
    assert aliases_of(folder / "models").active == before
    assert [step.done for step in aliases_of(folder / "models").log][-3:] == ["trained", "promoted", "rolled back"]
