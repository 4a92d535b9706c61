"""Hostile text in activities, names, reasons and columns: shown as text, wherever it is shown, and obeyed by nobody."""

import csv
import html.parser
import io
import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit
from hypothesis import example, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import opscope
from faults import tries
from faults.hostile import NASTY, tiny_version
from opscope import cli, desk
from opscope.aliases import make_candidate, promote
from opscope.commands import explain, predict, review
from opscope.commands.base import say
from opscope.display import as_html, as_json, as_text
from opscope.evidence import evidence_pack, explained_places
from opscope.exporting import csv_of, workbook
from opscope.formats.base import Row
from opscope.jobs import JobState
from opscope.markdown import as_markdown, as_plain_markdown
from opscope.pages import frame
from opscope.pages.signing_in import served_settings
from opscope.reviews import open_reviews
from opscope.tables import Table, as_csv, read_table, safe_cell
from opscope.tagged_list import TaggedList
from opscope.text import clean
from opscope.verdicts import Verdict, problems_with
from opscope.visible import visible, visible_json, visible_line

EVERY = [text for kind in NASTY.values() for text in kind]
APP = str(Path(__file__).parents[2] / "app.py")
# Each is text in these words, mark-up otherwise; what tells it is kept where it is shown as text.
CANARIES = {
    "markdown": "grease ![zq](https://evil.example/p.png) :red[zq] [zq](https://evil.example)",
    "html": "grease <img src=zq onerror=alert(1)> <script>zq</script>",
    "lines": "grease\n\n![zq](https://evil.example/p.png)\n\n# zq",
    "table": "| zq | zq |\n|---|---|\n| $zq$ | <b>zq</b> |",
}
NAME = "2026-01-01-![zq](a) *zq*"
NOW = datetime(2026, 5, 1, tzinfo=UTC)
BARE_FORMULA = re.compile(r"[=+\-@＝＋－＠\t\r\n]")
FORMULA = re.compile(r"\W*[=+@＝＋＠－-]")
many = settings(max_examples=tries(40, 1000), deadline=None)
# Any text, with those characters often that steer something; nasty texts in one piece and between others.
any_text = st.lists(
    st.sampled_from(EVERY)
    | st.text(max_size=20)
    | st.text("\x1b\x9b\r\b\n\t\0\u202e\u2066\u200b\ud800=+-@<>&\"'`*_[]()!:$#|", max_size=20),
    max_size=3,
).map(" grease the chain ".join)  # fmt: skip


