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
    """What the server sent in one run: all of it as bytes, its widgets, and the hashes of its pages by their address."""

    raw: bytes
    widgets: tuple[Widget, ...]
    pages: dict[str, str]

    def says(self, text: str) -> bool:
        return text.encode() in self.raw


class Session:
    """One connection; ``cookie`` is that of who signed in, and the headers may lie."""

    def __init__(self, address: str, cookie: str = "", *, origin: str | None = "", host: str | None = None, token: str = XSRF) -> None:
        port = urlsplit(address).port
        cookies = f"_streamlit_xsrf={XSRF}" + (f"; {USER_COOKIE}={cookie}" if cookie else "")
        where = urlsplit(f"//{host}") if host else None
        self._socket = connect(
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
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def run(self, *widgets: WidgetState, page: str = "", name: str = "", fragment: str = "") -> Drawn:
        """Asks for a run of a page, by its hash or its name, in which these widgets have changed."""
        message = BackMsg()
        asked = message.rerun_script
        asked.page_script_hash, asked.page_name, asked.fragment_id = page, name, fragment
        asked.widget_states.widgets.extend(widgets)
        asked.SetInParent()
        self.send(message)
        return self._drawn()

    def send(self, message: BackMsg) -> None:
        self._socket.send(message.SerializeToString())

    def receive(self) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(self._socket.recv(timeout=30))
        return message

    def _drawn(self) -> Drawn:
        raw, widgets, pages = b"", [], {}
        while True:
            message = self.receive()
            raw += message.SerializeToString()
            kind = message.WhichOneof("type")
            if kind == "navigation":
                pages |= {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                inner = getattr(element, element.WhichOneof("type"))
                if getattr(inner, "id", ""):
                    widgets.append(Widget(element.WhichOneof("type"), inner.id, getattr(inner, "label", "")))
            if kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return Drawn(raw, tuple(widgets), pages)


def click(widget: Widget) -> WidgetState:
    return WidgetState(id=widget.id, trigger_value=True)


def write(widget: Widget, text: str) -> WidgetState:
    return WidgetState(id=widget.id, string_value=text)


def _socket_to(port: int) -> socket.socket:
    return socket.create_connection(("localhost", port))
