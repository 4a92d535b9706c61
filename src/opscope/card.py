"""Reports in words: for a terminal, and as the card of a version that says what it is for, how good it is, and its limits."""

from opscope.evaluation import Decided, Report, Share
from opscope.policies import CONFIDENCE, POLICIES
from opscope.registry import Manifest

_FRONT = """# opscope model {version}

**What it is for.** Tagging short English descriptions of business activities as production-scoped or operations-wide, with a
probability and the words that spoke for it, so that a person decides faster. The labels are defined in guide version {guide}.

**What it is not for.** Deciding about people; texts that are no activities of an organisation; other languages; farming, mining,
energy generation and building sites, which the guide leaves out.

**Data.** {rows:,} labelled activities (SHA-256 of the texts and labels: `{data}`). The shipped rows were written and labelled by a
language model working from the guide; `data/README.md` tells how.
"""


def card_of(manifest: Manifest, report: Report) -> str:
    """The card's text; ``report`` is the version's measurement on the evaluation set."""
    front = _FRONT.format(
        version=manifest.version, guide=manifest.guide_version, rows=manifest.rows, data=manifest.data_sha256[:16]
    )
    settings = ", ".join(f"{name} {value:g}" for name, value in manifest.settings.items())
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    technical = f"\n## Technical\n\nSettings: {settings}. Trained with {libraries}.\n"
    return front + _scores(report) + _policies(manifest, report) + _calibration(report) + technical


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
