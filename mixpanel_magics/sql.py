"""`%%mpsql` and `%mpsql`: SQL on the workspace, the answer a DataFrame."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from IPython.core.magic_arguments import argument, magic_arguments

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_magics import arguments, statements
from mixpanel_magics.display import DryRun, limit_rows
from mixpanel_magics.errors import shown_short

if TYPE_CHECKING:
    import pandas as pd

    from mixpanel_magics.session import MixpanelSession

Params = Mapping[str, Any] | Sequence[Any] | None

_ARROW = re.compile(r"\s*(?P<dest>\S+)\s*<<\s*")
_OPTION = re.compile(r"--dry-run|(?:--params|-n)(?:=.*)?", re.DOTALL)


@magics_class
class SqlMagics(Magics):
    """`%%mpsql`, `%mpsql`."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell, session: MixpanelSession) -> None:
        super().__init__(shell)
        self._session = session

    @line_cell_magic
    @needs_local_scope
    @no_var_expand
    @magic_arguments()
    @argument("dest", nargs="?", help="Put the DataFrame in this variable, and show nothing.")
    @argument(
        "--params",
        metavar="EXPR",
        help="Python expression whose value is bound to $name, or to ?. Without it, $name is the notebook's variable.",
    )
    @argument("--dry-run", action="store_true", help="Check and explain the query; run nothing.")
    @argument("-n", type=int, metavar="N", help="Show so many rows at most; the DataFrame has all.")
    def mpsql(
        self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None
    ) -> pd.DataFrame | DryRun | None:
        """Run SQL (DuckDB's dialect) on the fetched tables; the answer is a DataFrame.

        As a line magic, the rest of the line is the SQL; options come before it.

        Examples::

          %mpsql SELECT count(*) FROM events

          %%mpsql
          SELECT event_name, count(*) AS events FROM events GROUP BY ALL

          %%mpsql revenue --params {"plan": "pro"}
          SELECT sum(amount) FROM events_flat WHERE plan = $plan

          revenue = %mpsql SELECT sum(amount) FROM events_flat WHERE plan = $plan
        """
        with shown_short():
            options, sql = _cut(line) if cell is None else (line, cell)
            asked = self._asked(options)
            if not sql.strip():
                raise UsageError("there is no SQL: %mpsql SELECT 1 AS one")
            variables = {**self.shell.user_ns, **(local_ns or {})}
            params = _params(sql, asked.params, variables)
            if asked.dry_run:
                return self._explained(sql, params)
            frame = self._session.workspace.sql(sql, params)
            return self._handed(frame, asked)

    def _asked(self, options: str) -> Namespace:
        arrow = _ARROW.match(options)
        asked = arguments.parse(self.mpsql, options[arrow.end() :] if arrow else options)
        if arrow is not None:
            if asked.dest is not None:
                raise UsageError(f"what is {asked.dest!r}? SQL begins on the line below %%mpsql")
            asked.dest = arrow["dest"]
        if asked.dest is not None and not asked.dest.isidentifier():
            raise UsageError(f"{asked.dest!r} is no name of a variable; %%mpsql? has examples")
        if asked.n is not None and asked.n < 1:
            raise UsageError("-n must be 1 or more")
        return asked

    def _explained(self, sql: str, params: Params) -> DryRun:
        if not statements.can_be_explained(sql):
            raise InvalidArgumentError(
                "--dry-run explains one statement", hint="without --dry-run, all of them are run"
            )
        workspace = self._session.workspace
        rows = workspace.sql_rows(f"EXPLAIN {sql}", params)  # first, for it finds mistakes
        explanation = workspace.explain_sql(sql, params)
        if explanation.tables:
            rows = workspace.sql_rows(f"EXPLAIN {explanation.runs}", params)
        return DryRun(explanation, "\n".join(str(row[-1]) for row in rows))

    def _handed(self, frame: pd.DataFrame, asked: Namespace) -> pd.DataFrame | None:
        if asked.dest is not None:
            self.shell.user_ns[asked.dest] = frame
            if asked.n is None:
                return None
        if frame.empty and list(frame.columns) == ["Success"]:
            return None  # DuckDB's word for a statement without an answer
        if asked.n is not None:
            limit_rows(self.shell, asked.n)
        return frame


def _cut(line: str) -> tuple[str, str]:
    """The options that a line begins with, and the SQL after them."""
    arrow = _ARROW.match(line)
    begin = end = arrow.end() if arrow and arrow["dest"].isidentifier() else 0
    is_value = False
    for word, at in arguments.placed_words(line[begin:]):
        option = None if is_value else _OPTION.fullmatch(word)
        if option is None and not is_value:
            break
        is_value = word in {"--params", "-n"} and not is_value
        end = begin + at
    return line[:end], line[end:]


def _params(sql: str, expression: str | None, variables: Mapping[str, Any]) -> Params:
    """What to bind: of many values, only those that the SQL names."""
    names = statements.parameters(sql)
    if expression is None:
        unknown = [name for name in names if name not in variables]
        if unknown:
            raise InvalidArgumentError(
                f"the SQL has ${unknown[0]}, but the notebook has no variable of this name",
                hint=f'{unknown[0]} = …, or --params {{"{unknown[0]}": …}}',
            )
        return {name: variables[name] for name in names} or None
    given = arguments.evaluate(expression, variables, "--params")
    if isinstance(given, Mapping):
        return {name: given[name] for name in names if name in given} or None
    if isinstance(given, Sequence) and not isinstance(given, str):
        return given
    raise InvalidArgumentError(
        f"--params is a {type(given).__name__}, not a dict or a list",
        hint='--params {"name": value}',
    )
