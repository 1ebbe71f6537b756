"""What a start costs, held by what it loads: times depend on the machine, modules don't."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from mixpanel_data._internal.storage import StorageEngine

LOADED = """
import sys
before = set(sys.modules)
{code}
print("\\n" + " ".join(sys.modules.keys() - before))
"""
MP = "from mixpanel_data.cli.main import main; assert main(sys.argv[1:]) == 0"

FOREIGN = {
    "IPython", "asyncio", "http", "httpx", "isal", "jq", "lark", "nanoarrow",
    "numpy", "pandas", "pyarrow", "pydantic", "pytz", "rich", "sqlglot", "ssl", "tomlkit",
    "werkzeug",
}  # fmt: skip
OURS = {
    "mixpanel_data._internal.api_client",
    "mixpanel_data._internal.expressions",
    "mixpanel_data._internal.services",
    "mixpanel_data.queries.fetches",
    "mixpanel_data.sandbox",
    "mixpanel_data.types.fetching",
    "mixpanel_data.types.report",
}


def loaded(code: str, *args: object) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(code=code), *map(str, args)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.splitlines()[-1].split())


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "one.duckdb"
    engine = StorageEngine(path)
    engine.execute_rows("CREATE TABLE t AS SELECT 1 AS x")
    engine.close()
    return path


def test_importing_the_library_loads_nothing_but_itself() -> None:
    assert loaded("import mixpanel_data") == {"__future__", "mixpanel_data"}


def test_the_version_costs_no_typer() -> None:
    ours = {"main", "version", "stdout", "streams"}
    assert loaded(MP, "--version") == {
        "__future__", "mixpanel_data", "mixpanel_data.cli",
        *(f"mixpanel_data.cli.{name}" for name in ours),
    }  # fmt: skip


@pytest.mark.parametrize("package", ["mixpanel_data.types", "mixpanel_data.queries"])
def test_names_that_load_late_are_all_there(package: str) -> None:
    found = import_module(package)
    assert all(getattr(found, name) is not None for name in found.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'date'"):
        found.date  # noqa: B018


@pytest.mark.parametrize("args", ["--help", "sql --help", "fetch --help", "funnel --help"])
def test_help_loads_no_more_than_typer(args: str) -> None:
    found = loaded(MP, *args.split())
    assert "typer" in found
    assert found & FOREIGN == set()
    assert found & {
        "concurrent.futures", "duckdb", "importlib.metadata", "logging",
        "mixpanel_data._internal", "mixpanel_data.types", "mixpanel_data.workspace",
    } == set()  # fmt: skip
    questions = {name for name in found if name.startswith("mixpanel_data.queries")}
    assert bool(questions) == args.startswith(("fetch", "funnel"))  # whose options are a question's


@pytest.mark.parametrize("args", ["skill", "help parquet"])
def test_learning_how_to_use_mp_loads_no_database(args: str) -> None:
    found = loaded(MP, *args.split())
    questions = {"mixpanel_data.queries.fetches"}  # whose options are searched
    assert found & (FOREIGN | OURS) - questions == set()
    assert found & {"duckdb", "mixpanel_data._internal", "mixpanel_data.workspace"} == set()


@pytest.mark.parametrize(
    "args",
    [
        "tables",
        "schema t",
        "sql FROM(t)",
        "sql FROM(t) -f csv",
        "sample t",
        "summarize t",
        "stats t x",
    ],
)
def test_looking_at_what_is_here_loads_duckdb_alone(args: str, db: Path) -> None:
    found = loaded(MP, "--db", db, *args.split())
    assert "duckdb" in found
    assert found & (FOREIGN | OURS) == set()


def test_a_workspace_of_an_account_loads_no_http_before_it_asks(db: Path) -> None:
    code = "from mixpanel_data import Workspace; Workspace.sandbox(sys.argv[1]).tables()"
    assert loaded(code, db) & (FOREIGN | OURS - {"mixpanel_data.sandbox"}) == set()