def steers(told):
    """Characters that a terminal obeys or that turn the order of letters round."""
    return {c for c in told if not c.isprintable() and c not in "\n\t" and not (c.isspace() and c > "\x9f")} | (
        {*told} & {*"\u2028\u2029"}
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A tiny version whose card, name, author and log are hostile, and another one."""
    folder = tmp_path_factory.mktemp("hostile") / "models"
    card = (
        "# x\n\n"
        + "\n\n".join((CANARIES["markdown"], CANARIES["html"], "$zq$"))
        + "\n\n## Would more labels help?\n\n"
        + CANARIES["markdown"]
    )
    tiny_version(folder, NAME, card=card, author=CANARIES["markdown"])
    tiny_version(folder, "2026-02-01-bbb", author=CANARIES["html"])
    promote(folder, NAME, why="\n".join(EVERY[:40]).replace("\ud800", ""), who=CANARIES["markdown"])
    make_candidate(folder, "2026-02-01-bbb")
    return folder


@pytest.fixture(scope="module")
def tiny(models):
    return opscope.load(models / NAME)


# What is written out


@given(text=any_text)
@example(text="".join(map(chr, range(0x300))))
@many
def test_what_steers_is_written_out_and_nothing_else_changes(text):
    shown = visible(text)
    assert not steers(shown) and "\n" not in visible_line(text) and "\t" not in visible_line(text)
    shown.encode("utf-8")
    assert shown == text or steers(text)


@given(told=st.recursive(any_text | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=4))
@many
def test_json_means_the_same_and_steers_nothing(told):
    shown = visible_json(json.dumps(told, ensure_ascii=False))
    assert json.loads(shown) == json.loads(json.dumps(told)) and not steers(shown)


# The command line


@pytest.fixture
def shared_model(tiny, monkeypatch, tmp_path):
    """Commands take the tiny version, loaded once, and reviews that are not there."""
    for command in (explain, predict, review):
        monkeypatch.setattr(command, "model_of", lambda options: tiny)
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "reviews.sqlite"))


def printed(capsys, *arguments):
    """What a command prints, errors too; it ends as it should."""
    assert cli.main([*arguments]) in (0, 2)
    out, err = capsys.readouterr()
    (out + err).encode("utf-8")
    return out + err


def test_every_command_prints_by_way_of_say():
    commands = Path(cli.__file__).with_name("commands")
    printing = [path.name for path in commands.glob("*.py") if re.search(r"\bprint\(|std(out|err)\.write", path.read_text())]
    assert sorted(printing) == ["base.py", "explain.py"]


@given(text=any_text)
@many
def test_an_explanation_steers_no_terminal(tiny, text):
    explained = tiny.explain(text)
    assert not steers(as_text(explained)) and not steers(as_json(explained))
    assert not steers(re.sub(r"\x1b\[(33|34|1|0)m", "", as_text(explained, coloured=True)))
    assert not steers(explained.reason) and "\n" not in explained.reason


@pytest.mark.parametrize("kind", NASTY)
def test_tagging_and_explaining_one_text_steer_no_terminal(shared_model, kind, capsys):
    for text in NASTY[kind]:
        for arguments in (["predict"], ["explain"], ["explain", "--json"]):
            assert not steers(printed(capsys, *arguments, "--", text))


@pytest.mark.parametrize("kind", ["terminal", "unseen", "long", "html"])
def test_files_and_columns_with_hostile_names_are_named_in_one_line(shared_model, tmp_path, kind, capsys):
    for text in NASTY[kind]:
        path = tmp_path / (
            re.sub("[/\0]", "", text).encode("utf-8", "surrogateescape" if "\udc80" in text else "replace")[:80]
        ).decode("utf-8", "surrogateescape")
        columns = io.StringIO()
        csv.writer(columns).writerow([text.replace("\0", ""), "b"])
        Path(f"{path}.csv").write_bytes(columns.getvalue().encode("utf-8", "replace") + b"1,2\n")
        told = printed(capsys, "predict", f"{path}.csv", "-o", str(tmp_path / "out.csv"))
        assert told.startswith("opscope: ") and told.count("\n") == 1 and not steers(told) and len(told) < 1000


def test_columns_without_an_end_are_not_all_listed(shared_model, tmp_path, capsys):
    (tmp_path / "wide.csv").write_text(",".join(f"column {n}" for n in range(9000)) + "\n")
    told = printed(capsys, "predict", str(tmp_path / "wide.csv"))
    assert "column 29 and 8,970 more. " in told and len(told) < 1000


def test_an_option_that_is_none_is_told_without_steering(capsys):
    with pytest.raises(SystemExit):
        cli.main(["predict", "x", "\x1b[2J", "--\u202ewhy\nopscope: all is well"])
    told = capsys.readouterr().err
    assert not steers(told) and "\nopscope: all is well" not in told


def hostile_verdicts():
    """Two on each text, as far as they are kept at all: most control characters are refused before."""
    for text in EVERY:
        for reviewer, label in ((f"Ana {text}"[:60].strip(), "production"), ("Ben", "operations")):
            told = {
                "text": f"grease {text}",
                "verdict": "change",
                "label": label,
                "reviewer": reviewer,
                "reason": text,
                "when": NOW,
            }
            if not problems_with(Verdict(**told)):
                yield Verdict(**told)


def test_reviews_steer_no_terminal(shared_model, tmp_path, capsys):
    kept = list(hostile_verdicts())
    assert len(kept) > 100 and any("\u202e" in verdict.text for verdict in kept)
    open_reviews().add(kept)
    for action in (["status"], ["status", "--json"], ["disputes"], ["disputes", "--json"]):
        told = printed(capsys, "review", *action)
        assert not steers(told) and len(told) > 1000
    lines = printed(capsys, "review", "disputes").splitlines()
    assert not [line for line in lines if not re.match(r"'|\"|  (production|operations) \(", line)], (
        "a name or reason forges a line"
    )
    printed(capsys, "review", "disputes", "-o", str(tmp_path / "disputes.csv"))
    assert not [cell for cell in cells_of((tmp_path / "disputes.csv").read_bytes()) if BARE_FORMULA.match(cell)]


def test_models_steer_no_terminal(models, capsys, monkeypatch):
    monkeypatch.setattr("opscope.compare._DRAWS", 20)
    for action in (["list"], ["list", "--log"], ["show"], ["show", "--json"], ["compare"]):
        assert not steers(told := printed(capsys, "models", *action, "--models", str(models)))
        assert action != ["list", "--log"] or told.count("\n") == 2, "a reason forges a line"


@given(text=any_text)
@many
def test_whatever_a_command_says_steers_no_terminal(text):
    stream, kept = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        patch.setattr("sys.stderr", kept)
        say(text)
        say(text, to_errors=True)
    assert not steers(stream.getvalue() + kept.getvalue())


# HTML


class Read(html.parser.HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, *sorted(attributes)))

    def handle_data(self, data):
        self.text += data


@given(text=any_text)
@many
def test_marked_text_is_the_text_in_marks_and_nothing_more(tiny, text):
    shown = as_html(tiny.explain(text))
    read = Read(shown)
    assert {tag for tag, *_ in read.tags} <= {"mark"}
    assert {name for _, *attributes in read.tags for name, _ in attributes} <= {"class", "style", "title"}
    kept = text if len(text) <= 20_000 else ""
    assert read.text == "".join(c if c.isprintable() else " " if c.isspace() else "" for c in kept) and "\n" not in shown


@given(texts=st.lists(any_text, min_size=1, max_size=3), name=any_text)
@settings(max_examples=tries(15, 200), deadline=None)
def test_an_evidence_pack_holds_no_tag_address_or_turn_of_the_users(tiny, texts, name):
    rows = tuple(Row(number, (text,)) for number, text in enumerate(texts, start=2))
    tagged = TaggedList.of_table(tiny, Table(f"{name}.csv", ("text",), rows), 0)
    page = evidence_pack(tagged, [tiny.explain(texts[place]) for place in explained_places(tagged)])
    read, plain = Read(page), Read(evidence_pack(TaggedList.of_texts(tiny, ["Grease the chain", "x"]), []))
    assert {tag for tag, *_ in read.tags} <= {tag for tag, *_ in plain.tags} | {"mark", "article", "h3", "a", "dl", "dt", "dd", "p"}
    attributes = {(name, value) for _, *found in read.tags for name, value in found}
    assert not [name for name, _ in attributes if name.startswith("on") or name in ("src", "srcset", "action")]
    assert all(value.startswith("#") for name, value in attributes if name == "href")
    assert not steers(page)


# Markdown


@pytest.mark.parametrize("text", EVERY)
def test_hostile_text_in_markdown_is_text(text):
    for shown in (as_markdown(text), as_plain_markdown(text)):
        bare = re.sub(r"\\.", "", shown)
        assert not re.search(r"[!\[\]<>$&~^_=@{}]|:[^\s\d]|(?i:https?:|www\.)", bare.replace("|---|---|", ""))
        assert not steers(shown.replace("\N{WORD JOINER}", ""))


# Spreadsheets


def cells_of(content):
    return [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in row]


@given(text=any_text | st.text("=+-@＝＋－＠\t\r\n \u200b\ufeff\u202e'a", max_size=6))
@example(text="\ud800=")
@many
def test_no_cell_for_a_spreadsheet_begins_a_formula(text):
    safe = safe_cell(text)
    assert safe in (text, f"'{text}")
    assert not BARE_FORMULA.match(safe) and not BARE_FORMULA.match(clean(safe))
    if not re.search("[\0\ud800-\udfff]", text):
        assert not [cell for cell in cells_of(as_csv({"a": [text], "b": [""]})) if BARE_FORMULA.match(cell)]


@pytest.fixture(scope="module")
def hostile_table():
    columns = ("text", *NASTY["formulas"][:6], *(kind[0] for kind in NASTY.values()))
    rows = [(text, *[text] * (len(columns) - 1)) for text in EVERY if len(text) < 3000]
    return Table("=cmd|' /C calc'!A0.csv", columns, tuple(Row(number, cells) for number, cells in enumerate(rows, start=2)))


def test_the_apps_csv_and_workbook_hold_no_formula(tiny, hostile_table):
    tagged = TaggedList.of_table(tiny, hostile_table, 0)
    content = csv_of(tagged)
    assert not [cell for cell in cells_of(content) if BARE_FORMULA.match(cell)]
    with zipfile.ZipFile(io.BytesIO(workbook(tagged))) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
        assert len(sheets) == 5 and not re.search(r"<f[ >]|<hyperlink|externalLink|ddeLink", "".join(sheets) + str(book.namelist()))


def test_tables_of_the_command_line_keep_cells_as_they_are_and_add_no_formula(shared_model, tmp_path, capsys):
    cells = [text for text in EVERY if not re.search("[\0\ud800\udc80]", text) and len(text) < 3000]
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("text", "=note"), *((cell, cell) for cell in cells)])
    printed(capsys, "predict", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv"))
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as handle:
        header, *rows = csv.reader(handle)
    assert [row[:2] for row in rows] == [[cell, cell] for cell in cells] and header[:2] == ["text", "=note"]
    assert not [cell for row in rows for cell in row[2:] if FORMULA.match(cell)]
    printed(capsys, "predict", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.xlsx"))
    with zipfile.ZipFile(tmp_path / "out.xlsx") as book:
        assert not re.search(r"<f[ >]", book.read("xl/worksheets/sheet1.xml").decode())


# The app

OBEYED = re.compile(r"(?<!\\)!\[zq|(?<!\\)\[zq|(?<!\\)<(img|script|b>)|(?<!\\):red|(?<!\\)\$zq|^# zq|\*zq\*", re.MULTILINE)
# What these hold is shown as it is: by streamlit's own word, and looked at in a browser.
TEXT_ONLY = {"text", "arrow_data_frame", "arrow_vega_lite_chart", "vega_lite_chart", "code", "dataframe"}
LABELLED = ("label", "help", "placeholder", "body", "text", "icon")


def obeyed(app):
    """What elements of the page would take for mark-up and hold a canary as it is, by the type of the element."""
    found = []
    for element in _elements(app._tree):
        proto = getattr(element, "proto", None)
        kind = getattr(element, "type", "")
        if proto is None or kind in TEXT_ONLY:
            continue
        told = [str(getattr(proto, name, "")).replace(frame._ALONE.strip(), "") for name in LABELLED]
        pattern = re.compile(r"<(img|script|b>)") if kind == "html" else OBEYED
        found += [(kind, text) for text in told if pattern.search(text)]
    return found


def _elements(block):
    for child in getattr(block, "children", {}).values():
        yield child
        yield from _elements(child)


@pytest.fixture
def app(models, tmp_path, monkeypatch):
    """Opens the app on the hostile version."""
    monkeypatch.setenv("OPSCOPE_MODELS", str(models))
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "reviews.sqlite"))
    monkeypatch.setattr(desk, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr("opscope.compare._DRAWS", 20)  # how sure a comparison is does not matter here
    served_settings.cache_clear()
    streamlit.cache_resource.clear()
    yield AppTest.from_file(APP, default_timeout=60)
    served_settings.cache_clear()
    streamlit.cache_resource.clear()


def drawn(app):
    app.run()
    assert not app.exception and obeyed(app) == []
    return app


def test_the_look_out_sees_what_it_should(app):
    def page():
        import streamlit as st

        for show in (st.markdown, st.error, st.caption, st.expander, st.button, st.html):
            show("grease ![zq](https://evil.example/p.png) <img src=zq>")
        st.text("![zq](https://evil.example/p.png)")

    shown = AppTest.from_function(page).run()
    assert len(obeyed(shown)) == 6


def test_the_classify_page_shows_hostile_tables_as_text(app, tmp_path):
    columns = ("text", *CANARIES.values())
    rows = [dict.fromkeys(columns, text) | {"code": n} for n, text in enumerate([*CANARIES.values(), *EVERY]) if text.strip()]
    path = tmp_path / "hostile.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    app.session_state["uploaded"], app.session_state["how"] = read_table(path), "Upload a table"
    drawn(app)
    assert {*app.dataframe[0].value["activity"]} >= {*CANARIES.values()}
    for asked in ("What it holds", "Time for review", "Contradictions", "Shares by column"):
        app.session_state["asked"] = asked
        drawn(app)
    app.session_state["words"] = CANARIES["markdown"]
    drawn(app)


def test_the_review_page_shows_hostile_activities_names_and_reasons_as_text(app):
    verdicts = [
        Verdict(text=text, verdict="change", label=label, reviewer=who, reason=CANARIES["markdown"], when=NOW)
        for text in CANARIES.values()
        for who, label in (("*zq* ![zq](x)", "production"), ("Ben", "operations"))
    ]
    open_reviews().add(verdicts)
    app.run()
    app.switch_page("src/opscope/pages/review.py")
    drawn(app)
    app.text_input(key="review_name").set_value("<b>zq</b> ![zq](x)")
    next(found for found in app.button if found.label == "Begin").click()
    drawn(app)
    app.text_area(key="review_paste").set_value("\n".join([*CANARIES.values(), *NASTY["html"], *NASTY["markdown"], "," * 30]))
    next(found for found in app.button if found.label == "Add to the queue").click()
    drawn(app)
    next(found for found in app.button if "roduction" in found.label).click()
    drawn(app)
    for place in range(len(CANARIES)):
        app.selectbox(key="review_dispute").select_index(place)
        drawn(app)
    next(found for found in app.button if found.label == "It is production-scoped").click()
    drawn(app)
    assert app.success[0].value.startswith("Settled")


def test_the_model_page_shows_hostile_cards_names_and_logs_as_text(app):
    app.run()
    app.switch_page("src/opscope/pages/model.py")
    drawn(app)
    assert "zq" in "".join(block.value for block in app.markdown)


def test_the_train_page_shows_hostile_findings_and_errors_as_text(app, monkeypatch):
    row = {"row": 2, "text": CANARIES["html"], "problem": CANARIES["markdown"], "fix": CANARIES["lines"]}
    pair = {f"{which}{field}": CANARIES["markdown"] for which in ("first", "second") for field in ("_row", "", "_label")}
    suspect = {"row": 2, "text": CANARIES["table"], "label": "production", "proposed": "operations", "nearest": CANARIES["html"]}
    found = {
        "rows": 1,
        "usable": 1,
        "labels": {"operations": 1, "production": 0},
        "rejected": [row],
        "contradictions": [pair],
        "duplicates": [pair],
    }

    class Played:
        arguments = ("train", "x.csv")
        present = JobState(output=json.dumps(found | {"suspects": [suspect]}), status=0)

        def state(self):
            return self.present

    app.run()
    app.session_state["jobs"] = {"look": Played()}
    app.session_state["said"] = f"{NAME} is active now."
    app.switch_page("src/opscope/pages/train.py")
    drawn(app)
    Played.present = JobState(errors=f"opscope: {CANARIES['markdown']}", status=2)
    drawn(app)
    monkeypatch.setattr("opscope.aliases.aliases_of", _refusing)
    drawn(app)


def _refusing(models):
    from opscope.errors import ModelError

    raise ModelError(CANARIES["markdown"])
