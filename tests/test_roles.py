import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from opscope.errors import InputError, NotAllowed
from opscope.roles import (
    ACTIONS,
    LOWEST_ROLE_FOR,
    asks_for_this_machine,
    is_this_machine,
    may,
    require,
    role_from_claims,
    role_without_sign_in,
)
from opscope.settings import ROLES, Settings

MAY = {
    "viewer": ("classify", "export"),
    "reviewer": ("classify", "export", "review"),
    "approver": ("classify", "export", "review", "adjudicate", "train", "promote", "roll_back"),
}
MAPPED = Settings(role_of={"shift": "reviewer", "owners": "approver", "guests": "viewer"})


@pytest.mark.parametrize(("role", "actions"), MAY.items())
def test_each_role_may_do_this_and_no_more(role, actions):
    assert tuple(action for action in ACTIONS if may(role, action)) == actions


def test_every_action_has_a_lowest_role():
    assert tuple(LOWEST_ROLE_FOR) == ACTIONS


@pytest.mark.parametrize(
    ("role", "action", "message"),
    [
        ("admin", "train", "There is no role 'admin'. Choose one of viewer, reviewer, approver."),
        ("", "train", "There is no role ''. Choose one of viewer, reviewer, approver."),
        (
            "approver", "delete",
            "There is no action 'delete'. Choose one of classify, export, review, adjudicate, train, promote, roll_back.",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("asked", [may, require])
def test_a_role_or_action_that_does_not_exist_is_refused(asked, role, action, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        asked(role, action)


@pytest.mark.parametrize(
    ("role", "action", "message"),
    [
        ("viewer", "review", "The role viewer may not review activities, the role reviewer may."),
        ("viewer", "promote", "The role viewer may not promote a version, the role approver may."),
        ("reviewer", "adjudicate", "The role reviewer may not end disputes, the role approver may."),
        ("reviewer", "train", "The role reviewer may not train a version, the role approver may."),
        ("reviewer", "roll_back", "The role reviewer may not go back to the version before, the role approver may."),
    ],
)
def test_what_a_role_may_not_is_refused_with_a_sentence(role, action, message):
    with pytest.raises(NotAllowed, match=f"^{re.escape(message)} Ask whoever runs this server for that role\\.$"):
        require(role, action)


@pytest.mark.parametrize(("role", "actions"), MAY.items())
def test_what_a_role_may_is_let_through(role, actions):
    for action in actions:
        require(role, action)


@pytest.mark.parametrize(
    ("claimed", "role"),
    [
        ("shift", "reviewer"),
        (["guests", "owners", "shift"], "approver"),
        (("guests", "shift"), "reviewer"),
        (["guests"], "viewer"),
        ([], "viewer"),
        (None, "viewer"),
        ("", "viewer"),
        ("Owners", "viewer"),
        ("owners ", "viewer"),
        ("shift owners", "viewer"),
        ("approver", "viewer"),
        ({"owners": True}, "viewer"),
        ([["owners"], {"a": "owners"}, 3, None], "viewer"),
        (True, "viewer"),
    ],
)
def test_the_claim_gives_the_highest_role_that_is_mapped(claimed, role):
    assert role_from_claims({"roles": claimed}, MAPPED) == role


def test_only_the_claim_of_the_settings_counts():
    settings = Settings(roles_claim="groups", role_of={"owners": "approver"})
    assert role_from_claims({"roles": "owners", "role": "approver"}, settings) == "viewer"
    assert role_from_claims({"groups": "owners"}, settings) == "approver"


NESTED = [
    ({"realm_access": {"roles": ["shift", "owners"]}}, "approver"),
    ({"realm_access": {"roles": "shift"}}, "reviewer"),
    ({"realm_access.roles": "guests", "realm_access": {"roles": "owners"}}, "viewer"),
    ({"realm_access.roles": None, "realm_access": {"roles": "owners"}}, "viewer"),
    ({"realm_access": {"roles": {"owners": "owners"}}}, "viewer"),
    ({"realm_access": {"other": "owners"}, "roles": "owners"}, "viewer"),
    ({"realm_access": "owners"}, "viewer"),
    ({"realm_access": ["roles", "owners"]}, "viewer"),
    ({"realm_access": [{"roles": "owners"}]}, "viewer"),
    ({}, "viewer"),
]


@pytest.mark.parametrize(("claims", "role"), NESTED)
def test_a_claim_within_claims_is_found_by_the_dots_of_its_name_unless_one_has_the_whole_name(claims, role):
    settings = Settings(roles_claim="realm_access.roles", role_of=MAPPED.role_of)
    assert role_from_claims(claims, settings) == role


def test_a_claim_may_lie_as_deep_as_a_provider_likes():
    settings = Settings(roles_claim="resource_access.opscope.roles", role_of=MAPPED.role_of)
    assert role_from_claims({"resource_access": {"opscope": {"roles": ["owners"]}}}, settings) == "approver"


def test_without_a_known_value_the_default_role_counts_and_with_one_it_does_not():
    settings = Settings(default_role="reviewer", role_of={"guests": "viewer"})
    assert role_from_claims({}, settings) == "reviewer"
    assert role_from_claims({"roles": ["guests"]}, settings) == "viewer"


ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text() | some.sampled_from(["shift", "guests", *ROLES]),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)


@given(some.dictionaries(some.text() | some.sampled_from(["roles", "a"]), ANYTHING), some.sampled_from(ROLES), some.text("roles.a"))
def test_no_claims_give_more_than_what_is_mapped(claims, default, claim):
    settings = Settings(roles_claim=claim, role_of={"shift": "reviewer", "guests": "viewer"}, default_role=default)
    assert role_from_claims(claims, settings) in {"reviewer", "viewer", default}


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_without_sign_in_everybody_on_this_machine_is_an_approver(address):
    assert role_without_sign_in(address, Settings()) == "approver"


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "10.0.0.4", "example.com", "localhost.example.com", "unix:///s"])
def test_without_sign_in_everybody_in_a_network_has_the_default_role(address):
    assert role_without_sign_in(address, Settings()) == "viewer"
    assert role_without_sign_in(address, Settings(default_role="reviewer")) == "reviewer"


HERE = [
    ("localhost:8501", "http://localhost:8501"), ("127.0.0.1:8501", "http://127.0.0.1:8501"), ("[::1]:8501", "http://[::1]:8501"),
    ("localhost", "https://localhost"), ("LOCALHOST:8501", None), (None, None),
]  # fmt: skip
ELSEWHERE = [
    ("evil.example:8501", "http://evil.example:8501"), ("evil.example", None), ("localhost.evil.example", None),
    ("evil.example:8501", "http://localhost:8501"), ("localhost:8501", "http://localhost:1"), ("localhost:8501", "null"),
    ("localhost:8501", ""), ("localhost:8501", "http://127.0.0.1:8501"), ("10.0.0.4:8501", None), ("", None), ("[::1", None),
    ("localhost@evil.example", None), ("localhost:8501", "http://[::1"), (None, "http://evil.example"),
]  # fmt: skip


@pytest.mark.parametrize(("host", "origin"), HERE)
def test_a_browser_of_this_machine_asks_for_it_by_a_name_that_leads_nowhere_else(host, origin):
    assert asks_for_this_machine(host, origin)


@pytest.mark.parametrize(("host", "origin"), ELSEWHERE)
def test_another_name_or_another_page_does_not_ask_for_this_machine(host, origin):
    assert not asks_for_this_machine(host, origin)


@given(some.text() | some.none(), some.text() | some.none())
def test_any_headers_are_told_apart(host, origin):
    assert asks_for_this_machine(host, origin) in (True, False)
    assert is_this_machine(host) in (True, False)
