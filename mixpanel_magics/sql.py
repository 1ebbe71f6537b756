"""`%%mpsql` and `%mpsql`: SQL on the workspace, the answer a DataFrame."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import (
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from IPython.core.magic_arguments import argument, magic_arguments

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.text import listed
from mixpanel_magics import arguments, statements
from mixpanel_magics.display import DryRun, show_first
from mixpanel_magics.errors import shown_short
from mixpanel_magics.progress import querying
from mixpanel_magics.session import OnSession, frames_of
from mixpanel_magics.snippets import Snippets
from mixpanel_magics.templates import render

if TYPE_CHECKING:
    from mixpanel_magics.session import MixpanelSession

Answer = Any
"""A DataFrame of pandas or Polars, or an Arrow table."""
Frames = Mapping[str, Any]
Params = Mapping[str, Any] | Sequence[Any] | None

_ARROW = re.compile(r"\s*(?P<dest>\S+)\s*<<\s*")
_VALUED = r"--params|--format|--with|--save|-n"
_OPTION = re.compile(r"--?[a-z][a-z-]*(?:=.*)?", re.DOTALL)
"""No statement begins like this; what is no option of the magic is refused there."""
_OUTCOMES = (["Success"], ["Count"])
"""Columns that DuckDB gives to statements without an answer."""


@magics_class
class SqlMagics(OnSession):
    """`%%mpsql`, `%mpsql`."""

    def __init__(self, shell: InteractiveShell, session: MixpanelSession) -> None:
        super().__init__(shell, session)
        self._snippets = Snippets()

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
    @argument("-n", type=int, metavar="N", help="Show the first N rows; the DataFrame has all.")
    @argument("--format", choices=["df", "arrow", "polars"], default="df", help="What to make.")
    @argument("--jinja", action="store_true", help="Fill in {{ }} and {%% %%} first: as SQL text.")
    @argument("--save", metavar="NAME", help="Keep the query under a name.")
    @argument("--no-execute", action="store_true", help="Only keep it.")
    @argument(
        "--with", action="append", metavar="A,B", dest="uses", help="Use saved queries as tables."
    )
    def mpsql(
        self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None
    ) -> Answer | DryRun | None:
        """Run SQL (DuckDB's dialect) on the fetched tables; the answer is a DataFrame.

        DataFrames of the notebook are tables, too, by the names of their variables. As a line
        magic, the rest of the line is the SQL; options come before it.

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
            return self._answer(sql, asked, {**self.shell.user_ns, **(local_ns or {})})

    def _answer(
        self, sql: str, asked: Namespace, variables: Mapping[str, Any]
    ) -> Answer | DryRun | None:
        uses = [] if asked.uses is None else listed(asked.uses, "--with")
        if asked.jinja:
            sql = render(sql, variables)
        query = self._snippets.compose(sql, uses)
        if asked.save is not None:
            self._snippets.save(asked.save, sql, uses)
        if asked.no_execute:
            return None
        params = _params(query, asked.params, variables)
        frames = frames_of(variables)
        if asked.dry_run:
            return self._explained(query, params, frames)
        return self._handed(self._run(query, params, frames, asked.format), asked)

    def _run(self, query: str, params: Params, frames: Frames, output: str) -> Answer:
        workspace = self._session.workspace
        with querying(self.shell) as progress:
            if output == "df":
                return workspace.sql(query, params, frames=frames, progress=progress)
            result = workspace.sql_result(query, params, frames=frames, progress=progress)
        return result.to_arrow() if output == "arrow" else result.to_polars()

    def _asked(self, options: str) -> Namespace:
        arrow = _ARROW.match(options)
        asked = arguments.parse(self.mpsql, options[arrow.end() :] if arrow else options)
        if arrow is not None:
            if asked.dest is not None:
                raise UsageError(f"what is {asked.dest!r}? SQL begins on the line below %%mpsql")
            asked.dest = arrow["dest"]
        if asked.dest is not None and not asked.dest.isidentifier():
            raise UsageError(f"{asked.dest!r} is no name of a variable; %%mpsql? has examples")
        if asked.n is not None and (asked.n < 1 or asked.format != "df"):
            raise UsageError("-n must be 1 or more, and goes with --format df")
        if asked.no_execute and asked.save is None:
            raise UsageError("--no-execute goes with --save NAME")
        return asked

    def _explained(self, sql: str, params: Params, frames: Frames) -> DryRun:
        if not statements.can_be_explained(sql):
            raise InvalidArgumentError(
                "--dry-run explains one statement", hint="without --dry-run, all of them are run"
            )
        workspace = self._session.workspace
        # First the query as it is: that finds mistakes.
        rows = workspace.sql_rows(f"EXPLAIN {sql}", params, frames=frames)
        explanation = workspace.explain_sql(sql, params, frames=frames)
        if explanation.tables:
            rows = workspace.sql_rows(f"EXPLAIN {explanation.runs}", params, frames=frames)
        return DryRun(explanation, "\n".join(str(row[-1]) for row in rows))

    def _handed(self, answer: Answer, asked: Namespace) -> Answer | None:
        if asked.dest is not None:
            self.shell.user_ns[asked.dest] = answer
            if asked.n is None:
                return None
        if asked.format == "df":
            if answer.empty and list(answer.columns) in _OUTCOMES:
                return None
            show_first(self.shell, answer, asked.n)
        return answer


def _cut(line: str) -> tuple[str, str]:
    """The options that a line begins with, and the SQL after them."""
    arrow = _ARROW.match(line)
    begin = end = arrow.end() if arrow and arrow["dest"].isidentifier() else 0
    is_value = False
    for word, at in arguments.placed_words(line[begin:]):
        option = None if is_value else _OPTION.fullmatch(word)
        if option is None and not is_value:
            break
        is_value = re.fullmatch(_VALUED, word) is not None and not is_value
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
