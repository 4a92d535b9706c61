"""What an export says of itself, so that a list can be read without opscope at hand: versions, promise, meanings, limits."""

from dataclasses import dataclass
from pathlib import PurePath

from opscope.guide import OPERATIONS, PRODUCTION, guide
from opscope.policies import CONFIDENCE, POLICIES, checked_policy
from opscope.tagged_list import Summary, TaggedList
from opscope.text import clean

LIMITS = (
    "opscope reads English only. Farming, mining, energy generation and building sites are left out of its guide.",
    "It goes by the words of a text. What the text does not say, such as where it happens, it cannot know.",
    "Its training rows were written and labelled by a language model, so real lists are harder than its figures suggest.",
    "Hands-on services, single words and short names are its weakest; a few short names are taken for no activity.",
    "Where your organisation draws the line elsewhere than the guide, its labels need people's corrections.",
)


@dataclass(frozen=True)
class Fact:
    """One thing to know of an export."""

    title: str
    text: str


def name_of(tagged: TaggedList) -> str:
    """The name of the list for people: that of its file, without the folder."""
    return clean(PurePath(tagged.table.path.replace("\\", "/")).name) or "list"


def date_of(tagged: TaggedList) -> str:
    """When the list was tagged."""
    return f"{tagged.when:%Y-%m-%d %H:%M} UTC"


def promise_of(policy: str) -> str:
    """What a policy promises, in two sentences; raises InputError for an unknown one."""
    share = f"{100 * POLICIES[checked_policy(policy)]:g} %"
    return (
        f"At most {share} of the labels given without a person are wrong, on activities like those that opscope was tested on "
        f"(tested with {100 * CONFIDENCE:g} % confidence). A list of another kind may fare worse: check some of its rows."
    )


def expected_wrong_of(summary: Summary) -> str:
    """How many of the decided labels are likely wrong, in a sentence."""
    if not summary.decided:
        return "No label was given without a person."
    wrong = "fewer than one" if summary.expected_wrong < 1 else f"about {summary.expected_wrong:,.0f}"
    share = f"{100 * summary.expected_wrong / summary.decided:.1f} %"
    return f"Of {summary.decided:,} labels given without a person {wrong} ({share}) will likely be wrong, by their probabilities."


def versions_of(tagged: TaggedList) -> tuple[Fact, ...]:
    """The list, when it was tagged, and by which versions."""
    return (
        Fact("List", f"{name_of(tagged)}, {len(tagged.predictions):,} rows"),
        Fact("Tagged", date_of(tagged)),
        Fact("Model version", tagged.model_version),
        Fact("Guide version", tagged.guide_version),
        Fact("Policy", tagged.policy),
        Fact("What the policy promises", promise_of(tagged.policy)),
    )


def meanings() -> tuple[Fact, ...]:
    """What the labels, the decisions and the probability mean."""
    labels = guide().labels
    return (
        *(Fact(f"{key} ({labels[key].name})", labels[key].meaning) for key in (PRODUCTION, OPERATIONS)),
        Fact("review", "opscope does not decide: a person should, and the question says what to find out."),
        Fact(
            "unfamiliar",
            "The text does not read like an activity in English, or holds too many unknown words. Its label is a guess.",
        ),
        Fact("probability", "How likely the label is right, from 0.5 to 1."),
    )
