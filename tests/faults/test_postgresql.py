"""Reviews in PostgreSQL: the tests of a file again, many writers at once, and a server that is killed, frozen, locked or foreign.

The tests that are imported run here with an address of a database for their path.
"""

import itertools
import os
import random
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import test_desk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from test_desk import clicks_as_quick_as_a_test, office  # noqa: F401
from test_review_command import (  # noqa: F401
    only_review,
    reviewed,
    test_a_list_is_queued_reviewed_and_given_out_for_training,
    test_every_verdict_given_out_is_the_same_in_another_database,
    test_status_tells_how_things_stand,
    test_what_is_reviewed_is_not_queued_again,
    tickets,
)
from test_reviews import (  # noqa: F401
    NOON,
    OIL,
    PAY,
    test_a_queued_activity_keeps_its_place_and_gets_the_newest_prediction,
    test_a_text_of_which_nothing_can_be_said_is_not_queued,
    test_more_verdicts_than_a_statement_takes,
    test_one_wrong_verdict_keeps_all_out,
    test_reviews_can_be_sent_to_another_process,
    test_text_of_a_source_that_is_none_is_kept_readable,
    test_the_same_verdict_twice_adds_nothing,
    test_threads_may_share_the_reviews,
    test_verdicts_come_back_in_the_order_of_writing,
    test_what_is_new_since_a_count_is_told,
    waiting,
)

from faults import tries
from opscope.errors import ReviewError
from opscope.registry import read_manifest, version_names
from opscope.reviewing import queue_paste
from opscope.reviews import Reviews, open_reviews
from opscope.verdicts import Verdict, problems_with

if sys.platform == "win32":
    pytest.skip("needs a socket in a folder", allow_module_level=True)

from faults.postgresql import Server, programs

IS_NEEDED = os.environ.get("OPSCOPE_NEEDS_POSTGRESQL")
WRITERS = 8
UNREACHABLE = re.compile(
    r"postgresql\+psycopg://\S+ cannot be used: .+\. Check that the database runs and that you may read and write it\."
)


@pytest.fixture(scope="module")
def server():
    try:
        import psycopg  # noqa: F401
    except ImportError:
        if IS_NEEDED:
            raise
        pytest.skip("needs the driver: pip install 'opscope[postgresql]'")
    if programs() is None:
        assert not IS_NEEDED, "OPSCOPE_NEEDS_POSTGRESQL is set, yet there is no initdb. Install PostgreSQL's server."
        pytest.skip("needs PostgreSQL's server")
    server = Server()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def sql(server):
    """Runs statements as the owner, each at once, in a database."""

    def run(*statements, database="postgres"):
        engine = create_engine(server.url(database), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    return run


@pytest.fixture(scope="module")
def made(server, sql):
    """Makes a database and gives its address."""
    numbers = itertools.count()

    def make(more: str = "") -> str:
        name = f"reviews{next(numbers)}"
        sql(f"CREATE DATABASE {name} {more}")
        return server.url(name)

    return make


@pytest.fixture
def url(server, sql) -> str:
    """The address of an empty database."""
    sql(
        "DROP SCHEMA IF EXISTS team CASCADE",
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
        "GRANT USAGE ON SCHEMA public TO PUBLIC",
    )
    return server.url()


@pytest.fixture
def reviews(url) -> Reviews:
    return open_reviews(url)


@pytest.fixture
def path(url) -> str:
    return url


@pytest.fixture
def place(url) -> str:
    return url


class TestDesk:
    """Deciding at a desk, and taking back."""

    @pytest.fixture
    def reviews(self, reviews, model):
        queue_paste(reviews, model, "\n".join(test_desk.PASTE))
        return reviews


for _name, _test in vars(test_desk).items():
    if _name.startswith("test_") and "office" in _test.__code__.co_varnames:
        setattr(TestDesk, _name, staticmethod(_test))


def name_of(url: str) -> str:
    """The name of the database that an address names."""
    return url.split("/")[3].split("?")[0]


def refused(message):
    return pytest.raises(ReviewError, match=f"^{re.escape(message)}$")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=tries(25, 500))
@given(text=st.text(max_size=60), reason=st.text(max_size=60), reviewer=st.text(max_size=20), when=st.datetimes())
def test_any_text_comes_back(reviews, text, reason, reviewer, when):
    verdict = Verdict(
        **(vars(OIL) | {"text": text, "reason": reason, "reviewer": reviewer, "when": when.replace(tzinfo=NOON.tzinfo)})
    )
    before = reviews.count()
    if not problems_with(verdict) and reviews.add([verdict]):
        assert reviews.verdicts(since_id=before) == [verdict]


