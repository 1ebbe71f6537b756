"""`pip install mixpanel-data`: the library and `mp` work, and say what to install for the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.utils import canonicalize_name

import mixpanel_data
from mixpanel_data.sandbox import Sandbox
from mixpanel_data.sandbox.server import serve
from tests.packaging.conftest import Environment

MAKE = """
import duckdb, sys
with duckdb.connect(sys.argv[1]) as connection:
    connection.execute("CREATE TABLE t AS SELECT i, i % 3 AS rest FROM range(9) AS t(i)")
"""

WALK = """
import importlib, pkgutil, mixpanel_data
missing = set()
for module in pkgutil.walk_packages(mixpanel_data.__path__, "mixpanel_data."):
    try:
        importlib.import_module(module.name)
    except mixpanel_data.MissingExtraError as error:
        missing.add(error.extra)
    except ModuleNotFoundError as error:
        missing.add(error.name.partition(".")[0])
print(*sorted(missing))
"""

MISSING = """
import sys, mixpanel_data
from datetime import date
from mixpanel_data import Workspace
from mixpanel_data.queries import Segmentation
from mixpanel_data.types import SegmentationResult
ws = Workspace.open(sys.argv[1])
try:
    {statement}
except mixpanel_data.MissingExtraError as error:
    print(error.hint)
"""

ASKED = "Segmentation(event='A', from_date=date(2026, 1, 1), to_date=date(2026, 1, 2))"
MODULES = {"altair", "cheroot", "mcp", "sandbox", "werkzeug"}
"""What modules of the library import of extras, or are refused without."""

REPORT = f"SegmentationResult(query={ASKED}, series={{'A': {{'2026-01-01': 1}}}})"


@pytest.fixture
def db(bare: Environment, tmp_path: Path) -> Path:
    path = tmp_path / "some.duckdb"
    bare.python_says(MAKE, path)
    return path


def test_nothing_of_an_extra_is_installed_and_what_is_there_fits_together(bare):
    listed = json.loads(bare.run("python", "-m", "pip", "list", "--format=json").out)
    installed = {canonicalize_name(it["name"]) for it in listed}
    (path,) = bare.folder.rglob("mixpanel_data-*.dist-info/METADATA")
    needed = Metadata.from_email(path.read_bytes()).requires_dist or []
    optional = {canonicalize_name(it.name) for it in needed if "extra" in str(it.marker)}
    optional -= {"anyio"}  # httpx brings it
    assert len(optional) > 20
    assert installed & optional == set()
    assert bare.run("python", "-m", "pip", "check").code == 0


def test_mp_tells_its_version_and_helps(bare):
    told = bare.run("mp", "--version")
    assert (told.code, told.out, told.err) == (
        0,
        f"mixpanel-data {mixpanel_data.__version__}\n",
        "",
    )
    helped = bare.run("mp", "--help")
    assert (helped.code, helped.err) == (0, "")
    assert "mp demo" in helped.out
    assert "name: mixpanel" in bare.run("mp", "skill").out
    assert "# Exporting" in bare.run("mp", "help", "how-to/exporting").out


def test_every_public_name_is_there(bare):
    code = "import mixpanel_data as m; print(all(hasattr(m, name) for name in m.__all__))"
    assert bare.python_says(code) == "True\n"


def test_no_module_needs_what_only_developers_have(bare):
    assert set(bare.python_says(WALK).split()) <= MODULES


def test_a_duckdb_file_is_queried_from_python_and_from_the_terminal(bare, db):
    query = "SELECT rest, sum(i)::BIGINT AS total FROM t GROUP BY 1 ORDER BY 1"
    told = bare.run("mp", "--db", db, "sql", query, "--format", "csv")
    assert (told.code, told.out) == (0, "rest,total\n0,9\n1,12\n2,15\n")
    code = (
        "import sys; from mixpanel_data import Workspace;"
        "print(Workspace.open(sys.argv[1]).sql(sys.argv[2]).total.tolist())"
    )
    assert bare.python_says(code, db, query) == "[9, 12, 15]\n"


def test_events_are_fetched_and_asked(bare, tmp_path):
    with Sandbox(events=500, profiles=20) as app, serve(app) as server:
        account = {**app.environment(server.url), "MP_DATA_DIR": str(tmp_path / "data")}
        days = ["--from", "2026-01-01", "--to", "2026-03-01"]
        fetched = bare.run("mp", "fetch", "events", *days, **account)
        assert fetched.code == 0, fetched.err
        live = bare.run("mp", "segmentation", "--event", "Purchase", *days, **account)
        local = bare.run("mp", "segmentation", "--event", "Purchase", *days, "--local", **account)
    assert json.loads(fetched.out)["rows"] > 400
    assert (live.code, local.code) == (0, 0), live.err + local.err
    assert json.loads(live.out)["series"] == json.loads(local.out)["series"]


@pytest.mark.parametrize(
    "args",
    [["demo"], ["sandbox"], ["--account", "sandbox", "events"], ["--account=sandbox", "top"]],
)
def test_a_command_that_needs_the_sandbox_names_its_extra(bare, args):
    told = bare.run("mp", *args)
    assert (told.code, told.out) == (1, "")
    assert told.err.endswith("\nhint: pip install 'mixpanel-data[sandbox]'\n")


def test_the_server_for_agents_names_its_extra(bare):
    told = bare.run("mp", "mcp")
    assert (told.code, told.out) == (1, "")
    assert told.err.endswith("\nhint: pip install 'mixpanel-data[mcp]'\n")


def test_an_export_to_arrow_names_its_extra(bare, db, tmp_path):
    told = bare.run("mp", "--db", db, "export", "t", tmp_path / "x.arrow")
    assert (told.code, told.out) == (1, "")
    assert told.err.endswith("\nhint: pip install 'mixpanel-data[arrow]'\n")
    assert bare.run("mp", "--db", db, "export", "t", tmp_path / "x.parquet").code == 0
    assert [it.name for it in tmp_path.iterdir() if it.suffix in {".arrow", ".parquet"}] == [
        "x.parquet"
    ]


@pytest.mark.parametrize(
    ("statement", "extra"),
    [
        ("ws.sql_result('FROM t').to_arrow()", "arrow"),
        ("ws.sql_result('FROM t').to_polars()", "polars"),
        ("Workspace.sandbox().events()", "sandbox"),
        ("from mixpanel_data.sandbox import Sandbox", "sandbox"),
        ("import mixpanel_data.sandbox.server", "sandbox"),
        ("from mixpanel_magics import TableBrowser", "jupyter"),
        ("import mixpanel_magics.widgets.accounts", "jupyter"),
        (f"{REPORT}.plot()", "plot"),
    ],
)
def test_an_optional_part_of_the_library_names_its_extra(bare, db, statement, extra):
    told = bare.python_says(MISSING.format(statement=statement), db)
    assert told == f"pip install 'mixpanel-data[{extra}]'\n"
