"""Where a file is, as one would type it."""

from __future__ import annotations

import os
from pathlib import Path


def shown(path: Path) -> str:
    """The path, from `~` where it is in one's home: a saved notebook need not name its owner."""
    home = Path.home()
    return f"~{os.sep}{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
