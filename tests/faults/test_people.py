"""Attacks on people's rights, past the pages: forged clicks and cookies, other sites, other names of the server, floods.

The browser's part is in ``end_to_end/test_sign_in.py``.
"""

import json
import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from end_to_end.provider import CLIENT, SECRET, Provider, Someone
from end_to_end.served import COOKIE_SECRET, SETTINGS, free_port, put_models, put_reviews, secrets_for, serving, wait_until_up
from itsdangerous import TimestampSigner
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.exceptions import ConnectionClosed, InvalidStatus

from faults import tries
from faults.wire import USER_COOKIE, XSRF, Session, click, user_cookie, write
from opscope.aliases import CANDIDATE, aliases_of, promote
from opscope.reviews import open_reviews

REFUSED = "This server is for its own machine, and was asked under another name or by another site."
OUTSIDE, INSIDE = "Sign in to tag activities", "Production-scoped or operations-wide?"
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Served:
    """A server, where its models and reviews lie, and its process."""

    address: str
    folder: Path
    process: int

    def cookie(self, email: str, *roles: str) -> str:
        return user_cookie(COOKIE_SECRET, self.address, email=email, realm_access={"roles": list(roles)})

    def state(self) -> tuple[object, ...]:
        """All that people can change."""
        reviews = open_reviews(self.folder / "reviews.sqlite")
        return reviews.count(), len(reviews.queued()), aliases_of(self.folder / "models").log

    def megabytes(self) -> float:
        status = Path(f"/proc/{self.process}/status")
        if not status.exists():
            pytest.skip("the memory of a process can only be read on Linux")
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmRSS"))


@pytest.fixture(scope="module")
def provider():
    with Provider([Someone("mallory@example.com")]) as provider:
        yield provider


@pytest.fixture(scope="module")
def both(tmp_path_factory, provider):
    """A server on which people sign in, and one without sign-in for its own machine."""
    folders, ports = [tmp_path_factory.mktemp(name) for name in ("signed", "local")], [free_port(), free_port()]
    put_models(folders[0])
    promote(folders[0] / "models", CANDIDATE, why="a trial")
    (folders[0] / "opscope.toml").write_text(SETTINGS, encoding="utf-8")
    (folders[1] / "opscope.toml").write_text('reviews = "reviews.sqlite"', encoding="utf-8")
    (folders[0] / ".streamlit").mkdir()
    secrets = secrets_for(ports[0], provider.metadata_url, CLIENT, SECRET)
    (folders[0] / ".streamlit/secrets.toml").write_text(secrets, encoding="utf-8")
    with serving(folders[0], ports[0]) as first, serving(folders[1], ports[1]) as second:
        put_reviews(folders[0])
        yield [
            Served(wait_until_up(port), folder, process.pid)
            for folder, port, process in zip(folders, ports, (first, second), strict=True)
        ]


@pytest.fixture
def server(both):
    return both[0]


@pytest.fixture
def local(both):
    return both[1]


@pytest.fixture(scope="module")
def approvers(both):
    """What an approver's browser gets: the pages' hashes, and what is drawn on them."""
    with Session(both[0].address, both[0].cookie("olga@example.com", "owners")) as session:
        first = session.run()
        return first.pages, {name: session.run(page=first.pages[name]) for name in ("", "review", "train")}


FORBIDDEN = {
    "nobody": ((), ("", "review", "train")),
    "visitor": (("visitors", "viewer", "approver", "Owners", "owners "), ("review", "train")),
    "reviewer": (("shift",), ("settle", "train")),
}


@pytest.mark.parametrize("way", ["hash", "name", "own page", "fragment"])
@pytest.mark.parametrize("who", FORBIDDEN)
def test_clicks_of_an_approver_sent_by_somebody_else_change_nothing(server, approvers, who, way):
    before, (pages, drawn) = server.state(), approvers
    roles, targets = FORBIDDEN[who]
    with Session(server.address, server.cookie(f"{who}@example.com", *roles) if roles else "") as session:
        session.run()
        for target in targets:
            name = "review" if target == "settle" else target
            widgets = [each for each in drawn[name].widgets if target != "settle" or each.label.startswith("It is")]
            changed = [click(each) for each in widgets if each.kind == "button" and each.label not in ("Sign out", "Cancel")]
            changed += [write(each, "Hire a clerk") for each in widgets if each.kind in ("text_area", "text_input")]
            assert changed or name == ""
            if way == "fragment":
                session.ask(*changed, page=pages[name], fragment="a" * 32)
                changed = []
            got = session.run(*changed, **({"page": pages[name]} if way == "hash" else {"name": name} if way == "name" else {}))
            assert not got.says("Versions") and (who == "reviewer" or not got.says("Reviewing as"))
            assert who != "nobody" or not got.says(INSIDE)
    assert server.state() == before


