"""The card of a version as it was saved, cut into the page for everybody and the technical part, with no mark-up but its own."""

from dataclasses import dataclass
from pathlib import Path

from opscope.markdown import as_plain_markdown
from opscope.registry import CARD, read_manifest, unaltered

_HEADING = "\n## "


@dataclass(frozen=True)
class Card:
    """Both parts are Markdown in which anybody's text is text: headings, lists, tables, bold and code come of it, and nothing else.

    ``title`` is the first heading, without its mark; ``front`` what follows it.
    """

    title: str
    front: str
    technical: str

    def section(self, title: str) -> str:
        """What stands under a heading of the technical part; nothing where there is no such heading."""
        _, heading, rest = f"\n{self.technical}\n".partition(f"{_HEADING}{title}\n")
        return rest.partition(_HEADING)[0].strip() if heading else ""


def card_text(folder: Path) -> str:
    """The card in a version's folder as it stands there; raises ModelError when it is missing or altered."""
    return unaltered(folder / CARD, read_manifest(folder)).decode("utf-8", errors="replace").replace("\r\n", "\n")


def read_card(folder: Path) -> Card:
    """Reads the card in a version's folder; raises ModelError when it is missing or altered."""
    text = as_plain_markdown(card_text(folder))
    front, heading, technical = text.partition(_HEADING)
    title, _, front = front.strip().partition("\n")
    return Card(title.lstrip("# "), front.strip(), (heading + technical).strip())
