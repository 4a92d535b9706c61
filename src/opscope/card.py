"""Reports in words: for a terminal, and as the card of a version that says what it is for, how good it is, and its limits."""

from opscope.evaluation import Report, Share
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
    thresholds = ", ".join(f"{label} {value:.3f}" for label, value in manifest.review_below.items())
    settings = ", ".join(f"{name} {value:g}" for name, value in manifest.settings.items())
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    technical = (
        f"\n## Technical\n\nSettings: {settings}. A label less probable than this goes to review: {thresholds}. "
        f"Trained with {libraries}.\n"
    )
    return front + _scores(report) + technical


def _scores(report: Report) -> str:
    rows = [
        ("Label right", report.accuracy),
        ("Label right, hard rows", report.hard),
        ("Minimal pairs with both right", report.pairs),
        ("Decided without a person", report.decided),
        ("Right among the decided", report.decided_right),
        ("Function right", report.function),
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
        ("decided", report.decided),
        ("right among decided", report.decided_right),
        ("no activity, recognised", report.unfamiliar),
        ("activity taken for none", report.false_alarms),
        *((f"label {name}", share) for name, share in report.by_label.items()),
        *((f"style {name}", share) for name, share in report.by_style.items()),
        *((f"function {name}", share) for name, share in report.by_function.items()),
    ]
    shown = [f"{name:<32} {in_words(share)}" for name, share in rows if share.total]
    return [*shown, f"{'Brier score':<32} {report.brier:.4f}", f"{'log loss':<32} {report.log_loss:.4f}"]