def test_the_same_click_of_an_approver_does_what_it_says(server, approvers):
    pages, drawn = approvers
    (roll_back,) = (each for each in drawn["train"].widgets if each.label == "Roll back")
    with Session(server.address, server.cookie("olga@example.com", "owners")) as session:
        session.run(page=pages["train"])
        session.run(click(roll_back), page=pages["train"])
    last = aliases_of(server.folder / "models").log[-1]
    assert (last.done, last.who) == ("rolled back", "olga@example.com")
    promote(server.folder / "models", "2027-01-01-aaa", why="as it was")


def swapped(server):
    own, other = server.cookie("vera@example.com"), server.cookie("olga@example.com", "owners")
    return other.rsplit(".", 2)[0] + "." + own.split(".", own.count(".") - 1)[-1]


def unsigned(server):
    return server.cookie("olga@example.com", "owners").rpartition(".")[0] + "."


BAD_COOKIES = {
    "signed with another secret": lambda server: user_cookie("f" * 32, server.address, email="olga@example.com"),
    "unsigned": unsigned,
    "another payload under a good signature": swapped,
    "plain JSON": lambda server: '{"is_logged_in":true}',
    "signed as another cookie": lambda server: user_cookie(COOKIE_SECRET, server.address, "_streamlit_user_tokens"),
    "expired": lambda server: user_cookie(COOKIE_SECRET, server.address, exp=time.time() - 1),
    "of another server": lambda server: user_cookie(COOKIE_SECRET, "http://localhost:1"),
    "of the same server by another name": lambda server: user_cookie(
        COOKIE_SECRET, server.address.replace("localhost", "127.0.0.1")
    ),
    "not signed in": lambda server: user_cookie(COOKIE_SECRET, server.address, is_logged_in="true"),
}


@pytest.mark.parametrize("kind", BAD_COOKIES)
def test_a_cookie_that_the_server_has_not_given_this_browser_lets_nobody_in(server, kind):
    with Session(server.address, BAD_COOKIES[kind](server)) as session:
        drawn = session.run()
    assert not drawn.says(INSIDE) and not drawn.pages
    assert drawn.says("Sign in")


@pytest.mark.parametrize(
    "headers", [{"origin": None}, {"origin": "http://localhost:1"}, {"token": "2|00000000|" + "cd" * 16 + "|1"}]
)
def test_a_good_cookie_that_another_program_or_page_sends_lets_nobody_in(server, headers):
    with Session(server.address, server.cookie("olga@example.com", "owners"), **headers) as session:
        drawn = session.run()
    assert drawn.says(OUTSIDE) and not drawn.says(INSIDE)


def in_parts(server, monkeypatch, *, apart):
    """A cookie in two parts: the second, with the end of the session, is of now; the first, with the role, was signed before."""
    now, payload = int(time.time()), {"realm_access": {"roles": ["owners"]}, "sub": "1", "origin": server.address}
    text = json.dumps(payload | {"is_logged_in": True, "exp": now + 3600})
    parts = [(now, "", "chunks-2"), (now - apart, "_1", text[: text.index('"exp"')]), (now, "_2", text[text.index('"exp"') :])]
    signed = []
    for when, ending, said in parts:
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self, when=when: when)
        signed.append(create_signed_value(COOKIE_SECRET, USER_COOKIE + ending, said).decode())
    return f"{signed[0]}; {USER_COOKIE}_1={signed[1]}; {USER_COOKIE}_2={signed[2]}"


def test_a_long_cookie_in_parts_lets_in(server, monkeypatch):
    with Session(server.address, in_parts(server, monkeypatch, apart=1)) as session:
        assert "train" in session.run().pages


def test_parts_of_cookies_of_different_sign_ins_let_nobody_in(server, monkeypatch):
    with Session(server.address, in_parts(server, monkeypatch, apart=2)) as session:
        drawn = session.run()
    assert drawn.says("Sign in") and not drawn.pages


def test_a_good_cookie_lets_in(server):
    with Session(server.address, server.cookie("vera@example.com")) as session:
        assert session.run().says(INSIDE)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost.evil.example", "http://evil.example#localhost"]
)
def test_another_sites_page_gets_no_connection(server, local, origin):
    for served in (server, local):
        with pytest.raises(InvalidStatus, match="HTTP 403"), Session(served.address, origin=origin):
            pass


ELSEWHERE = [
    {"host": "evil.example:{port}", "origin": "http://evil.example:{port}"},  # a name that its owner let lead to this machine
    {"host": "evil.example:{port}", "origin": None},
    {"host": "localhost.evil.example:{port}", "origin": None},
    {"origin": "http://localhost:1"},  # a page of another server on this machine
    {"origin": "http://127.0.0.1:{port}"},
]


