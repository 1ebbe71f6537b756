"""What writes the generated parts of `docs/reference`, and `docs/llms.txt`, from the code.

`make docs` runs it: each page names the function whose text it holds, in a comment that cog reads.
"""

from reference.commands import commands, exit_codes
from reference.configuration import environment, settings
from reference.errors import errors
from reference.index import index
from reference.magics import magics
from reference.questions import questions
from reference.tables import columns, flat
from reference.tools import tools

__all__ = [
    "columns",
    "commands",
    "environment",
    "errors",
    "exit_codes",
    "flat",
    "index",
    "magics",
    "questions",
    "settings",
    "tools",
]
