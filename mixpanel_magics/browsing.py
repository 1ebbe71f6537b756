"""`%mp_accounts`, `%mp_tables`, `%mp_report`: magics that show a widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mixpanel_magics import arguments
from mixpanel_magics.errors import shown_short
from mixpanel_magics.session import OnSession

if TYPE_CHECKING:
    from mixpanel_magics.widgets.accounts import AccountBrowser
    from mixpanel_magics.widgets.reporting import ReportForm
    from mixpanel_magics.widgets.tables import TableBrowser


@magics_class
class BrowsingMagics(OnSession):
    """`%mp_accounts`, `%mp_tables`, `%mp_report`."""

    @line_magic
    @no_var_expand
    @magic_arguments()
    def mp_accounts(self, line: str) -> AccountBrowser:
        """Show the accounts: add, test and remove them, and choose the one that is used here."""
        with shown_short():
            arguments.parse(self.mp_accounts, line)
            from mixpanel_magics.widgets.accounts import AccountBrowser

            return AccountBrowser(self._session)

    @line_magic
    @no_var_expand
    @magic_arguments()
    @argument("table", nargs="?", help="Open this table, or a flat one; else the first.")
    def mp_tables(self, line: str) -> TableBrowser:
        """Browse the tables: rows by the page, filtered and sorted, columns, values, the SQL.

        The browser of an earlier %mp_tables is closed. `TableBrowser(ws)` makes further ones.

        Examples::

          %mp_tables
          %mp_tables events
        """
        with shown_short():
            asked = arguments.parse(self.mp_tables, line)
            workspace = self._session.workspace
            table = None if asked.table is None else workspace.schema(asked.table).table
            from mixpanel_magics.widgets.tables import TableBrowser

            return self._session.show(TableBrowser(workspace, table))

    @line_magic
    @no_var_expand
    @magic_arguments()
    def mp_report(self, line: str) -> ReportForm:
        """Show a form that asks for a report, counted by Mixpanel or on a fetched table.

        It shows a picture, the numbers, and the code that gives them. The form of an earlier %mp_report is closed. `ReportForm(ws)` makes further ones.
        """
        with shown_short():
            arguments.parse(self.mp_report, line)
            workspace = self._session.workspace
            from mixpanel_magics.widgets.reporting import ReportForm

            return self._session.show(ReportForm(workspace, variable=self._session.name))
