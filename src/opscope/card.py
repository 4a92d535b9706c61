"""Reports in words: for a terminal, and as the card of a version that says what it is for, how good it is, and its limits."""

from dataclasses import dataclass

from opscope.agreement import cohens_kappa
from opscope.compare import Difference, difference_in_words
from opscope.evaluation import Decided, Report, Share
from opscope.learning import LearningCurve
from opscope.paths import shipped
from opscope.policies import CONFIDENCE, POLICIES
from opscope.registry import Manifest
from opscope.tables import read_table

_FRONT = """# opscope model {version}

**What it is for.** Tagging short English descriptions of business activities as production-scoped or operations-wide, with a
probability and the words that spoke for it, so that a person decides faster. The labels are defined in guide version {guide}.

**What it is not for.** Deciding about people; texts that are no activities of an organisation; other languages; farming, mining,
energy generation and building sites, which the guide leaves out.

**Data.** {rows:,} labelled activities{own}. The shipped rows were written and labelled by a language model working from the
guide, with no person's label among them; `data/README.md` tells how.

**Agreement.** {agreement}

**How good.** {accuracy} of the labels on the evaluation set are right, on rows that were never trained on. By the balanced
policy it decides {decided} of the activities without a person, and of those labels {right} are right; the others go to a
person with a question. {unfamiliar} of the texts that are no activity are recognised.

**May the probabilities be believed?** On the average they are off by {calibration}.

**Limits.** Real lists are harder than the evaluation set, which was written the same way as the training rows. Hands-on
services, single words and short names are the weakest. Where your organisation draws the line elsewhere than the guide, it needs
labels of your own.

**Changes.** {changes}
"""


@dataclass(frozen=True)
class Before:
    """The version that was active when this one was trained, and the difference between the two on the evaluation set."""

    manifest: Manifest
    difference: Difference


def card_of(manifest: Manifest, report: Report, curve: LearningCurve | None = None, before: Before | None = None) -> str:
    """The card's text: a front page for everybody, and the technical pages. ``report`` is measured on the evaluation set."""
    own = f", {manifest.own_rows:,} of them given by the user" if manifest.own_rows else ""
    front = _FRONT.format(
        version=manifest.version,
        guide=manifest.guide_version,
        rows=manifest.rows,
        own=own,
        agreement=_agreement(),
        accuracy=in_words(report.accuracy),
        decided=in_words(report.decided.share),
        right=in_words(report.decided.right),
        unfamiliar=in_words(report.unfamiliar),
        calibration=f"{100 * report.calibration.error:.1f} points",
        changes=_changes(manifest, before),
    )
    learned = ["", "## Would more labels help?", "", *curve.sentences, ""] if curve else []
    return front + _scores(report) + _policies(manifest, report) + _calibration(report) + "\n".join(learned) + _technical(manifest)


def _agreement() -> str:
    """How far first and second labels of the shipped rows agree."""
    rows = [row.values for name in ("activities", "evaluation") for row in read_table(shipped(f"data/{name}.csv")).rows]
    first = {values[0]: values[2] for values in rows}
    pairs = [(first[values[0]], values[1]) for row in read_table(shipped("data/second_labels.csv")).rows for values in [row.values]]
    equal = Share(sum(a == b for a, b in pairs), len(pairs))
    kappa = cohens_kappa(*zip(*pairs, strict=True))
    return (
        f"Of the shipped rows {equal.total:,} were labelled a second time, blind; {in_words(equal)} got the same label (Cohen's\n"
        f"kappa {kappa:.2f}). Both readers were language models and disputed rows were dropped, so people would agree less often."
    )


def _changes(manifest: Manifest, before: Before | None) -> str:
    if before is None:
        return "There was no active version to compare with."
    old = before.manifest
    parts = [f"The active version was {old.version}, trained on {old.rows:,} rows. On the evaluation set this one has "]
    parts.append(difference_in_words(before.difference) + ".")
    parts += [" The guide has changed since."] if old.guide_sha256 != manifest.guide_sha256 else []
    return "".join(parts)


