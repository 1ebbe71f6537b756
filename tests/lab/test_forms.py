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
    form.get_by_label("on", exact=True).fill("platform")
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


def test_a_funnel_has_its_options_and_an_error_dims_what_is_old(notebook):
    notebook.run("%load_ext mixpanel_magics")
    notebook.run("%mp_use sandbox --db funnel-form.duckdb")
    notebook.run("_ = ws.fetch_events('events', '2026-01-01', '2026-01-10')")
    notebook.page.set_viewport_size({"width": 1280, "height": 1800})
    form = notebook.run("%mp_report").locator(".mp-widget").first
    status, code = form.locator(".mp-status"), form.locator(".mp-code")

    def count() -> None:
        form.get_by_role("button", name="Count", exact=True).click()

    form.get_by_label("from", exact=True).fill("2026-01-01")
    form.get_by_label("to", exact=True).fill("2026-01-03")
    form.get_by_label("report", exact=True).select_option("funnel")
    expect(form.get_by_label("event", exact=True)).to_have_count(0)
    expect(form.get_by_label("counted", exact=True)).to_have_text("on events")
    form.get_by_label("steps", exact=True).fill("Sign Up, Purchase")
    form.get_by_label("length", exact=True).fill("3")
    form.get_by_text("More options").click()
    top = form.get_by_label("top", exact=True)
    expect(top).to_have_attribute("max", "10000")
    form.get_by_role("checkbox", name="reuse events").check()
    form.get_by_label("attribution", exact=True).select_option("last")
    count()
    expect(status).to_contain_text("funnel, counted on events")
    expect(code).to_have_text(
        'ws.local.funnel(["Sign Up", "Purchase"], "2026-01-01", "2026-01-03", length=3,'
        ' attribution="last", reuse_events=True)'
    )
    expect(form.locator(".vega-embed canvas")).to_be_visible()
    notebook.picture("report-funnel", form)
    form.get_by_label("steps", exact=True).fill("Sign Up, Purchse")
    count()
    expect(status.locator(".mp-bad")).to_contain_text("did you mean 'Purchase'?")
    expect(form.locator(".mp-old .mp-code")).to_be_visible()
    notebook.picture("report-old", form)
    form.get_by_label("report", exact=True).select_option("segmentation")
    form.get_by_label("counted", exact=True).select_option("by Mixpanel")
    form.get_by_label("event", exact=True).fill("Purchse")
    count()
    expect(status.locator(".mp-bad")).to_contain_text("0 in all")
    expect(form.locator(".mp-old")).to_have_count(0)
    expect(code).to_have_text('ws.segmentation("Purchse", "2026-01-01", "2026-01-03")')
