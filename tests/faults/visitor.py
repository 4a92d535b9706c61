"""A person at the app without a browser: speaks Streamlit's own protocol, and looks at every byte that the server sends."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState, StringArray
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

MARKER = re.compile(rb"vexo[a-z]{2}", re.IGNORECASE)  # stands in every text that a person gives, and in nobody else's


def marker_of(number: int) -> str:
    """What stands in every text of the person with this number."""
    return f"Vexo{chr(97 + number // 26)}{chr(97 + number % 26)}"


class Broken(AssertionError):
    """The app did what it must not do to anybody."""


class Visitor:
    """One session of the app. Raises Broken for an error on a page, another's text, or no answer within ``patience`` seconds."""

    def __init__(self, address: str, number: int, patience: float):
        self.address, self.number, self.patience = address, number, patience
        self.marker = marker_of(number)
        self.received = 0  # bytes
        self.pages: dict[str, str] = {}
        self._elements: dict[tuple[int, ...], Element] = {}  # by their place on the page
        self._page, self._session = "", ""
        self._given: dict[str, WidgetState] = {}
        self._answers: dict[str, asyncio.Future] = {}
        self._begun, self._drawn = asyncio.Event(), asyncio.Event()
        self._socket: ClientConnection | None = None
        self._http = httpx.AsyncClient(base_url=address, timeout=patience)
        self._reader: asyncio.Task | None = None

    async def open(self) -> float:
        """Opens the app and waits until it is drawn; gives the seconds that this took."""
        began = time.perf_counter()
        await self._http.get("/_stcore/health")  # sets the cookie that uploads need
        token = self._http.cookies.get("_streamlit_xsrf", "")
        self._http.headers["X-Xsrftoken"] = token
        self._socket = await connect(
            f"{self.address.replace('http', 'ws')}/_stcore/stream",
            subprotocols=["streamlit"],
            max_size=None,
            compression=None,
            ping_interval=None,
        )
        self._reader = asyncio.create_task(self._read())
        await self._rerun()
        return time.perf_counter() - began

    async def close(self) -> None:
        """Closes the tab."""
        if self._socket:
            await self._socket.close()
        if self._reader:
            await asyncio.gather(self._reader, return_exceptions=True)
        await self._http.aclose()

    async def go(self, page: str) -> float:
        """Opens another page of the app; gives the seconds until it is drawn."""
        self._page = self.pages[page]
        self._given.clear()
        return await self._rerun()

    async def give(self, kind: str, label: str, value: object) -> float:
        """Gives a widget a value, as a browser would; gives the seconds until the page is drawn anew."""
        widget = self.one(kind, label)
        self._given[widget.id] = _state_of(kind, widget.id, value)
        return await self._rerun()

    def hold(self, kind: str, label: str, value: object) -> None:
        """Gives a widget a value that is sent only with the next click, as within a form."""
        widget = self.one(kind, label)
        self._given[widget.id] = _state_of(kind, widget.id, value)

    async def click(self, label: str, *, times: int = 1) -> float:
        """Clicks a button, and again while the server is at it; gives the seconds until the page is drawn anew."""
        return await self._rerun(WidgetState(id=self.one("button", label).id, trigger_value=True), times)

    async def upload_file(self, label: str, name: str, content: bytes) -> float:
        """Uploads a file; gives the seconds until the page is drawn with it."""
        began = time.perf_counter()
        asked = BackMsg()
        asked.file_urls_request.request_id, asked.file_urls_request.session_id = uuid4().hex, self._session
        asked.file_urls_request.file_names.append(name)
        (urls,) = (await self._asked(asked, asked.file_urls_request.request_id)).file_urls_response.file_urls
        (await self._http.put(urls.upload_url, files={"file": (name, content)})).raise_for_status()
        state = FileUploaderState()
        state.uploaded_file_info.add(name=name, size=len(content), file_id=urls.file_id, file_urls=urls)
        await self.give("file_uploader", label, state)
        return time.perf_counter() - began

    async def make_file(self, label: str) -> str:
        """Clicks a button that makes a file; gives its address."""
        asked = BackMsg()
        asked.backend_operation_request.request_id, asked.backend_operation_request.session_id = uuid4().hex, self._session
        asked.backend_operation_request.deferred_file.file_id = self.one("download_button", label).deferred_file_id
        told = (await self._asked(asked, asked.backend_operation_request.request_id)).backend_operation_response
        if told.error_msg:
            raise Broken(f"{self.marker}: {label} cannot be downloaded: {told.error_msg}")
        return told.deferred_file.url

    async def fetch(self, address: str) -> bytes:
        """Fetches a file that was made."""
        file = await self._http.get(address)
        file.raise_for_status()
        self.check_markers(file.content)
        return file.content

    def all(self, kind: str, label: str = "") -> Iterator:
        """The elements of a kind whose label (of tables: description) begins with these words."""
        for element in self._elements.values():
            if element.WhichOneof("type") == kind:
                found = getattr(element, kind)
                if getattr(found, "alt" if kind == "dataframe" else "label", "").startswith(label):
                    yield found

    def one(self, kind: str, label: str = ""):
        """The first of them; raises Broken where there is none."""
        found = next(self.all(kind, label), None)
        if found is None:
            raise Broken(f"{self.marker}: no {kind} {label!r} on the page. It says: {self.said[:300]}")
        return found

    @property
    def said(self) -> str:
        """The texts of the page, captions, boxes and headings, one after another."""
        bodies = [*self.all("markdown"), *self.all("text"), *self.all("alert"), *self.all("heading"), *self.all("html")]
        return "\n".join(body.body for body in bodies)

    def check_markers(self, data: bytes) -> None:
        """Raises Broken where somebody else's marker stands in what the server sent."""
        if others := {found.decode().capitalize() for found in MARKER.findall(data)} - {self.marker}:
            raise Broken(f"{self.marker} was sent texts of {', '.join(sorted(others))}")

    async def _rerun(self, pressed: WidgetState | None = None, times: int = 1) -> float:
        began = time.perf_counter()
        for _ in range(times):
            self._begun.clear()
            await self._send_state(pressed)
            await self._awaited(self._begun.wait(), "a click")
        await self._awaited(self._drawn.wait(), "the page")
        return time.perf_counter() - began

    async def _send_state(self, pressed: WidgetState | None = None) -> None:
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.widget_states.widgets.extend([*self._given.values(), *([pressed] if pressed else [])])
        await self._socket.send(message.SerializeToString())

    async def _asked(self, message: BackMsg, request: str) -> ForwardMsg:
        answer = self._answers[request] = asyncio.get_running_loop().create_future()
        await self._socket.send(message.SerializeToString())
        return await self._awaited(answer, "a request")

    async def _awaited(self, answer, what: str):
        """The answer, or the error that the reader has met."""
        waited = asyncio.ensure_future(answer)
        await asyncio.wait({waited, self._reader}, timeout=self.patience, return_when=asyncio.FIRST_COMPLETED)
        if waited.done():
            return waited.result()
        waited.cancel()
        if self._reader.done():
            self._reader.result()
            raise Broken(f"{self.marker}: the server ended the session")
        raise Broken(f"{self.marker}: no answer to {what} within {self.patience:g} s")

    async def _read(self) -> None:
        async for data in self._socket:
            self.received += len(data)
            self.check_markers(data)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if handle := getattr(self, f"_on_{kind}", None):
                handle(message)

    def _on_new_session(self, message: ForwardMsg) -> None:
        self._elements = {}
        self._drawn.clear()
        self._begun.set()
        self._session = message.new_session.initialize.session_id

    def _on_navigation(self, message: ForwardMsg) -> None:
        self.pages = {page.page_name: page.page_script_hash for page in message.navigation.app_pages}

    def _on_delta(self, message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        if element.WhichOneof("type") == "exception":
            raise Broken(f"{self.marker}: {element.exception.type}: {element.exception.message}\n{element.exception.stack_trace}")
        self._elements[tuple(message.metadata.delta_path)] = element

    def _on_script_finished(self, message: ForwardMsg) -> None:
        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            raise Broken(f"{self.marker}: the page does not compile")
        if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            self._drawn.set()

    def _on_file_urls_response(self, message: ForwardMsg) -> None:
        self._answers.pop(message.file_urls_response.response_id).set_result(message)

    def _on_backend_operation_response(self, message: ForwardMsg) -> None:
        self._answers.pop(message.backend_operation_response.request_id).set_result(message)


_MADE: dict[str, Callable[[str, object], WidgetState]] = {
    "button_group": lambda name, value: WidgetState(id=name, string_array_value=StringArray(data=value)),
    "multiselect": lambda name, value: WidgetState(id=name, string_array_value=StringArray(data=value)),
    "checkbox": lambda name, value: WidgetState(id=name, bool_value=value),
    "file_uploader": lambda name, value: WidgetState(id=name, file_uploader_state_value=value),
    "dataframe": lambda name, row: WidgetState(
        id=name, string_value=json.dumps({"selection": {"rows": [row], "columns": [], "cells": []}})
    ),
}


def _state_of(kind: str, name: str, value: object) -> WidgetState:
    """The value of a widget as the protocol has it."""
    made = _MADE.get(kind, lambda name, value: WidgetState(id=name, string_value=value))
    return made(name, value)
