"""The tables of the reviews, and the triggers that keep verdicts as they were written."""

from functools import partial

from sqlalchemy import DDL, Boolean, Column, Double, Integer, MetaData, String, Table, Text, event

SCHEMA = 1
_HASH = String(64)
_needed_text = partial(Column, type_=Text, nullable=False)
TABLES = MetaData()
META = Table("meta", TABLES, Column("name", String(40), primary_key=True), _needed_text("value"))
VERDICT = Table(
    "verdict", TABLES,
    # Numbered without gaps in the order of writing, so that the last number is how many there are.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("same", _HASH, nullable=False, unique=True),
    Column("key", _HASH, nullable=False, index=True),
    *map(_needed_text, ("text", "verdict", "label", "function", "reason", "reviewer", "when")),
    Column("saw_prediction", Boolean, nullable=False),
    Column("adjudicates", Boolean, nullable=False),
    _needed_text("predicted_label"),
    Column("predicted_probability", Double),
    *map(_needed_text, ("predicted_decision", "model_version", "guide_version")),
)  # fmt: skip
ACTIVITY = Table(
    "activity", TABLES,
    Column("id", Integer, primary_key=True),
    Column("key", _HASH, nullable=False, unique=True),
    *map(_needed_text, ("text", "added", "source", "predicted_label")),
    Column("predicted_probability", Double, nullable=False),
    *map(_needed_text, ("predicted_decision", "predicted_function", "model_version")),
)  # fmt: skip

_REFUSE = "SELECT RAISE(ABORT, 'verdicts are only ever added')"
_GUARDS = (
    ("sqlite", f"CREATE TRIGGER verdict_unchanged BEFORE UPDATE ON verdict BEGIN {_REFUSE}; END"),
    ("sqlite", f"CREATE TRIGGER verdict_undeleted BEFORE DELETE ON verdict BEGIN {_REFUSE}; END"),
    # INSERT OR REPLACE deletes without asking the trigger above.
    ("sqlite", "CREATE TRIGGER verdict_unreplaced BEFORE INSERT ON verdict "
     f"WHEN EXISTS (SELECT 1 FROM verdict WHERE id = NEW.id OR same = NEW.same) BEGIN {_REFUSE}; END"),
    ("postgresql", "CREATE FUNCTION opscope_refuse() RETURNS trigger LANGUAGE plpgsql AS "
     "$$ BEGIN RAISE EXCEPTION 'verdicts are only ever added'; END $$"),
    ("postgresql", "CREATE TRIGGER verdict_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON verdict "
     "FOR EACH STATEMENT EXECUTE FUNCTION opscope_refuse()"),
)  # fmt: skip
for _dialect, _statement in _GUARDS:
    event.listen(VERDICT, "after_create", DDL(_statement).execute_if(dialect=_dialect))
