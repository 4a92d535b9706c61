"""A browser's part of Streamlit's protocol, without a browser: what somebody can send who does not keep to the pages."""

import json
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.sync.client import connect

XSRF = "2|00000000|" + "ab" * 16 + "|1"
USER_COOKIE = "_streamlit_user"


def user_cookie(secret: str, address: str, name: str = USER_COOKIE, **claims: object) -> str:
    """The cookie of who signed in at this address, as the server would sign it with this secret."""
    payload = {"sub": "1", "exp": time.time() + 3600, "origin": address, "is_logged_in": True} | claims
    return create_signed_value(secret, name, json.dumps(payload)).decode()


@dataclass(frozen=True)
class Widget:
    """A widget that the server drew: its kind, such as ``button``, its id and its label."""

    kind: str
    id: str
    label: str


@dataclass(frozen=True)
class Drawn:
    """What the server sent in one run, as bytes; its widgets; the hashes of its pages by their address; and where to go instead."""

    raw: bytes
    widgets: tuple[Widget, ...]
    pages: dict[str, str]
    sent_to: str

    def says(self, text: str) -> bool:
        return text.encode() in self.raw


class Session:
    """One connection; ``cookie`` is that of who signed in, and the headers may lie."""

    def __init__(
        self, address: str, cookie: str = "", *, origin: str | None = "", host: str | None = None, token: str = XSRF
    ) -> None:
        port = urlsplit(address).port
        cookies = f"_streamlit_xsrf={XSRF}" + (f"; {USER_COOKIE}={cookie}" if cookie else "")
        where = urlsplit(f"//{host}") if host else None
        self._connection = connect(
            f"ws://{where.netloc if where else f'localhost:{port}'}/_stcore/stream",
            sock=None if where is None else _socket_to(port),
            origin=address if origin == "" else origin,
            subprotocols=["streamlit", token],
            additional_headers={"Cookie": cookies},
            compression=None,
            max_size=None,
            proxy=None,
            open_timeout=20,
        )

    def __enter__(self) -> "Session":
        self._socket = self._connection.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._connection.__exit__(*error)

    def run(self, *widgets: WidgetState, page: str = "", name: str = "") -> Drawn:
        """Asks for a run of a page, by its hash or its name, in which these widgets have changed."""
        self.ask(*widgets, page=page, name=name)
        return self._drawn()

    def ask(self, *widgets: WidgetState, page: str = "", name: str = "", fragment: str = "") -> None:
        """Asks for a run, and waits for nothing."""
        message = BackMsg()
        asked = message.rerun_script
        asked.page_script_hash, asked.page_name, asked.fragment_id = page, name, fragment
        asked.widget_states.widgets.extend(widgets)
        asked.SetInParent()
        self.send(message)

    def send(self, message: BackMsg | bytes) -> None:
        self._socket.send(message if isinstance(message, bytes) else message.SerializeToString())

    def receive(self) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(self._socket.recv(timeout=30))
        return message

    def _drawn(self) -> Drawn:
        raw, widgets, pages, sent_to = b"", [], {}, ""
        while True:
            message = self.receive()
            raw += message.SerializeToString()
            kind = message.WhichOneof("type")
            if kind == "navigation":
                pages |= {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            if kind == "auth_redirect":
                sent_to = message.auth_redirect.url
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                inner = getattr(element, element.WhichOneof("type"))
                if getattr(inner, "id", ""):
                    widgets.append(Widget(element.WhichOneof("type"), inner.id, getattr(inner, "label", "")))
            if kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return Drawn(raw, tuple(widgets), pages, sent_to)


def click(widget: Widget) -> WidgetState:
    return WidgetState(id=widget.id, trigger_value=True)


def write(widget: Widget, text: str) -> WidgetState:
    return WidgetState(id=widget.id, string_value=text)


def _socket_to(port: int) -> socket.socket:
    return socket.create_connection(("localhost", port))
