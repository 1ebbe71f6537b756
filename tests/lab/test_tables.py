"""The table browser in JupyterLab."""

import json

import nbformat
import pytest
from playwright.sync_api import Locator, expect


def pressed(field: Locator, text: str) -> None:
    field.fill(text)
    field.press("Enter")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_table_is_browsed(notebook, theme):
    page = notebook.page
    page.set_viewport_size({"width": 1280, "height": 1500})
    notebook.use_theme(theme)
    notebook.run("%load_ext mixpanel_magics")
    notebook.run("%mp_fetch events --from 2026-01-01 --to 2026-01-03 --replace")
    shown = notebook.run("%mp_tables events")
    expect(shown.get_by_text("rows 1–25 of")).to_be_visible()
    notebook.picture(f"tables-{theme.lower()}", shown)

    shown.get_by_role("button", name="Next").click()
    expect(shown.get_by_text("rows 26–50 of")).to_be_visible()
    condition = shown.get_by_placeholder("SQL condition")
    pressed(condition, "event_name = 'Purchase'")
    expect(shown.locator("pre", has_text="WHERE event_name = 'Purchase'")).to_be_visible()
    expect(shown.get_by_role("cell", name="Purchase").first).to_be_visible()
    expect(shown.get_by_role("cell", name="Search")).to_have_count(0)

    shown.get_by_role("listbox").select_option(index=2)
    expect(shown.locator("pre", has_text='"properties": {')).to_be_visible()
    notebook.picture(f"tables-{theme.lower()}-row", shown)

    pressed(condition, "event_name =")
    expect(shown.get_by_text("Parser Error")).to_be_visible()

    shown.get_by_role("button", name="Into a cell").click()
    expect(page.locator(".jp-Notebook .jp-Cell").last).to_contain_text(
        "%%mpsqlSELECT *FROM eventsWHERE event_name = 'Purchase'LIMIT 25"
    )

    shown.get_by_text("Columns", exact=True).click()
    pressed(shown.get_by_placeholder("property", exact=True).last, "plan")
    shown.get_by_role("button", name="Top values").click()
    expect(shown.get_by_text("rows have a value, 3 of them distinct")).to_be_visible()
    notebook.picture(f"tables-{theme.lower()}-columns", shown)
    page.set_viewport_size({"width": 620, "height": 1500})
    shown.locator(".lm-TabBar-tab", has_text="Rows").click()
    expect(shown.get_by_role("listbox")).to_be_visible()
    notebook.picture(f"tables-{theme.lower()}-narrow", shown)
    shown.locator(".lm-TabBar-tab", has_text="Fetch").click()
    expect(shown.get_by_role("button", name="List events")).to_be_visible()
    notebook.picture(f"tables-{theme.lower()}-fetch", shown)


def test_a_new_filter_stops_the_one_before(notebook):
    notebook.run("%load_ext mixpanel_magics")
    notebook.run("%mp_use sandbox")
    notebook.run("ws.sql('CREATE OR REPLACE TABLE numbers AS SELECT i FROM range(1000) AS t(i)');")
    shown = notebook.run("%mp_tables numbers")
    expect(shown.get_by_text("rows 1–25 of 1,000")).to_be_visible()
    condition = shown.get_by_placeholder("SQL condition")
    pressed(condition, "i < (SELECT sum(hash(j)) FROM range(1000000000000) AS u(j))")
    expect(shown.get_by_text("working").first).to_be_visible()
    pressed(condition, "i % 100 = 7")
    expect(shown.get_by_text("rows 1–10 of 10")).to_be_visible()


def test_a_table_is_dropped_and_nothing_of_it_is_saved(notebook):
    notebook.run("%load_ext mixpanel_magics")
    notebook.run("%mp_use sandbox")
    notebook.run("ws.sql(\"CREATE OR REPLACE TABLE secretive AS SELECT 'mar' || 'ked' AS x\");")
    shown = notebook.run("%mp_tables secretive")
    expect(shown.get_by_role("cell", name="marked")).to_be_visible()
    shown.get_by_role("button", name="Drop…").click()
    expect(shown.get_by_text("Drop secretive for good?")).to_be_visible()
    shown.get_by_role("button", name="Drop", exact=True).click()
    expect(shown.get_by_role("cell", name="marked")).to_have_count(0)
    notebook.run("ws.sql(\"CREATE OR REPLACE TABLE secretive AS SELECT 'mar' || 'ked' AS x\");")
    shown = notebook.run("browser = %mp_tables secretive\nbrowser")
    expect(shown.get_by_role("cell", name="marked")).to_be_visible()
    notebook.run("browser.close()")
    expect(shown.get_by_text("closed")).to_be_visible()
    saved = notebook.save()
    assert nbformat.validate(saved) is None
    assert "secretive" in json.dumps(saved)
    assert "marked" not in json.dumps(saved)


def test_sql_goes_to_the_clipboard_where_jupyterlab_is_closed_to_scripts(notebook):
    page = notebook.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notebook.run("%load_ext mixpanel_magics")
    notebook.run("%mp_use sandbox")
    notebook.run("ws.sql('CREATE OR REPLACE TABLE numbers AS SELECT i FROM range(1000) AS t(i)');")
    shown = notebook.run("%mp_tables numbers")
    expect(shown.get_by_text("rows 1–25 of 1,000")).to_be_visible()
    page.evaluate("() => { window.jupyterapp = undefined; }")
    shown.get_by_role("button", name="Into a cell").click()
    expect(shown.get_by_text("Copied: paste it")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == "%%mpsql\nSELECT *\nFROM numbers\nLIMIT 25"
