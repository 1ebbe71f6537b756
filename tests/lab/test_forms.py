"""The forms in JupyterLab: fetching with a plan, and a report with a picture."""

from __future__ import annotations

from playwright.sync_api import expect


def test_a_report_knows_the_table_that_the_browser_has_just_fetched(notebook):
    notebook.run("%load_ext mixpanel_magics")
    notebook.run("%mp_use sandbox --db browser-forms.duckdb")
    browser = notebook.run("%mp_tables").locator(".mp-widget").first
    fetch, report = browser.locator(".mp-widget").first, browser.locator(".mp-widget").last
    browser.get_by_role("tab", name="Fetch", exact=True).click()
    fetch.get_by_label("from", exact=True).fill("2026-01-01")
    fetch.get_by_label("to", exact=True).fill("2026-01-02")
    fetch.get_by_label("to", exact=True).press("Tab")
    expect(fetch.locator(".mp-status")).to_contain_text("no waiting")
    notebook.picture("tables-fetch", browser)
    fetch.get_by_role("button", name="Fetch", exact=True).click()
    expect(fetch.locator(".mp-status")).to_contain_text("are in 'events'")
    browser.get_by_role("tab", name="Report", exact=True).click()
    counted = report.get_by_label("counted", exact=True)
    expect(counted).to_contain_text("by Mixpanel")
    expect(counted).to_contain_text("on events")
    notebook.picture("tables-report", browser)


def test_events_are_fetched_and_counted_with_the_mouse(notebook):
    notebook.run("%load_ext mixpanel_magics")
    notebook.run("%mp_use sandbox --db forms.duckdb")
    form = notebook.run("%mp_fetch").locator(".mp-widget").first
    status = form.locator(".mp-status")
    expect(status).to_contain_text("choose the first and the last day")

    def press(name: str) -> None:
        form.get_by_role("button", name=name, exact=True).click()

    form.get_by_label("from", exact=True).fill("2026-01-01")
    form.get_by_label("to", exact=True).fill("2026-01-10")
    form.get_by_label("to", exact=True).press("Tab")
    expect(status).to_contain_text("2026-01-01 to 2026-01-10 in 2 requests")
    press("List events")
    expect(status).to_contain_text("events to choose from")
    event = form.get_by_label("event", exact=True)
    event.fill("Purchase")
    event.press("Tab")
    expect(form.locator("div.jupyter-widget-tag")).to_contain_text("Purchase")
    expect(status).to_contain_text("no waiting")
    notebook.picture("fetch-plan", form)
    press("Fetch")
    expect(status).to_contain_text("events are in 'events'")
    notebook.picture("fetch-done", form)

    notebook.page.set_viewport_size({"width": 1280, "height": 1800})
    form = notebook.run("%mp_report").locator(".mp-widget").first
    status = form.locator(".mp-status")
    form.get_by_label("event", exact=True).fill("Purchase")
    form.get_by_label("from", exact=True).fill("2026-01-01")
    form.get_by_label("to", exact=True).fill("2026-01-10")
    form.get_by_label("by", exact=True).fill("platform")
    press("Count")
    expect(status).to_contain_text("Purchase, counted by Mixpanel")
    expect(form.locator(".vega-embed canvas")).to_be_visible()
    expect(form.locator("tbody tr")).to_have_count(30)
    notebook.picture("report", form)
    form.get_by_label("counted", exact=True).select_option("on events")
    press("Count")
    expect(status).to_contain_text("Purchase, counted on events")
    notebook.use_theme("Dark")
    notebook.picture("report-dark", form)
    notebook.page.set_viewport_size({"width": 600, "height": 1000})
    notebook.picture("report-narrow", form)
