import pickle
import re
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_mock_engine, event

from opscope.errors import DataError, ReviewError
from opscope.reviews import Reviews, open_reviews
from opscope.reviews_place import place_of, reviews_exist
from opscope.reviews_tables import TABLES
from opscope.verdicts import Queued, Verdict, problems_with

NOON = datetime(2026, 5, 1, 12, 30, 1, 5, tzinfo=UTC)
OIL = Verdict(text="Oil the chain of line 2", verdict="change", label="production", reviewer="Anna", when=NOON)
PAY = Verdict(
    text="=Pay 'the' \"carrier\",\nplease", verdict="accept", label="operations", function="procurement", reason="-",
    reviewer="Zoë", when=NOON + timedelta(seconds=1), saw_prediction=True, adjudicates=True, predicted_label="operations",
    predicted_probability=0.1 + 0.2, predicted_decision="review", model_version="m1", guide_version="g1",
)  # fmt: skip


def waiting(text, **more):
    said = {
        "added": NOON, "source": "a.csv", "predicted_label": "production", "predicted_probability": 0.7,
        "predicted_decision": "review", "predicted_function": "quality_control", "model_version": "m1",
    }  # fmt: skip
    return Queued(text=text, **(said | more))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reviews.sqlite"


@pytest.fixture
def reviews(path):
    return open_reviews(path)


def sql(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        found = [connection.execute(statement).fetchall() for statement in statements]
        connection.commit()
    return found[-1]


def refused(message):
    return pytest.raises(ReviewError, match=f"^{re.escape(message)}$")


def test_verdicts_come_back_in_the_order_of_writing(path, reviews):
    assert (reviews.count(), reviews.verdicts()) == (0, [])
    assert reviews.add([PAY]) == 1
    assert reviews.add([OIL]) == 1
    again = open_reviews(path, must_exist=True)
    assert (again.count(), again.verdicts(), again.place) == (2, [PAY, OIL], str(path))


def test_what_is_new_since_a_count_is_told(reviews):
    reviews.add([OIL])
    before = reviews.count()
    reviews.add([PAY])
    assert reviews.verdicts(since_id=before) == [PAY]


def test_the_same_verdict_twice_adds_nothing(reviews):
    spelt = Verdict(**(vars(OIL) | {"text": "  OIL the chain of line 2", "reason": "other"}))
    assert reviews.add([OIL, OIL, PAY]) == 2
    assert reviews.add([spelt, PAY]) == 0
    later = Verdict(**(vars(OIL) | {"when": NOON + timedelta(microseconds=1)}))
    assert reviews.add([OIL, later]) == 1
    assert reviews.verdicts() == [OIL, PAY, later]


def test_one_wrong_verdict_keeps_all_out(reviews):
    wrong = [Verdict(**(vars(OIL) | {"label": label})) for label in ("plant", "")]
    message = "\n".join(
        f"label is {label}, expected operations or production. Correct it, or say cannot_decide." for label in ("'plant'", "''")
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        reviews.add([PAY, *wrong])
    assert reviews.count() == 0


def test_more_verdicts_than_a_statement_takes(reviews):
    many = [Verdict(**(vars(OIL) | {"text": f"Oil chain {n}"})) for n in range(1_201)]
    assert (reviews.add(many), reviews.add(many), reviews.count()) == (1_201, 0, 1_201)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE verdict SET label = 'operations'",
        "DELETE FROM verdict WHERE id = 1",
        "INSERT OR REPLACE INTO verdict SELECT * FROM verdict",
    ],
)
def test_a_verdict_is_never_changed_or_deleted(path, reviews, statement):
    reviews.add([OIL])
    with pytest.raises(sqlite3.IntegrityError, match="^verdicts are only ever added$"):
        sql(path, statement)
    assert reviews.verdicts() == [OIL]


def test_postgresql_refuses_changes_as_well():
    made = []
    engine = create_mock_engine("postgresql://", lambda statement, *_: made.append(str(statement.compile(dialect=engine.dialect))))
    TABLES.create_all(engine, checkfirst=False)
    told = "\n".join(made)
    assert "BEFORE UPDATE OR DELETE OR TRUNCATE ON verdict FOR EACH STATEMENT EXECUTE FUNCTION opscope_refuse()" in told
    assert "RAISE(ABORT" not in told


