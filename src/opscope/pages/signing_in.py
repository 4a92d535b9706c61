"""Signing in: who uses the app, in which role, and a guard that pages ask before every action."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import NoReturn

import streamlit as st
from itsdangerous import BadData, URLSafeTimedSerializer

from opscope.aliases import who_asks
from opscope.errors import NotAllowed, OpscopeError
from opscope.markdown import as_markdown
from opscope.roles import asks_for_this_machine, is_this_machine, require, role_from_claims, role_without_sign_in
from opscope.settings import Settings, present_settings

SHORTEST_SECRET = 32  # characters; who guesses it can write a cookie that says anything
_SHARED, _OF_PROVIDER = ("redirect_uri", "cookie_secret"), ("client_id", "client_secret", "server_metadata_url")
_NO_PROVIDER = ("client_kwargs",)  # the only table within [auth] that is none
_COOKIE = "_streamlit_user"  # says who is signed in; a long one is in parts, with the number of the part behind the name
_MOST_APART = 1  # seconds between the first and the last part
_BEGUN = "_streamlit_session"  # the cookie that Streamlit keeps from leaving for the provider until somebody is signed in
_EXAMPLE = """\
[auth]
redirect_uri = "http://localhost:8501/oauth2callback"
cookie_secret = "" # what this prints: python -c 'import secrets; print(secrets.token_hex(32))'
client_id = "..."
client_secret = "..."
server_metadata_url = "https://PROVIDER/.well-known/openid-configuration"
"""


@dataclass(frozen=True)
class Person:
    """Who uses the app: the name under which verdicts and changes are kept, and the role."""

    name: str
    role: str


@cache
def served_settings() -> Settings:
    """The settings of this server, read once: a file that is just being written must not turn sign-in off for a moment."""
    return present_settings()


def current_person() -> Person:
    """Who uses the app now. Raises NotAllowed where somebody has to sign in first, or nobody can."""
    settings = served_settings()
    if not settings.sign_in:
        return _person_without_sign_in(settings)
    if problems_with_sign_in():
        raise NotAllowed("Nobody can sign in here yet. Ask whoever runs this server to set sign-in up.")
    claims, cookies = st.user.to_dict(), dict(st.context.cookies)
    if not is_signed_in(claims, time.time()) or not is_of_one_sign_in(cookies, st.secrets["auth"]["cookie_secret"]):
        raise NotAllowed("You are not signed in, or your session has ended. Sign in first.")
    return Person(name_in(claims), role_from_claims(claims, settings))


def _person_without_sign_in(settings: Settings) -> Person:
    address, headers = st.get_option("server.address"), st.context.headers
    if is_this_machine(address) and not asks_for_this_machine(headers.get("Host"), headers.get("Origin")):
        here = f"http://localhost:{st.get_option('server.port')}"
        raise NotAllowed(
            "This server is for its own machine, and was asked under another name or by another site. "
            f"Open {here} on that machine, or turn sign_in on where others use it too."
        )
    return Person(who_asks(), role_without_sign_in(address, settings))


def guard(action: str) -> Person:
    """Who uses the app, if that person's role allows the action; otherwise says why not and stops the run of the page.

    Call it right before each action, and not only where the page begins: callbacks and fragments run without the rest of the page.
    """
    try:
        person = current_person()
        require(person.role, action)
        return person
    except OpscopeError as error:
        _refuse(error)


def person_or_sign_in_page() -> Person:
    """Who uses the app; where somebody has to sign in first, draws the page for that and stops."""
    try:
        return current_person()
    except NotAllowed as error:
        if not served_settings().sign_in:
            _refuse(error)
        _show_sign_in()
        _stop(error)
    except OpscopeError as error:
        _refuse(error)


def show_person(person: Person) -> None:
    """Draws who is signed in, and the way out; nothing where nobody signs in."""
    if served_settings().sign_in:
        st.sidebar.text(f"{person.name}\n{person.role}")
        st.sidebar.button("Sign out", on_click=st.logout, icon=":material/logout:", key="sign_out")


def is_signed_in(claims: Mapping[str, object], now: float) -> bool:
    """Whether the claims are those of a session that has not ended; ``now`` in seconds since 1970."""
    expires = claims.get("exp")
    is_number = isinstance(expires, int | float) and not isinstance(expires, bool)
    return claims.get("is_logged_in") is True and (expires is None or (is_number and expires > now))


def is_of_one_sign_in(cookies: Mapping[str, str], secret: str) -> bool:
    """Whether all parts of the cookie that says who is signed in were given out together; so too where there is no such cookie.

    Streamlit signs each part for itself. Somebody could put parts with roles that were taken away beside those of a new sign-in.
    """
    if _COOKIE not in cookies:
        return True
    try:
        said, first = _read(_COOKIE, cookies, secret)
        count = re.match(r"chunks-(\d+)", said)
        others = [_read(f"{_COOKIE}_{part + 1}", cookies, secret)[1] for part in range(int(count[1]) if count else 0)]
    except (BadData, KeyError, ValueError):
        return False
    return max([first, *others]) - min([first, *others]) <= _MOST_APART


def _read(name: str, cookies: Mapping[str, str], secret: str) -> tuple[str, float]:
    """What a signed cookie says, and when it was signed, in seconds since 1970."""
    said, when = URLSafeTimedSerializer(secret, salt=name).loads(cookies[name], return_timestamp=True)
    return str(said), when.timestamp()


def name_in(claims: Mapping[str, object]) -> str:
    """The name that tells this person from others: the e-mail address unless it is unverified, else what the provider has.

    A display name comes late, since two people may share one.
    """
    names = ("preferred_username", "name", "sub")
    if claims.get("email_verified") not in (False, "false"):
        names = ("email", *names)
    said = (claims.get(name) for name in names)
    found = (" ".join(name.split()) for name in said if isinstance(name, str))
    return next((name for name in found if name.isprintable() and name), "unknown")


def problems_with_sign_in() -> tuple[str, ...]:
    """What is missing before anybody can sign in, each as a sentence; empty when all is there."""
    problems = [] if find_spec("authlib") else ["Authlib is not installed: pip install 'streamlit[auth]'"]
    auth = st.secrets.get("auth") if st.secrets.load_if_toml_exists() else None
    if not isinstance(auth, Mapping):
        return (*problems, "There is no [auth] in .streamlit/secrets.toml.")
    problems += _missing("[auth]", auth, _SHARED)
    if 0 < len(str(auth.get("cookie_secret", ""))) < SHORTEST_SECRET:
        problems.append(f"cookie_secret in [auth] has fewer than {SHORTEST_SECRET} characters.")
    for provider in providers_in(auth):
        section, name = (auth, "[auth]") if provider is None else (auth[provider], f"[auth.{provider}]")
        problems += _missing(name, section, _OF_PROVIDER)
    return tuple(problems)


def providers_in(auth: Mapping[str, object]) -> list[str | None]:
    """The names of the providers that ``[auth]`` holds; None stands for the one without a name."""
    named = [name for name, value in auth.items() if isinstance(value, Mapping) and name not in _NO_PROVIDER]
    has_unnamed = any(name in auth for name in _OF_PROVIDER)
    return [None, *named] if has_unnamed or not named else named


def _missing(section: str, found: Mapping[str, object], names: tuple[str, ...]) -> list[str]:
    missing = [name for name in names if not (isinstance(found.get(name), str) and found[name].strip())]
    return [f"{section} in .streamlit/secrets.toml lacks {', '.join(missing)}."] if missing else []


def _show_sign_in() -> None:
    st.title("opscope")
    if problems := problems_with_sign_in():
        st.error("Nobody can sign in yet: sign_in is on in the settings, and sign-in is not set up.")
        st.text("\n".join(problems))
        st.text(
            "Write this into .streamlit/secrets.toml, with what your provider of OpenID Connect gives you, and start the app again:"
        )
        st.code(_EXAMPLE, language="toml")
        return
    if st.user.to_dict().get("is_logged_in"):
        st.info("Your session has ended. Sign in again to go on.")
    else:
        st.text("Sign in to tag activities, to review them, or to train.")
        if _BEGUN in dict(st.context.cookies):
            st.info("You tried to sign in, and your provider has not let you in. Try again, or ask whoever runs this server.")
    for provider in providers_in(st.secrets["auth"]):
        label = "Sign in" if provider is None else f"Sign in with {as_markdown(provider)}"
        st.button(label, on_click=st.login, args=[provider], type="primary", key=f"sign_in_{provider or ''}")


def _refuse(error: OpscopeError) -> NoReturn:
    st.error("This is not allowed." if isinstance(error, NotAllowed) else "The app cannot be used as it is set up.")
    st.text(str(error))
    _stop(error)


def _stop(error: OpscopeError) -> NoReturn:
    st.stop()
    raise error  # outside a run of a page st.stop() returns, and nothing may go on