def _technical(manifest: Manifest) -> str:
    settings = ", ".join(f"{name} {value:g}" for name, value in manifest.settings.items())
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    hashes = "".join(
        f"- {what}: `{sha256}`\n"
        for what, sha256 in (
            ("texts, labels and functions", manifest.data_sha256),
            ("evaluation set", manifest.evaluation_sha256),
            ("guide", manifest.guide_sha256),
        )
    )
    trained = f"Trained {manifest.created} by {manifest.author} with {libraries}. Settings: {settings}."
    return f"\n## Technical\n\n{trained} SHA-256 of what it was made from:\n\n{hashes}"


def _policies(manifest: Manifest, report: Report) -> str:
    """What each policy promises, on how many rows that rests, and what it does on the evaluation set."""
    lines = [
        "| policy | wrong among decided, at most | decided from (probability) | decided without a person | right among these |",
        "|---|---|---|---|---|",
    ]
    for policy, error in POLICIES.items():
        found, thresholds = report.policies[policy], manifest.policies[policy]
        decided_from = ", ".join(f"{label} {threshold:.3g}" for label, threshold in thresholds.items())
        lines.append(f"| {policy} | {100 * error:g} % | {decided_from} | {in_words(found.share)} | {in_words(found.right)} |")
    promise = (
        f"The thresholds rest on {manifest.examples:,} rows, each scored by a model that had not seen it. On rows like those, a "
        f"label given without a person is wrong at most as often as its policy says, with a confidence of {CONFIDENCE:.0%}."
    )
    return f"\n## Policies\n\n{promise.replace('%', ' %')}\n\n" + "\n".join(lines) + "\n"


def _calibration(report: Report) -> str:
    return "\n## Probabilities on the evaluation set\n\n" + "\n".join(f"- {line}" for line in calibration_lines(report)) + "\n"


def calibration_lines(report: Report) -> list[str]:
    """How far the probabilities may be believed, in words."""
    found = report.calibration
    low, high = found.interval
    return [
        f"Brier score {found.brier:.4f}, log loss {found.log_loss:.4f}",
        f"expected calibration error {found.error:.4f} (95 % interval {low:.4f} to {high:.4f})",
        *(part.sentence for part in found.bins),
    ]


def _scores(report: Report) -> str:
    rows = [
        ("Label right", report.accuracy),
        ("Label right, hard rows", report.hard),
        ("Minimal pairs with both right", report.pairs),
        ("Function right", report.function),
        ("Function among the best three", report.function_top3),
        ("Texts that are no activity, recognised", report.unfamiliar),
        ("Activities taken for none", report.false_alarms),
        *((f"Label right, style {style}", share) for style, share in report.by_style.items()),
    ]
    lines = [f"| {name} | {in_words(share)} |" for name, share in rows if share.total]
    return "\n## Scores on the evaluation set\n\n| | |\n|---|---|\n" + "\n".join(lines) + "\n"


def in_words(share: Share) -> str:
    """A share for people, such as ``96.1 % (865 of 900)``."""
    if not share.total:
        return "none (of 0)"
    return f"{share.value:.1%}".replace("%", " %") + f" ({share.right} of {share.total})"


def report_lines(report: Report) -> list[str]:
    """A report for a terminal."""
    rows = [
        ("label right", report.accuracy),
        ("hard rows right", report.hard),
        ("pairs with both right", report.pairs),
        ("function right", report.function),
        ("function among best three", report.function_top3),
        *(row for name, found in report.policies.items() for row in _policy_rows(name, found)),
        ("no activity, recognised", report.unfamiliar),
        ("activity taken for none", report.false_alarms),
        *((f"label {name}", share) for name, share in report.by_label.items()),
        *((f"style {name}", share) for name, share in report.by_style.items()),
        *((f"function {name}", share) for name, share in report.by_function.items()),
    ]
    shown = [f"{name:<32} {in_words(share)}" for name, share in rows if share.total]
    return [*shown, *calibration_lines(report)]


def _policy_rows(policy: str, found: Decided) -> list[tuple[str, Share]]:
    return [(f"{policy}: decided", found.share), (f"{policy}: right among decided", found.right)]