def test_a_queued_activity_keeps_its_place_and_gets_the_newest_prediction(reviews):
    first, second = waiting("Oil the chain"), waiting("Pay the carrier")
    assert reviews.put_in_queue([first, second, waiting("OIL the chain", source="b.csv")]) == 2
    newer = {"predicted_label": "operations", "predicted_probability": 0.9, "predicted_decision": "operations",
             "predicted_function": "procurement", "model_version": "m2"}  # fmt: skip
    assert reviews.put_in_queue([waiting("oil THE chain", source="c.csv", **newer), waiting("Book it")]) == 1
    assert reviews.queued() == [waiting("Oil the chain", **newer), second, waiting("Book it")]


def test_a_text_of_which_nothing_can_be_said_is_not_queued(reviews):
    with pytest.raises(DataError, match=r"^text is '4711': The text holds no word. Write what is done, to what, and where.$"):
        reviews.put_in_queue([waiting("Oil the chain"), waiting("4711")])
    assert reviews.queued() == []


def test_text_of_a_source_that_is_none_is_kept_readable(reviews):
    reviews.put_in_queue([waiting("Oil the chain", source="t\udcff.csv")])  # how Python names a file whose name is not UTF-8
    assert reviews.queued() == [waiting("Oil the chain", source="t\\udcff.csv")]


def test_a_new_file_has_a_log_ahead_and_is_safe_at_once(path, reviews):
    reviews.add([OIL])
    assert sql(path, "PRAGMA journal_mode") == [("wal",)]
    seen = []
    event.listen(reviews._engine, "begin", lambda c: seen.append(c.connection.execute("PRAGMA synchronous").fetchone()))
    reviews.count()
    assert seen == [(2,)]


@given(text=st.text(max_size=60), reason=st.text(max_size=60), reviewer=st.text(max_size=20), when=st.datetimes())
def test_any_text_comes_back_from_the_database_or_is_refused(tmp_path_factory, text, reason, reviewer, when):
    verdict = Verdict(**(vars(OIL) | {"text": text, "reason": reason, "reviewer": reviewer, "when": when.replace(tzinfo=UTC)}))
    reviews = open_reviews(tmp_path_factory.getbasetemp() / "any.sqlite")
    before = reviews.count()
    if problems_with(verdict):
        with pytest.raises(DataError, match="[.!?]$"):
            reviews.add([verdict])
    elif reviews.add([verdict]):
        assert reviews.verdicts(since_id=before) == [verdict]
    else:
        assert before


def test_threads_may_share_the_reviews(reviews):
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda n: reviews.add([Verdict(**(vars(OIL) | {"text": f"Oil chain {n}"}))]), range(40)))
    assert (added, reviews.count()) == ([1] * 40, 40)


def test_reviews_can_be_sent_to_another_process(reviews):
    reviews.add([OIL])
    assert pickle.loads(pickle.dumps(reviews)).verdicts() == [OIL]


def test_a_database_that_another_program_locks_is_said_to_be_locked(path):
    reviews = open_reviews(path, timeout=0.1)
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "locked\n"
        began = time.monotonic()
        with refused(f"{path} is locked: another program has been writing for too long. End it, or try again."):
            reviews.add([OIL])
        assert time.monotonic() - began < 4
        holder.communicate("\n")
    assert reviews.add([OIL]) == 1


def missing(path):
    advice = "Begin with opscope review queue FILE, or name their place with --reviews or OPSCOPE_REVIEWS."
    return f"There are no reviews at {path}. {advice}"


def test_reviews_that_must_exist_are_not_made(path):
    with refused(missing(path)):
        open_reviews(path, must_exist=True)
    assert not path.exists()
    path.touch()
    with refused(missing(path)):
        open_reviews(path, must_exist=True)


def test_reviews_of_a_newer_opscope_are_left_alone(path, reviews):
    sql(path, "UPDATE meta SET value = '2' WHERE name = 'schema'")
    with refused(f"{path} was written by a newer opscope: its schema is 2, this one reads up to 1. Upgrade opscope."):
        open_reviews(path)


