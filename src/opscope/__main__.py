"""``python -m opscope`` is the same as ``opscope``."""

import sys

from opscope.cli import main

sys.exit(main())
