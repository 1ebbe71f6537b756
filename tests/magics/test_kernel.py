"""The magics in a real kernel, over the Jupyter protocol."""

from __future__ import annotations

import json
import re

import pytest

from tests.magics.conftest import SECRET, Kernel
from tests.waiting import HANG, cpu_seconds, until_at_work


@pytest.fixture(scope="module", autouse=True)
def fetched(kernel: Kernel) -> None:
    assert kernel.run("%mp_fetch events --from 2026-01-01 --to 2026-01-03").failed is None


def test_a_frame_is_shown_with_its_data_escaped(kernel):
    cell = "%%mpsql\nSELECT '<img src=x onerror=alert(1)>' AS \"<b>name</b>\""
    (shown,) = kernel.run(cell).shown("execute_result")
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown["text/html"]
    assert "&lt;b&gt;name&lt;/b&gt;" in shown["text/html"]
    assert "<img" not in shown["text/html"]


def test_the_first_rows_are_shown_and_how_many_there_are(kernel):
    (shown,) = kernel.run("%mpsql -n 3 FROM range(12345)").shown("execute_result")
    assert shown["text/html"].endswith("<p>3 of 12,345 rows</p>")
    assert shown["text/plain"].endswith("3 of 12,345 rows")
    (shown,) = kernel.run("_").shown("execute_result")
    assert "12345 rows × 1 columns" in shown["text/html"]


def test_jupysql_shows_values_as_text(kernel):
    cell = (
        "%%sql\nSELECT '<img src=x onerror=alert(1)>' AS \"<b>name</b>\", '&lt;img&gt;' AS spelled"
    )
    (shown,) = kernel.run(cell).shown("execute_result")
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown["text/html"]
    assert "&amp;lt;img&amp;gt;" in shown["text/html"]
    assert "<b>" not in shown["text/html"]


def test_the_workspace_is_there_before_it_is_named(kernel):
    kernel.run("%unload_ext mixpanel_magics\nimport os\nos.environ['MP_ACCOUNT'] = 'sandbox'")
    assert kernel.run("%load_ext mixpanel_magics").failed is None
    (shown,) = kernel.run("ws.source").shown("execute_result")
    assert shown["text/plain"] == "'sandbox'"
    kernel.run("del os.environ['MP_ACCOUNT']")


def test_the_stop_button_stops_a_query_and_the_next_one_runs(kernel):
    def stop(message):
        if message["msg_type"] == "stream":
            until_at_work(kernel.pid, cpu_seconds(kernel.pid))
            kernel.interrupt()

    kernel.run("%mpsql SELECT 1")  # which loads all that the next one needs
    endless = "%mpsql SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range % 7 = b.range % 11"
    reply = kernel.run(f"print('begun')\n{endless}", stop)
    assert reply.failed == "KeyboardInterrupt\ninterrupted"
    assert kernel.run("assert len(ws.sql('FROM events')) > 0").failed is None
    (shown,) = kernel.run("%mpsql SELECT 42 AS answer").shown("execute_result")
    assert "42" in shown["text/plain"]


@pytest.mark.parametrize("magic", ["%mpsql", "%sql"])
def test_a_long_query_says_how_far_it_is_and_leaves_nothing_of_that(kernel, magic):
    told = []

    def stop(message):
        value = message["content"].get("data", {}).get("state", {}).get("value")
        told.extend(re.findall(r">((?:\d+%, )?\d+ s)<", str(value)))
        if told and message["msg_type"] == "display_data":
            kernel.interrupt()

    kernel.run("%sql SELECT 1")
    query = "SELECT count(*) FROM range(100000000000000) t(i) WHERE hash(i) % 7 = 3"
    reply = kernel.run(f"{magic} {query}", stop)
    assert reply.failed == "KeyboardInterrupt\ninterrupted"
    *_, bar = reply.shown("display_data")  # JupySQL shows on which connection a query runs
    assert list(bar) == ["application/vnd.jupyter.widget-view+json"]
    assert reply.shown("update_display_data") == [{}]
    quick = kernel.run("%mpsql SELECT 1")
    assert [m["msg_type"] for m in quick.messages] == [
        "status",
        "execute_input",
        "execute_result",
        "status",
    ]


QUICK_FETCH = "fetch events few --from 2026-01-01 --to 2026-01-03 --window 1 --replace"


@pytest.fixture
def impatient(kernel):
    """A kernel in which all work is slow enough for progress to be shown."""
    kernel.run("import mixpanel_magics.progress as progress")
    kernel.run(
        "usual, progress.PATIENCE, progress.PAUSE = (progress.PATIENCE, progress.PAUSE), 0, 0"
    )
    yield kernel
    kernel.run("progress.PATIENCE, progress.PAUSE = usual")


def slow_cells():
    by_hand = "from mixpanel_magics.progress import querying\nwith querying(get_ipython()) as tell: tell(0.5)"
    return [by_hand, f"%mp_{QUICK_FETCH}", f"%mp {QUICK_FETCH} --limit 5 --columns table"]