@pytest.mark.parametrize("table", ["stock (part TEXT)", "meta (name TEXT, value TEXT)", "meta (id INTEGER)"])
def test_a_database_of_another_program_is_left_as_it_was(path, table):
    sql(path, f"CREATE TABLE {table}")
    before = path.read_bytes()
    name = table.split()[0]
    with refused(f"{path} holds no reviews but other tables ({name}). Name another file or database with --reviews."):
        open_reviews(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_as_it_was(path):
    path.write_text("text,label\nOil the chain,production\n" * 100, encoding="utf-8")
    before = path.read_bytes()
    with refused(f"{path} is no database. Name another file with --reviews."):
        open_reviews(path)
    assert path.read_bytes() == before


def test_a_damaged_database_is_said_to_be_damaged(path, reviews):
    reviews.add([Verdict(**(vars(OIL) | {"text": f"Oil chain {n}"})) for n in range(500)])
    with path.open("r+b") as handle:
        handle.seek(4096)
        handle.write(b"\xff" * (path.stat().st_size - 4096))
    with refused(f"{path} is damaged. Restore it from a backup."):
        reviews.verdicts()


def limited(reviews, pragma):
    event.listen(reviews._engine, "connect", lambda connection, record: connection.execute(f"PRAGMA {pragma}").close())


def test_a_full_disk_keeps_all_or_nothing(path, reviews):
    limited(reviews, "max_page_count = 20")
    with refused(f"{path} cannot grow: the disk is full. Nothing of this was kept. Make room and try again."):
        reviews.add([Verdict(**(vars(OIL) | {"text": f"Oil chain {n}", "reason": "x" * 1_000})) for n in range(200)])
    assert open_reviews(path).count() == 0


def test_a_file_that_may_not_be_written_is_said_to_be_so(path, reviews):
    limited(reviews, "query_only = ON")
    advice = "Get the right to write to the file and its folder, or name another place with --reviews."
    with refused(f"{path} cannot be written. {advice}"):
        reviews.add([OIL])


def test_a_place_that_cannot_be_opened_is_said_to_be_so(tmp_path):
    path = tmp_path / ("x" * 300)
    advice = "Get the right to read and write the file and its folder, or name another place with --reviews."
    with refused(f"{path} cannot be opened. {advice}"):
        open_reviews(path)


def test_a_missing_folder_is_named_and_not_made(tmp_path):
    path = tmp_path / "none" / "reviews.sqlite"
    with refused(f"The folder {path.parent} does not exist, so reviews.sqlite cannot be kept there. Make it first."):
        open_reviews(path)
    assert not path.parent.exists()


def test_a_folder_is_no_place(tmp_path):
    with refused(f"{tmp_path} is a folder. Name a file in it."):
        open_reviews(tmp_path)


@pytest.mark.parametrize("url", ["://", "none://anna:secret@host/reviews", "postgresql://anna:secret@host:port/reviews"])
def test_an_address_that_is_none_is_refused_without_its_password(url):
    name = url.replace("secret", "***")
    advice = "Name a file, or an address such as postgresql+psycopg://user@host/database."
    with refused(f"{name} is no address of a database that is known here. {advice}"):
        open_reviews(url)


def test_a_driver_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(ReviewError, match=r"^mysql\+pymysql://anna:\*\*\*@host/reviews needs the driver pymysql, which is not"):
        open_reviews("mysql+pymysql://anna:se:cr@et@host/reviews")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///"])
def test_reviews_in_memory_would_be_lost(url):
    with refused(f"{url} is a database in memory, which keeps nothing. Name a file."):
        open_reviews(url)


def test_an_address_of_a_file_is_that_file(path):
    Reviews(f"sqlite:///{path}").add([OIL])
    assert open_reviews(path, must_exist=True).verdicts() == [OIL]


def test_a_file_may_have_any_name(tmp_path):
    path = tmp_path / "a?b%20#c d.sqlite"
    open_reviews(path).add([OIL])
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_without_a_place_the_variable_and_then_the_users_folder_are_taken(tmp_path, monkeypatch):
    monkeypatch.delenv("OPSCOPE_REVIEWS", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, appauthor: tmp_path / name)
    usual = tmp_path / "opscope" / "reviews.sqlite"
    assert not reviews_exist()
    assert open_reviews().place == str(usual)
    assert reviews_exist()
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "own.sqlite"))
    assert place_of().path == tmp_path / "own.sqlite"
    assert not reviews_exist()
    assert reviews_exist(usual) and reviews_exist(f"sqlite:///{usual}") and reviews_exist("postgresql://host/reviews")


def test_a_users_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("OPSCOPE_REVIEWS", raising=False)
    (tmp_path / "file").touch()
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, appauthor: tmp_path / "file" / name)
    with refused(f"The folder {tmp_path / 'file' / 'opscope'} cannot be made: Not a directory. Name another place with --reviews."):
        open_reviews()


def test_asking_whether_reviews_exist_loads_no_database_library():
    code = (
        "import sys; from opscope.reviews_place import reviews_exist; reviews_exist('none.sqlite');"
        "print(*sorted({'sqlalchemy', 'sqlite3', 'platformdirs'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parent)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr
