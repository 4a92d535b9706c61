"""What was found in a labelled table and its labels, for a terminal and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from opscope.audit import Audit, Suspect
from opscope.guide import guide
from opscope.intake import Intake, Twins
from opscope.visible import visible_json

_FEWEST_OF_FUNCTION = 20
_LEAST_SHARE = 0.2  # of a label, below which it is learned poorly
_MOST_SHOWN = 20
_MOST_NAMED = 8
_TRUSTED = 0.9  # share of labels that the audit gives too, below which its suspicions are questions
_LONGEST_SHOWN = 90  # characters of a text


def intake_lines(found: Intake) -> list[str]:
    """What the table holds, for a terminal."""
    reading, usable = found.reading, len(found.usable.rows)
    lines = [
        f"{reading.name}: {usable + found.rows_rejected:,} rows, {usable:,} can be learned from, {found.rows_rejected:,} cannot.",
        "Labels: " + ", ".join(f"{count:,} {label}" for label, count in found.labels.items()) + "." + _imbalance(found),
    ]
    if 0 < usable < _FEWEST_OF_FUNCTION:
        lines.append(f"So few rows hardly change a model that learns from the shipped ones too; {_FEWEST_OF_FUNCTION} or more do.")
    if found.functions:
        thin = [name for name in guide().functions if found.functions.get(name, 0) < _FEWEST_OF_FUNCTION]
        named, few = sum(found.functions.values()), ", ".join(thin) or "none"
        few = few if len(thin) <= _MOST_NAMED else f"{len(thin)} of the {len(guide().functions)}"
        lines.append(f"Functions: named in {named:,} rows; fewer than {_FEWEST_OF_FUNCTION} rows of {few}.")
    lines += _shown("cannot be learned from", [fault.sentence for fault in found.rejected])
    lines += _shown("contradict each other", [pair.sentence for pair in found.contradictions])
    return lines + _shown("say the same twice", [pair.sentence for pair in found.duplicates])


def _imbalance(found: Intake) -> str:
    rarer = min(found.labels, key=found.labels.get)
    share = found.labels[rarer] / max(1, sum(found.labels.values()))
    return f" Only {100 * share:.0f} % are {rarer}: it will be learned less well." if share < _LEAST_SHARE else ""


def audit_lines(found: Audit, known: Sequence[Twins] = ()) -> list[str]:
    """What was found in the labels, for a terminal; ``known`` contradictions are not told again."""
    told = {(pair.first_row, pair.second_row) for pair in known}
    lines = _shown("labels are likely wrong, the likeliest first", [_suspicion(suspect) for suspect in found.suspects])
    if found.suspects and found.agreement < _TRUSTED:
        agreement = f"{100 * found.agreement:.0f} %"
        lines.append(f"  Take these as questions: whoever says so gives only {agreement} of all rows the label they have.")
    lines += _shown(
        "mean the same as a text with the other label",
        [pair.sentence for pair in found.contradictions if (pair.first_row, pair.second_row) not in told],
    )
    return lines or ["No label looks wrong."]


def _suspicion(suspect: Suspect) -> str:
    sure = f"{suspect.proposed} is likelier ({100 * min(suspect.probability, 0.99):.0f} %)"
    return f"row {suspect.row}: {_cut(suspect.text)} is labelled {suspect.label}, {sure}, like {_cut(suspect.nearest)}"


def _cut(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…")


def _shown(what: str, found: Sequence[str]) -> list[str]:
    if not found:
        return []
    more = [f"  ... and {len(found) - _MOST_SHOWN:,} more"] if len(found) > _MOST_SHOWN else []
    return [f"{len(found):,} {what}:", *(f"  {line}" for line in found[:_MOST_SHOWN]), *more]


def findings_json(found: Intake, audited: Audit | None) -> str:
    """Everything found, as JSON; without an audit its parts are null."""
    told = {
        "name": found.reading.name,
        "rows": len(found.usable.rows) + found.rows_rejected,
        "usable": len(found.usable.rows),
        "labels": found.labels,
        "functions": found.functions,
        "rejected": [asdict(fault) for fault in found.rejected],
        **{name: [asdict(pair) for pair in getattr(found, name)] for name in ("duplicates", "contradictions", "overlaps")},
        "suspects": audited and [asdict(suspect) for suspect in audited.suspects],
        "same_meaning": audited and [asdict(pair) for pair in audited.contradictions],
    }
    return visible_json(json.dumps(told, ensure_ascii=False, indent=2))