@pytest.mark.parametrize("slow", slow_cells())
def test_progress_is_in_no_saved_notebook(impatient, slow):
    watched = impatient.run(slow)
    assert watched.failed is None
    (bar,) = watched.shown("display_data")
    assert list(bar) == ["application/vnd.jupyter.widget-view+json"]
    assert watched.shown("update_display_data") == [{}]
    assert "rows, " not in watched.stream("stderr")
    run_by_a_program = impatient.run(slow, watched=False)
    assert run_by_a_program.failed is None
    assert run_by_a_program.shown("display_data") == []
    assert not [m for m in run_by_a_program.messages if m["msg_type"].startswith("comm")]


def test_a_fetch_shows_its_progress_in_a_widget_that_goes_and_it_stops_and_goes_on(kernel):
    displayed = []

    def stop(message):
        state = message["content"].get("data", {}).get("state", {})
        displayed.extend([True] if message["msg_type"] == "display_data" else [])
        if displayed and re.search(r"[1-9]\d* of \d+ requests", str(state.get("value"))):
            kernel.interrupt()

    fetch = "%mp_fetch events long --from 2025-11-01 --to 2026-01-31"
    stopped = kernel.run(fetch, stop)
    assert stopped.failed is not None
    assert stopped.failed.startswith("KeyboardInterrupt\ninterrupted; kept ")
    (bar,) = stopped.shown("display_data")
    assert list(bar) == ["application/vnd.jupyter.widget-view+json"]
    assert stopped.shown("update_display_data") == [{}]
    opened, closed = (
        {m["content"]["comm_id"] for m in stopped.messages if m["msg_type"] == kind}
        for kind in ("comm_open", "comm_close")
    )
    assert len(opened) > 5
    assert closed == opened
    assert kernel.run("assert not any(t.name == 'long' for t in ws.tables())").failed is None

    done = kernel.run(fetch)
    assert done.failed is None
    (result,) = done.shown("execute_result")
    assert "FetchResult" in result["text/html"]
    days = "SELECT count(DISTINCT event_time::DATE) FROM long"
    assert kernel.run(f"assert ws.sql_scalar('{days}') == 31").failed is None


def test_a_command_prints_what_it_prints_in_a_terminal(kernel):
    reply = kernel.run("%mp tables --columns name")
    assert json.loads(reply.stream("stdout"))[0] == {"name": "events"}
    assert reply.stream("stderr") == ""
    table = kernel.run("""%mp sql "SELECT 'Zürich €' AS town" --format table --quiet""")
    text = re.sub(r"\x1b\[[0-9;]*m", "", table.stream("stdout"))  # a kernel asks for colours
    assert text.split() == ["town", "────────", "Zürich", "€"]
    wide = kernel.run("""%mp sql "SELECT repeat('wide ', 30) AS x" --format table --quiet""")
    assert "wide " * 29 in wide.stream("stdout")
    assert table.shown("display_data") == []


def test_a_command_that_fails_says_why_and_fails_the_cell(kernel):
    reply = kernel.run("%mp schema evnts\nprint('not reached')")
    assert reply.stream("stderr") == "error: no table named 'evnts'\nhint: did you mean 'events'?\n"
    assert reply.failed == "CommandFailedError\nexit code 4"
    assert reply.stream("stdout") == ""


def test_errors_are_short(kernel):
    reply = kernel.run("%%mpsql\nSELECT *\nFROM evnts")
    assert reply.failed is not None
    assert reply.failed.startswith("QueryError\nQueryError: Catalog Error: Table with name evnts")
    assert reply.failed.endswith("hint: %mp tables lists the tables of this workspace")
    assert "LINE 2: FROM evnts\n             ^^^^^" in reply.failed
    assert "Traceback" not in reply.failed


def test_names_complete_over_the_protocol(kernel):
    code = "%%mpsql\nSELECT properties->>'plat"
    reply = kernel.client.complete(f"{code}' FROM events", len(code), reply=True, timeout=HANG)
    assert reply["content"]["matches"] == ["platform"]
    assert reply["content"]["cursor_start"] == len(code) - len("plat")


def test_the_secret_is_in_nothing_that_a_notebook_keeps(kernel):
    kernel.run("%mp_use")
    kernel.run("ws")
    kernel.run("%mp info")
    kernel.run("%mp auth list")
    kernel.run("%mp_use --db other.duckdb")  # the account of the environment
    kernel.run("ws")
    kernel.run("%mp info")
    kernel.run("%who_ls")
    kernel.run("%history -o")
    kernel.run("print(In, Out, [repr(value) for value in list(globals().values())])")
    kernel.run("%mp_use sandbox")
    status = json.dumps(kernel.status, default=str)
    assert "4711" in status
    assert SECRET not in status
    assert kernel.run("import os; print(os.environ['MP_SECRET'])").stream("stdout") == f"{SECRET}\n"
