"""The three policies: how many of the labels that opscope gives without a person may be wrong."""

from opscope.errors import InputError

STRICT, BALANCED, QUICK = "strict", "balanced", "quick"
CONFIDENCE = 0.9  # with this confidence a policy keeps its promise on rows like those it was chosen on
POLICIES = {STRICT: 0.02, BALANCED: 0.05, QUICK: 0.10}  # largest share wrong among the decided


def checked_policy(name: str) -> str:
    """The name; raises InputError where there is no such policy."""
    if name not in POLICIES:
        raise InputError(f"There is no policy {name!r}. Choose one of {', '.join(POLICIES)}.")
    return name
