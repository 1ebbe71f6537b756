"""The extension in JupyterLab."""

from playwright.sync_api import expect


def test_a_query_is_a_table_on_the_page(notebook):
    notebook.run("%load_ext mixpanel_magics")
    notebook.run("%mp_fetch events --from 2026-01-01 --to 2026-01-02")
    shown = notebook.run(
        "%%mpsql\nSELECT event_name, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"
    )
    expect(shown.locator("table tbody tr").first).to_contain_text("Add To Cart")
    notebook.picture("query")


def test_a_picture_is_drawn_without_a_network(notebook):
    notebook.run("%load_ext mixpanel_magics")
    notebook.run("%mp_use sandbox")
    shown = notebook.run(
        "ws.segmentation('Purchase', '2026-01-01', '2026-01-31', on='platform').plot()"
    )
    expect(shown.locator(".vega-embed canvas")).to_be_visible()
    notebook.picture("chart")