@pytest.mark.parametrize("statement", ["UPDATE verdict SET label = 'operations'", "DELETE FROM verdict", "TRUNCATE verdict"])
def test_a_verdict_is_never_changed_or_deleted(reviews, sql, statement):
    reviews.add([OIL])
    with pytest.raises(DBAPIError, match="verdicts are only ever added"):
        sql(statement, database=name_of(reviews.place))
    assert reviews.verdicts() == [OIL]


@pytest.fixture
def started():
    """Starts Python on a script, or ``-c`` and code; what still runs at the end of the test is killed."""
    processes = []

    def start(*arguments) -> subprocess.Popen:
        command, pipes = [sys.executable, *map(str, arguments)], dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        processes.append(subprocess.Popen(command, text=True, encoding="utf-8", **pipes))
        return processes[-1]

    yield start
    for process in processes:
        with process:
            process.kill()


SHARING = Path(__file__).with_name("sharing.py")


def ended(process: subprocess.Popen) -> list[str]:
    """The lines that a process wrote which went well."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.splitlines()


def check_each_is_there_once(reviews: Reviews, writers: int, many: int) -> None:
    verdicts = reviews.verdicts()
    assert reviews.count() == len(verdicts) == writers * many  # numbered without gaps
    assert len({verdict.text for verdict in verdicts}) == writers * many
    assert {verdict.reviewer for verdict in verdicts} == {f"reviewer {n}" for n in range(writers)}


def test_eight_writers_and_a_trainer_at_once_lose_nothing(url, tmp_path, started):
    many = tries(10, 400)
    is_long = many > 10  # training takes longest, so that the short form ends where it would begin
    trainer = started(SHARING, "train", url, tmp_path, 30, *([] if is_long else ["--dry-run"]))
    assert trainer.stdout.readline() == "ready \n", trainer.communicate()
    writers = [started(SHARING, "write", url, f"reviewer {n}", n * many, many) for n in range(WRITERS)]
    assert [ended(writer) for writer in writers] == [["kept 1"] * many] * WRITERS
    trained = int(ended(trainer)[-1].removeprefix("trained "))
    check_each_is_there_once(open_reviews(url), WRITERS, many)
    assert 30 <= trained <= WRITERS * many
    versions = version_names(tmp_path)
    assert len(versions) == is_long
    assert all(20 <= read_manifest(tmp_path / version).own_rows <= WRITERS * many for version in versions)


def test_eight_that_open_an_empty_database_at_once_make_it_once(server, sql):
    barrier = Barrier(WRITERS)

    def opened(n: int) -> int:
        barrier.wait()
        return open_reviews(server.url()).add([Verdict(**(vars(OIL) | {"reviewer": f"reviewer {n}"}))])

    for _ in range(tries(2, 200)):
        sql("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        with ThreadPoolExecutor(WRITERS) as pool:
            assert list(pool.map(opened, range(WRITERS))) == [1] * WRITERS
        assert open_reviews(server.url()).count() == WRITERS


def test_a_server_that_is_killed_loses_nothing_and_the_next_call_works(server, url, started):
    kills, writers, many = tries(2, 40), 2, tries(40, 600)
    rng, reviews = random.Random(7), open_reviews(url)
    running = [started(SHARING, "write", url, f"reviewer {n}", n * many, many) for n in range(writers)]
    for _ in range(kills):
        before = reviews.count()
        while reviews.count() == before and any(process.poll() is None for process in running):
            time.sleep(0.01)
        time.sleep(rng.random() * 0.3)
        server.kill()
        with pytest.raises(ReviewError, match=UNREACHABLE):
            reviews.count()
        server.start()
    told = [ended(process) for process in running]
    assert all(sum(line.startswith("kept") for line in lines) == many for lines in told)
    refusals = [line.removeprefix("refused ") for lines in told for line in lines if line.startswith("refused")]
    assert refusals and all(UNREACHABLE.fullmatch(line) for line in refusals), refusals
    check_each_is_there_once(reviews, writers, many)


def test_a_writer_that_is_killed_while_it_writes_frees_the_others(url, reviews, started):
    code = (
        "import sys, time; from opscope.reviews import open_reviews; reviews = open_reviews(sys.argv[1]);\n"
        "with reviews._connected(writes=True): print('writes', flush=True); time.sleep(60)"
    )
    process = started("-c", code, url)
    assert process.stdout.readline() == "writes\n"
    process.kill()
    assert reviews.add([OIL]) == 1


def test_who_waits_too_long_for_others_is_told(url, reviews):
    hasty, engine = open_reviews(url, timeout=0.2), create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT * FROM meta FOR UPDATE"))
        with refused(f"{url} is locked: another program has been writing for too long. End it, or try again."):
            hasty.add([OIL])
    assert hasty.add([OIL]) == 1


def test_a_server_that_does_not_answer_is_told(server, url, reviews):
    hasty = open_reviews(url, timeout=0.2)
    server.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(ReviewError, match=UNREACHABLE):
            hasty.add([OIL])
        assert time.monotonic() - began < 10
    finally:
        server.signal(signal.SIGCONT)
    assert hasty.add([OIL]) == 1


def test_a_database_without_an_encoding_keeps_any_text(made):
    reviews = open_reviews(made("TEMPLATE template0 ENCODING 'SQL_ASCII'"))
    assert reviews.add([PAY]) == 1
    assert reviews.verdicts() == [PAY]


def test_a_character_that_the_encoding_lacks_keeps_all_out(made):
    url = made("TEMPLATE template0 ENCODING 'LATIN1'")
    reviews = open_reviews(url)
    message = "cannot hold one of these characters, so nothing of this was kept. Use a database made with ENCODING 'UTF8'."
    with refused(f"{url} {message}"):
        reviews.add([PAY, Verdict(**(vars(OIL) | {"text": "Oil → grease"}))])
    assert reviews.count() == 0


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_writers_take_turns_at_any_isolation_that_the_database_prefers(made, sql, level):
    url = made()
    sql(f"ALTER DATABASE {name_of(url)} SET default_transaction_isolation = '{level}'")
    test_threads_may_share_the_reviews(open_reviews(url))


def test_a_user_without_rights_is_told_so(server, sql, url):
    sql("DROP ROLE IF EXISTS anna", "CREATE ROLE anna LOGIN")
    own = url.replace("opscope@", "anna@")
    advice = "Let its owner grant CREATE on the schema, or all rights on the tables of the reviews."
    with refused(f"{own} is not open to this user. {advice}"):
        open_reviews(own)


def test_a_database_that_may_only_be_read_is_told(made, sql):
    url = made()
    reviews = open_reviews(url)
    reviews.add([OIL])
    sql(f"ALTER DATABASE {name_of(url)} SET default_transaction_read_only = on")
    message = "can only be read: it is a replica, or was set so. Name the address of the database that is written."
    with refused(f"{url} {message}"):
        reviews.add([PAY])
    assert reviews.verdicts() == [OIL]


def test_the_tables_of_another_program_are_left_alone(url, sql):
    sql("CREATE TABLE stock (part TEXT)", database=name_of(url))
    with refused(f"{url} holds no reviews but other tables (stock). Name another file or database with --reviews."):
        open_reviews(url)


def test_reviews_lie_in_the_schema_that_the_address_names(url, sql):
    sql("CREATE TABLE stock (part TEXT)", "CREATE SCHEMA team", database=name_of(url))
    reviews = open_reviews(f"{url}&options=-csearch_path%3Dteam")
    assert (reviews.add([OIL]), reviews.put_in_queue([waiting("Oil the chain")]), reviews.verdicts()) == (1, 1, [OIL])


def test_a_schema_that_is_missing_is_told(url):
    own = f"{url}&options=-csearch_path%3Dnone"
    advice = "Make the one that the address or search_path names, and grant CREATE on it."
    with refused(f"{own} has no schema for the reviews. {advice}"):
        open_reviews(own)


def test_a_driver_without_the_library_of_postgresql_is_told(tmp_path, monkeypatch):
    (tmp_path / "psycopg").mkdir()
    (tmp_path / "psycopg" / "__init__.py").write_text("raise ImportError('no pq wrapper available')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] in ("psycopg", "psycopg_binary")]:
        monkeypatch.delitem(sys.modules, name)
    advice = "Install it whole: pip install 'opscope[postgresql]'"
    with refused(f"The driver for postgresql+psycopg://host/reviews does not start: no pq wrapper available. {advice}"):
        open_reviews("postgresql+psycopg://host/reviews")


def test_a_driver_that_is_not_installed_is_named_with_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    needed = "needs the driver psycopg, which is not installed: pip install 'opscope[postgresql]'"
    with refused(f"postgresql+psycopg://host/reviews {needed}"):
        open_reviews("postgresql+psycopg://host/reviews")
