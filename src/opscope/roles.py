"""Roles: who may do what in the app, and which role somebody has who signed in."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from opscope.errors import InputError, NotAllowed
from opscope.settings import APPROVER, REVIEWER, ROLES, VIEWER, Settings

CLASSIFY, EXPORT, REVIEW, ADJUDICATE, TRAIN, PROMOTE, ROLL_BACK = ACTIONS = (
    "classify", "export", "review", "adjudicate", "train", "promote", "roll_back",
)  # fmt: skip
LOWEST_ROLE_FOR = {
    CLASSIFY: VIEWER,
    EXPORT: VIEWER,
    REVIEW: REVIEWER,
    ADJUDICATE: APPROVER,
    TRAIN: APPROVER,
    PROMOTE: APPROVER,
    ROLL_BACK: APPROVER,
}
_IN_WORDS = {
    CLASSIFY: "tag activities",
    EXPORT: "take results away",
    REVIEW: "review activities",
    ADJUDICATE: "end disputes",
    TRAIN: "train a version",
    PROMOTE: "promote a version",
    ROLL_BACK: "go back to the version before",
}


def may(role: str, action: str) -> bool:
    """Whether the role may do this; raises InputError for a role or an action that does not exist."""
    for what, given, known in (("role", role, ROLES), ("action", action, ACTIONS)):
        if given not in known:
            raise InputError(f"There is no {what} {given!r}. Choose one of {', '.join(known)}.")
    return ROLES.index(role) >= ROLES.index(LOWEST_ROLE_FOR[action])


def require(role: str, action: str) -> None:
    """Raises NotAllowed where the role may not do this."""
    if not may(role, action):
        needed = LOWEST_ROLE_FOR[action]
        raise NotAllowed(
            f"The role {role} may not {_IN_WORDS[action]}, the role {needed} may. Ask whoever runs this server for that role."
        )


def role_from_claims(claims: Mapping[str, object], settings: Settings) -> str:
    """The highest role that the settings give to a value of the claim, which is a text or a list of texts.

    The default role where they give none. A value gives a role only if the settings have it letter by letter. Where no claim has
    the name, its dots lead into claims within claims: ``realm_access.roles``.
    """
    claimed = _claim_named(settings.roles_claim, claims)
    values = claimed if isinstance(claimed, list | tuple) else [claimed]
    roles = [settings.role_of[value] for value in values if isinstance(value, str) and value in settings.role_of]
    return max(roles, key=ROLES.index, default=settings.default_role)


def _claim_named(name: str, claims: Mapping[str, object]) -> object:
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def role_without_sign_in(address: str | None, settings: Settings) -> str:
    """The role of all who use a server at this address that asks nobody to sign in.

    Approver where only this machine reaches it, else the default role; without an address a server listens to everybody.
    """
    return APPROVER if is_this_machine(address) else settings.default_role


def is_this_machine(name: str | None) -> bool:
    """Whether only this machine reaches this address or host name."""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def asks_for_this_machine(host: str | None, origin: str | None) -> bool:
    """Whether a browser with these headers Host and Origin shows a page of this machine, under a name that only leads here.

    Any site may let its own name lead to this machine, or have its pages call a server here. None where the header was not sent,
    which browsers do not leave out.
    """
    try:
        names_it = host is None or is_this_machine(urlsplit(f"//{host}").hostname)
        return names_it and (origin is None or urlsplit(origin).netloc == host)
    except ValueError:
        return False
