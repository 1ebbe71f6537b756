"""Where data goes. Its reader may leave before the end, as `head` does; that is no error."""

from __future__ import annotations

import os
import sys


def abandon() -> None:
    """Let what is still buffered go nowhere: its reader has left."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
