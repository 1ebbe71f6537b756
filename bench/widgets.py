"""A notebook's first steps, and the table browser on many rows: seconds that a user waits."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.data import FILL

ROWS = {"quick": 1_000_000, "all": 10_000_000}

STEPS = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

shell = InteractiveShell.instance()
path, rows = sys.argv[1], int(sys.argv[2])

def timed(what, work):
    began = time.perf_counter()
    found = work()
    print(f"  {what:<34} {time.perf_counter() - began:7.3f} s", flush=True)
    return found

def cell(code):
    with capture_output():
        return shell.run_cell(code).result

def opened():
    browser = cell("%mp_tables events")
    while browser.tables.rows.page is None:
        time.sleep(0.001)
    return browser

def shown(act):
    def work():
        act()
        assert tables.rows.wait(120) and tables.rows.problem is None
    return work

timed("%load_ext mixpanel_magics", lambda: cell("%load_ext mixpanel_magics"))
cell(f"%mp_use {path}")
timed("the first %%mpsql", lambda: cell("%mpsql SELECT count(*) FROM events"))
browser = timed("%mp_tables, to the first rows", opened)
tables = browser.tables
tables.wait(120)
cell("%mp_tables events")
browser = timed("%mp_tables once more", opened)
tables = browser.tables
tables.wait(120)
timed("next page", shown(tables.rows.forward))
timed("the last page", shown(tables.rows.last))
assert tables.rows.page.start + len(tables.rows.page.rows) == rows
timed("one row whole", shown(lambda: tables.rows.select(tables.rows.start)))
timed("sorted by time, downwards", shown(lambda: tables.rows.sort("event_time", descending=True)))
timed("sorted by user", shown(lambda: tables.rows.sort("distinct_id", descending=False)))
timed("page 390 of those", shown(lambda: [tables.rows.forward() for _ in range(390)]))
tables.rows.sort(None, descending=False)
timed("filter on the JSON", shown(lambda: tables.rows.filter("properties->>'country' = 'DE'")))
timed("filter that one row meets", shown(lambda: tables.rows.filter("properties->>'time' = '7'")))
timed("count of the rows of a filter", shown(tables.rows.count))
browser.close()
"""


def run(rows: int) -> None:
    """All of it; each step once, on the file as it was just written."""
    with tempfile.TemporaryDirectory() as name:
        db = str(Path(name, "events.duckdb"))
        subprocess.run([sys.executable, "-c", FILL, db, str(rows)], check=True)
        print(f"In a notebook, events of {rows:,} rows (goal: every page in less than a second)")
        subprocess.run([sys.executable, "-c", STEPS, db, str(rows)], check=True)
        print()
