"""Where the files lie that opscope ships: inside an installed wheel, or at the top of a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_INSTALLED = _PACKAGE / "shipped"
_CHECKOUT = _PACKAGE.parents[1]


def shipped(name: str) -> Path:
    """Path of a shipped file or folder, such as ``data/guide.toml`` or ``models``."""
    return (_INSTALLED if _INSTALLED.is_dir() else _CHECKOUT) / name
