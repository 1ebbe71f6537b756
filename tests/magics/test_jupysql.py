"""JupySQL on the session: each thing that it does wrong by itself, and that it must not do to us."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pandas as pd
import pytest

from mixpanel_data import QueryError
from tests.library.storage.sharing.holder import holding
from tests.magics.conftest import Cell
from tests.waiting import HANG

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def opened(cell: Cell, tmp_path) -> None:
    cell(f"%mp_use sandbox --db {tmp_path / 'shop.duckdb'}")


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """JupySQL keeps its connections and snippets in the process, not in the shell."""
    yield
    if "sql.connection" in sys.modules:
        from sql.connection import ConnectionManager
        from sql.store import store

        assert "mixpanel" not in ConnectionManager.connections
        ConnectionManager.connections.clear()
        ConnectionManager.current = None
        store._data.clear()


def rows(shown) -> list:
    assert shown.error is None, shown.out + shown.err
    return [tuple(row) for row in shown.value]


def test_both_magics_act_on_the_workspace(cell, opened):
    assert rows(cell("%sql CREATE TABLE t AS SELECT 7 AS x")) == [(1,)]
    assert rows(cell("%%sql\nSELECT x + 1\nFROM t")) == [(8,)]
    assert cell("ws.sql_scalar('SELECT x FROM t')").value == 7
    assert cell("%%sql got <<\nFROM t").error is None
    assert rows(cell("got")) == [(7,)]


def test_they_follow_when_the_workspace_is_switched(cell, opened, filled):
    assert rows(cell("%sql SHOW TABLES")) == []
    cell(f"%mp_use {filled}")
    assert ("events",) in rows(cell("%sql SHOW TABLES"))


@pytest.mark.parametrize("autopandas", [True, False])
def test_all_rows_come_whatever_the_statement(cell, opened, autopandas):
    for name in "abc":
        cell(f"%sql CREATE TABLE {name} AS SELECT 1 AS x, 2 AS y, 3 AS z")
    cell(f"%config SqlMagic.autopandas = {autopandas}")
    for statement in [
        "SHOW TABLES",
        "DESCRIBE a",
        "SUMMARIZE a",
        "VALUES (1), (2), (3)",
        "(SELECT 1) UNION (SELECT 2) UNION (SELECT 3)",
        "INSERT INTO a VALUES (4, 4, 4), (5, 5, 5), (6, 6, 6) RETURNING x",
    ]:
        shown = cell(f"%sql {statement}")
        assert shown.error is None
        assert len(shown.value) == 3, statement
        assert isinstance(shown.value, pd.DataFrame) is autopandas


@pytest.mark.parametrize("autopandas", [True, False])
def test_a_query_runs_once(cell, opened, autopandas):
    cell(f"%sql CREATE SEQUENCE s\n%config SqlMagic.autopandas = {autopandas}")
    cell("%sql SELECT nextval('s')")
    assert cell("ws.sql_scalar(\"SELECT nextval('s')\")").value == 2


def test_our_transaction_stays_open_and_ends_as_we_end_it(cell, opened):
    cell("ws.sql('CREATE TABLE t (x INT)'); ws.sql('BEGIN'); ws.sql('INSERT INTO t VALUES (1)')")
    assert rows(cell("%sql FROM t")) == [(1,)]
    assert cell("ws.sql('ROLLBACK')").error is None
    assert rows(cell("%sql FROM t")) == []


def test_temporary_tables_and_variables_are_shared(cell, opened):
    cell("ws.sql('CREATE TEMP TABLE ours AS SELECT 1 AS x; SET VARIABLE v = 5')")
    assert rows(cell("%sql SELECT x, getvariable('v') FROM ours")) == [(1, 5)]
    cell("%sql CREATE TEMP TABLE theirs AS SELECT 2 AS x")
    assert cell("%mpsql FROM theirs").value.x.tolist() == [2]


def test_settings_of_our_connection_stay(cell, opened):
    setting = "SELECT current_setting('{}')"
    names = ["python_scan_all_frames", "arrow_lossless_conversion"]
    cell("ws")
    ask = f"[ws.sql_scalar(q) for q in {[setting.format(name) for name in names]}]"
    before = cell(ask).value
    cell("%sql SELECT 1")
    assert cell(ask).value == before == [False, False]


def test_closing_theirs_leaves_ours_open(cell, opened):
    cell("%sql SELECT 1")
    assert cell("%sql --close mixpanel").error is None
    assert cell("ws.sql_scalar('SELECT 5')").value == 5
    from sql.connection import ConnectionManager

    ConnectionManager.close_all()
    assert cell("ws.sql_scalar('SELECT 5')").value == 5


def test_values_are_shown_as_text(shell, cell, opened):
    cell(
        f"""%sql SELECT '{HOSTILE}' AS a, '&lt;script&gt;' AS "<b>", 'http://x onclick=y' AS link"""
    )
    data, _ = shell.display_formatter.format(cell("_").value)
    assert "&lt;img src=x onerror=alert(1)&gt;" in data["text/html"]
    assert "&amp;lt;script&amp;gt;" in data["text/html"]
    assert "<th>&lt;b&gt;</th>" in data["text/html"]
    assert "<a " not in data["text/html"]
    shown = cell("%sql SELECT chr(27) || '[31m' AS red")
    assert "\x1b" not in shown.out
    assert "\\x1b[31m" in shown.out


def test_frames_of_the_notebook_are_tables(cell, opened):
    cell("import pandas as pd\nmine = pd.DataFrame({'a': range(101)})")
    assert rows(cell("%sql SELECT sum(a) FROM mine")) == [(5050,)]


@pytest.mark.filterwarnings("ignore:vert")  # JupySQL's word to Matplotlib
def test_plots_have_percentiles(cell, opened):
    pytest.importorskip("matplotlib").use("agg")
    cell("import pandas as pd\nmine = pd.DataFrame({'a': range(101)})")
    shown = cell("%sqlplot boxplot --table mine --column a")
    assert shown.error is None, shown.out
    drawn = [list(line.get_ydata()) for line in shown.value.lines]
    assert [50, 50] in drawn
    assert [25, 0] in drawn
    assert cell("%sqlplot histogram --table mine --column a").error is None
    sys.modules["matplotlib.pyplot"].close("all")


def test_snippets(cell, opened):
    cell("%%sql --save few --no-execute\nFROM range(5)")
    assert rows(cell("%sql SELECT count(*) FROM few")) == [(5,)]
    assert rows(cell("%%sql --with few\nSELECT max(range) FROM few")) == [(4,)]


def test_too_many_rows_are_not_read_and_never_taken_for_all(shell, cell, opened):
    shown = cell("%sql FROM range(1000000000000)")
    assert shown.error is None
    data, _ = shell.display_formatter.format(shown.value)
    assert "10 of more than 1,000,000 rows" in data["text/html"]
    for way in ["_.DataFrame()", "list(_)"]:
        cell("%sql FROM range(1000000000000)")
        failed = cell(way)
        assert isinstance(failed.error, QueryError)
        assert failed.out.startswith(
            "QueryError: more than 1,000,000 rows: too many for %sql\nhint:"
        )
    cell("%config SqlMagic.autopandas = True")
    assert isinstance(cell("%sql FROM range(1000000000000)").error, QueryError)
    assert rows(cell("%%mpsql\nSELECT 1"))


def test_errors_are_short(cell, opened):
    for wrong in [
        "SELECT nope FROM range(1)",
        "SELECT CAST('x' AS INT)",
        "FROM nowhere",
        "SELEC 1",
    ]:
        shown = cell(f"%sql {wrong}")
        assert shown.error is not None
        assert len((shown.out + shown.err).splitlines()) < 14
        assert "Traceback" not in shown.out + shown.err


# -- whose JupySQL it is --------------------------------------------------------------------------


def state(shell) -> list:
    manager = shell.magics_manager
    formatters = shell.display_formatter.formatters.values()
    return [
        *({**table} for table in (*manager.magics.values(), manager.registry)),
        list(shell.configurables),
        [{**f.type_printers} for f in formatters],
        vars(shell).get("show_usage_error"),
        {**shell.extension_manager.__dict__, "loaded": set(shell.extension_manager.loaded)},
    ]


def test_unloading_takes_jupysql_away_where_we_had_brought_it(shell, cell):
    extensions = shell.extension_manager
    extensions.unload_extension("mixpanel_magics")
    before = state(shell)
    for _ in range(2):
        extensions.load_extension("mixpanel_magics")
        assert rows(cell("%sql SELECT 1")) == [(1,)]
        extensions.unload_extension("mixpanel_magics")
        assert state(shell) == before


def test_a_connection_of_the_user_stays_the_current_one(shell, cell, tmp_path):
    extensions = shell.extension_manager
    extensions.unload_extension("mixpanel_magics")
    cell("%load_ext sql\n%config SqlMagic.displaylimit = 3")
    cell("%sql sqlite://\n%sql CREATE TABLE theirs (x)\n%sql INSERT INTO theirs VALUES (4)")
    before = state(shell)
    extensions.load_extension("mixpanel_magics")
    assert rows(cell("%sql SELECT x FROM theirs")) == [(4,)]
    cell(
        f"%mp_use sandbox --db {tmp_path / 'a.duckdb'}\nws.sql('CREATE TABLE ours AS SELECT 5 AS x')"
    )
    assert rows(cell("%%sql mixpanel\nFROM ours")) == [(5,)]
    assert cell("get_ipython().find_cell_magic('sql').__self__.displaylimit").value == 3
    assert rows(cell("%%sql sqlite://\nSELECT x FROM theirs")) == [(4,)]
    extensions.unload_extension("mixpanel_magics")
    assert state(shell) == before
    assert rows(cell("%sql SELECT x FROM theirs")) == [(4,)]


def test_another_connection_of_the_user_is_his_first_use(cell, opened):
    assert rows(cell("%%sql sqlite://\nSELECT sqlite_version() > '3'")) == [(1,)]
    assert rows(cell("%%sql mixpanel\nSELECT 1")) == [(1,)]


def test_a_user_who_loads_it_later_has_our_connection(cell, opened):
    cell("%load_ext sql")
    assert rows(cell("%sql SELECT 1")) == [(1,)]


def test_magics_of_that_name_that_are_not_jupysql_stay(shell, cell):
    shell.extension_manager.unload_extension("mixpanel_magics")
    shell.register_magic_function(lambda line: f"mine: {line}", magic_name="sql")
    shell.extension_manager.load_extension("mixpanel_magics")
    assert cell("%sql SELECT 1").value == "mine: SELECT 1"


def test_a_borrowed_database_works_as_ones_own(cell, tmp_path):
    path = tmp_path / "shared.duckdb"
    with holding(path) as owner:
        owner.sql("CREATE TABLE t AS FROM range(3) r(x)")
        cell(f"%mp_use {path}")
        assert rows(cell("%sql FROM t")) == [(0,), (1,), (2,)]
        cell("import pandas as pd\nmine = pd.DataFrame({'x': [1, 2, 5]})")
        assert rows(cell("%sql SELECT count(*) FROM t JOIN mine USING (x)")) == [(2,)]
        assert cell("%mpsql SELECT count(*) AS n FROM t JOIN mine USING (x)").value.n[0] == 2
        cell("ws.sql('BEGIN'); ws.sql('INSERT INTO t VALUES (9)')")
        assert rows(cell("%sql SELECT max(x) FROM t")) == [(9,)]
        assert owner.sql("SELECT max(x) FROM t") == [[2]]
        cell("ws.sql('ROLLBACK')\n%mp_use sandbox")


def test_nothing_is_sent_anywhere(tmp_path):
    code = f"""
import sys
status = []
def hook(event, args):
    local = event == "socket.connect" and isinstance(args[1], (str, bytes))
    local |= event == "subprocess.Popen" and args[0] == "fc-list"  # Matplotlib looks for fonts
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.exec") and not local:
        status.append((event, repr(args)))
sys.addaudithook(hook)
import matplotlib
matplotlib.use("agg")
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in ["%load_ext mixpanel_magics\\n%mp_use sandbox --db {tmp_path}/a.duckdb", "%sql SELECT 1",
             "%%sql\\nSHOW TABLES", "import pandas as pd; mine = pd.DataFrame(dict(a=[1, 2]))",
             "%sqlplot boxplot --table mine --column a", "%sql --close mixpanel", "ws.close()"]:
    done = shell.run_cell(cell)
    assert done.success, cell
print(status, file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG, check=False
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
