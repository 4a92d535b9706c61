"""A small provider of OpenID Connect: one page on which whoever signs in chooses who to be, or refuses."""

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "opscope", "a secret between the provider and opscope"


@dataclass(frozen=True)
class Someone:
    """A person whom the provider knows, by e-mail; ``seconds`` is how long the token is good for."""

    email: str
    claims: dict[str, object] = field(default_factory=dict)
    seconds: int = 3600


class Provider:
    """Serves on a free port of this machine while the ``with`` lasts."""

    def __init__(self, people: list[Someone]) -> None:
        self.people = {person.email: person for person in people}
        self.key = RSAKey.generate_key(2048, auto_kid=True)
        self.codes: dict[str, tuple[Someone, dict[str, str]]] = {}
        self.signed_out: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": self}))
        self.address = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> "Provider":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def metadata_url(self) -> str:
        return f"{self.address}/.well-known/openid-configuration"

    def metadata(self) -> dict[str, object]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
            "end_session_endpoint": f"{self.address}/end",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def page(self, asked: dict[str, str]) -> str:
        """A link for each person, and one to refuse."""
        sent_back = asked["redirect_uri"] + "?" + urlencode({"error": "access_denied", "state": asked["state"]})
        links = [(email, "/choose?" + urlencode(asked | {"email": email})) for email in self.people] + [("Refuse", sent_back)]
        rows = "".join(f'<p><a href="{html.escape(address)}">{html.escape(name)}</a></p>' for name, address in links)
        return f"<!doctype html><html lang=en><title>Provider</title><h1>Who are you?</h1>{rows}"

    def sent_back(self, asked: dict[str, str]) -> str:
        """The address to which the person goes who was chosen, with a code that is good once."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = (self.people[asked["email"]], asked)
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def tokens(self, given: dict[str, str]) -> dict[str, object] | None:
        """The tokens for a code; None where anything about the request is wrong."""
        person, asked = self.codes.pop(given.get("code", ""), (None, {}))
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if person is None or challenge != asked["code_challenge"] or given["redirect_uri"] != asked["redirect_uri"]:
            return None
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "sub": f"id-{person.email}", "iat": now, "exp": now + person.seconds}
        claims |= {"email": person.email, "nonce": asked["nonce"]} | person.claims
        token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        return {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": person.seconds, "id_token": token}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        path, asked = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        if path == "/.well-known/openid-configuration":
            self._answer(json.dumps(self.provider.metadata()), "application/json")
        elif path == "/jwks":
            self._answer(json.dumps({"keys": [self.provider.key.as_dict(private=False)]}), "application/json")
        elif path == "/authorize" and asked["client_id"] == CLIENT:
            self._answer(self.provider.page(asked), "text/html")
        elif path == "/choose":
            self._send_to(self.provider.sent_back(asked))
        elif path == "/framing":
            self._answer(f'<iframe src="{html.escape(urlsplit(self.path).query)}" width="800" height="600"></iframe>', "text/html")
        elif path == "/end":
            self.provider.signed_out.append(asked["client_id"])
            self._send_to(asked["post_logout_redirect_uri"])
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        given = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        known = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        tokens = self.provider.tokens(given) if unquote_plus(known) == f"{CLIENT}:{SECRET}" else None
        self._answer(json.dumps(tokens or {"error": "invalid_grant"}), "application/json", 200 if tokens else 400)

    def _answer(self, body: str, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def _send_to(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def log_message(self, *_) -> None:
        """Says nothing: what went wrong is in the app's log."""
