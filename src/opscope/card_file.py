"""The card of a version as it was saved, cut into the page for everybody and the technical part."""

from dataclasses import dataclass
from pathlib import Path

from opscope.registry import CARD, read_manifest, unaltered

_HEADING = "\n## "


@dataclass(frozen=True)
class Card:
    """Both parts are Markdown. ``title`` is the first heading, without its mark; ``front`` what follows it."""

    title: str
    front: str
    technical: str

    def section(self, title: str) -> str:
        """What stands under a heading of the technical part; nothing where there is no such heading."""
        _, heading, rest = f"\n{self.technical}\n".partition(f"{_HEADING}{title}\n")
        return rest.partition(_HEADING)[0].strip() if heading else ""


def read_card(folder: Path) -> Card:
    """Reads the card in a version's folder; raises ModelError when it is missing or altered."""
    text = unaltered(folder / CARD, read_manifest(folder)).decode("utf-8", errors="replace").replace("\r\n", "\n")
    front, heading, technical = text.partition(_HEADING)
    title, _, front = front.strip().partition("\n")
    return Card(title.lstrip("# "), front.strip(), (heading + technical).strip())
