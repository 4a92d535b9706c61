"""``python -m opscope`` is the same as ``opscope``."""

import sys

from opscope.cli import entry

sys.exit(entry())