@pytest.mark.parametrize("lies", ELSEWHERE)
def test_a_server_for_its_own_machine_serves_nobody_who_comes_under_another_name_or_from_another_page(local, lies):
    port = local.address.rpartition(":")[2]
    with Session(local.address, **{name: value and value.format(port=port) for name, value in lies.items()}) as session:
        drawn = session.run()
    assert drawn.says(REFUSED) and not drawn.says(INSIDE) and not drawn.pages


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_for_its_own_machine_serves_it(local, host):
    where = f"{host}:{local.address.rpartition(':')[2]}"
    with Session(local.address, host=where, origin=f"http://{where}") as session:
        drawn = session.run()
    assert drawn.says(INSIDE) and set(drawn.pages) == {"", "review", "train", "model", "guide"}


def upload_address(session, served):
    """Where Streamlit lets this session put a file."""
    message = BackMsg()
    message.file_urls_request.request_id = "1"
    message.file_urls_request.file_names.append("a.csv")
    session.send(message)
    while (got := session.receive()).WhichOneof("type") != "file_urls_response":
        pass
    return served.address + got.file_urls_response.file_urls[0].upload_url


TOKEN = {"X-Xsrftoken": XSRF, "Cookie": f"_streamlit_xsrf={XSRF}"}


def put(address, content, headers=TOKEN):
    files = {"file": ("a.csv", content, "text/csv")}
    return httpx.put(address, files=files, headers=headers, timeout=30, verify=False).status_code


def test_a_file_is_taken_from_the_browser_whose_session_it_is_and_given_out_to_nobody(server):
    with Session(server.address, server.cookie("vera@example.com")) as session:
        session.run()
        address = upload_address(session, server)
        assert put(address, b"text\nOil the chain") == 204
        assert put(address, b"text\nOil the chain", {"Cookie": f"_streamlit_xsrf={XSRF}"}) == 403
        assert put(address, b"text\nOil the chain", TOKEN | {"X-Xsrftoken": "2|00000000|" + "cd" * 16 + "|1"}) == 403
        assert httpx.delete(address, verify=False).status_code == 403
        assert "Oil the chain" not in httpx.get(address, headers=TOKEN, verify=False).text
        assert put(address.replace("/upload_file/", "/upload_file/x"), b"text") == 400


def test_a_file_over_the_limit_is_refused_before_it_is_in_memory(server):
    size = tries(60, 600)

    def sent():
        yield b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\n'
        for _ in range(size):
            yield bytes(MEGABYTE)

    with Session(server.address, server.cookie("vera@example.com")) as session:
        session.run()
        address, before = upload_address(session, server), server.megabytes()
        assert put(address, bytes(MEGABYTE + 1)) == 413
        try:
            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            status = httpx.put(address, content=sent(), headers=TOKEN | kind, timeout=30, verify=False).status_code
        except httpx.TransportError:  # the server hung up while the rest was still being sent
            status = 413
        assert status == 413
        assert server.megabytes() - before < 20


@pytest.mark.parametrize("state", ["", "&state=", "&state=abc", "&state={foreign}"])
def test_an_answer_of_the_provider_that_this_browser_did_not_ask_for_signs_nobody_in(server, provider, state):
    with Session(server.address) as session:
        (button,) = session.run().widgets
        begin = session.run(click(button)).sent_to
    with httpx.Client(verify=False) as mallory, httpx.Client(verify=False) as victim:
        asked = mallory.get(server.address + begin).headers["Location"]
        answer = mallory.get(asked.replace("/authorize?", "/choose?") + "&email=mallory@example.com").headers["Location"]
        code, foreign = httpx.URL(answer).params["code"], httpx.URL(answer).params["state"]
        got = victim.get(f"{server.address}/oauth2callback?code={code}{state.format(foreign=foreign)}")
        assert (got.status_code, got.headers["Location"]) == (302, "/")
        assert USER_COOKIE not in victim.cookies
        mallory.get(answer)
        assert USER_COOKIE in mallory.cookies  # in the browser that asked, it is good


def test_noise_on_the_wire_harms_nobody(server):
    noise = random.Random(7)
    for _ in range(tries(15, 1000)):
        with Session(server.address) as session, pytest.raises(ConnectionClosed):
            session.send(b"\xff" + noise.randbytes(noise.randrange(1, 2000)))
            while True:
                session.receive()
    with Session(server.address, server.cookie("vera@example.com")) as session:
        assert session.run().says(INSIDE)


def test_many_sessions_of_strangers_leave_room_for_others(server):
    with ExitStack() as opened:
        opened.enter_context(Session(server.address)).run()
        before, count = server.megabytes(), tries(8, 300)
        for _ in range(count):
            assert opened.enter_context(Session(server.address)).run().says(OUTSIDE)
        assert opened.enter_context(Session(server.address, server.cookie("vera@example.com"))).run().says(INSIDE)
        assert server.megabytes() - before < 30 + count
