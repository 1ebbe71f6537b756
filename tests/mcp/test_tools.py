"""Each tool, asked as an agent asks it."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from pathlib import Path

import pytest

DAYS = {"from_date": "2026-01-01", "to_date": "2026-01-31"}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_the_list_of_tools_is_small_and_says_what_each_may_do(agent):
    tools = agent.tools()
    assert list(tools) == [
        "tables", "discover", "plan_fetch", "fetch", "sql",
        "segmentation", "funnel", "retention", "help",
    ]  # fmt: skip
    assert [it.name for it in tools.values() if not it.annotations.read_only_hint] == ["fetch"]
    assert tools["fetch"].annotations.destructive_hint
    assert max(len(it.description or "") for it in tools.values()) < 450
    listed = [it.model_dump(mode="json", by_alias=True, exclude_none=True) for it in tools.values()]
    text = json.dumps(listed, separators=(",", ":"))
    assert len(text) < 7_000
    assert '"title"' not in text
    assert '"null"' not in text


def test_the_server_says_whose_data_it_has(agent):
    async def instructions() -> str | None:
        return agent.client.instructions

    told = agent.portal.call(instructions)
    assert "account sandbox" in told
    assert "invented" in told


def test_tables_tells_what_is_here(agent):
    here = agent("tables").data
    assert (here["account"], here["source"]) == ("sandbox", "sandbox")
    events, profiles = (it for it in here["tables"] if it["name"] in {"events", "profiles"})
    assert events["rows"] == 46_831
    assert (events["from_date"], events["to_date"]) == ("2026-01-01", "2026-01-31")
    assert (profiles["rows"], profiles["flat"]) == (5_000, "profiles_flat")


def test_tables_tells_columns_and_how_many_rows_have_them(agent):
    told = agent("tables", table="events").data
    assert told["columns"]["event_time"] == "TIMESTAMP"
    assert told["columns_of_flat"]["platform"] == "VARCHAR"
    assert re.fullmatch(r"DOUBLE \d+%", told["columns_of_flat"]["amount"])
    assert told["events"]["View Item"] == 22_629
    few = agent("tables", table="events", limit=3)
    assert len(few.data["columns_of_flat"]) == 3
    assert few.notes.startswith("cut: 3 of")


def test_discover_lists_names_and_what_is_left_of_the_quota(agent):
    found = agent("discover")
    assert "Purchase" in found.data
    left = int(re.match(r"(\d+) of 60 queries", found.notes)[1])
    again = agent("discover", contains="sign")
    assert again.data == ["Sign Up"]
    assert again.notes == f"{left} of 60 queries an hour are left"
    assert "amount" in agent("discover", what="properties", event="Purchase").data
    values = agent("discover", what="values", event="Purchase", property="platform")
    assert values.data == ["Web", "iOS", "Android"]
    assert agent("discover", what="funnels").data[0] == "7509 Checkout"
    assert len(agent("discover", what="cohorts").data) == 3


def test_discover_says_how_to_see_more(agent):
    found = agent("discover", limit=2)
    assert found.data == ["Add To Cart", "App Open"]
    assert found.notes.endswith("cut: 2 of 11; narrow it with contains, or raise limit")


def test_sql_answers_in_csv_or_json(agent):
    query = "SELECT platform, count(*) AS n FROM events_flat GROUP BY 1 ORDER BY 2 DESC"
    found = agent("sql", query=query)
    assert {row["platform"] for row in rows(found.text)} == {"Web", "Android", "iOS"}
    assert found.notes == ""
    assert agent("sql", query=query, format="json").data[0].keys() == {"platform", "n"}
    assert agent("sql", query="FROM events WHERE false").notes == "no rows"


def test_sql_says_what_was_cut_and_how_to_go_on(agent):
    query = "SELECT i FROM range(1000) AS t(i) ORDER BY i"
    first = agent("sql", query=query)
    assert len(rows(first.text)) == 100
    assert first.notes == "cut: 100 rows are the limit; if there are more: offset=100"
    few = agent("sql", query=query, max_bytes=100, limit=1_000)
    kept = len(rows(few.text))
    assert len(few.text) <= 100
    assert few.notes == f"cut: {kept} rows fit in max_bytes; the rest: offset={kept}"
    on = agent("sql", query=query, offset=kept, limit=1)
    assert rows(on.text) == [{"i": str(kept)}]
    wide = agent("sql", query="SELECT repeat('x', 500) AS x", max_bytes=200)
    assert wide.notes == "cut: one row is longer than max_bytes; select fewer columns"


@pytest.mark.parametrize("source", ["local", "live"])
def test_segmentation_counts_the_same_here_and_there(agent, source):
    found = agent("segmentation", event="Purchase", unit="week", source=source, **DAYS)
    assert found.data["series"] == {
        "Purchase": {
            "2025-12-29": 186, "2026-01-05": 303, "2026-01-12": 299,
            "2026-01-19": 325, "2026-01-26": 288,
        }
    }  # fmt: skip
    assert ("queries an hour" in found.notes) == (source == "live")


def test_a_long_report_is_cut_in_whole_rows(agent):
    found = agent("segmentation", event="Purchase", unit="hour", max_bytes=500, **DAYS)
    assert len(found.text) <= 500
    assert f"cut: {len(rows(found.text))} of 744 rows" in found.notes


def test_a_funnel_has_steps_of_its_own_or_is_a_saved_one(agent):
    found = agent("funnel", steps=["Sign Up", "Purchase"], **DAYS)
    assert [step["count"] for step in found.data["steps"]] == [1_023, 287]
    assert "fetch more days" in found.notes  # what the library warns of
    saved = agent("funnel", funnel_id=7509, days=3, **DAYS).data
    assert saved["funnel_name"] == "Checkout"
    assert "funnel_id" in agent("funnel", **DAYS).error["message"]


@pytest.mark.parametrize("source", ["local", "live"])
def test_retention_gives_cohorts(agent, source):
    asked = {"born_event": "Sign Up", "return_event": "Purchase", "unit": "week", **DAYS}
    cohorts = agent("retention", source=source, **asked).data["cohorts"]
    assert [cohort["size"] for cohort in cohorts] == [108, 238, 260, 228, 189]


def test_help_is_short(agent):
    told = agent("help").text
    assert "events_flat" in told
    assert len(told.encode()) < 3_000


def test_help_searches_the_documentation_and_reads_it(agent):
    found = agent("help", words="late events").text.splitlines()
    assert len(found) <= 8
    where = found[0].partition("  ")[0]
    assert "late" in agent("help", words=where).text.lower()
    assert agent("help", words="qqqqqq").error["type"] == "InvalidArgumentError"
    page = agent("help", words="reference/errors")
    assert len(page.text.encode()) <= 8_000
    assert page.notes.startswith("cut: 8,000 of ")


@pytest.mark.parametrize(
    ("tool", "arguments", "kind", "said"),
    [
        ("sql", {"query": "SELECT nope FROM events"}, "QueryError", '"nope" not found'),
        ("sql", {"query": "FROM evnts"}, "TableNotFoundError", "no table named 'evnts'"),
        ("sql", {"query": "SELECT 1", "lmit": 3}, "InvalidArgumentError", "no argument 'lmit'"),
        ("sql", {"query": "SELECT 1", "limit": 0}, "InvalidArgumentError", "limit: "),
        ("sql", {}, "InvalidArgumentError", "query: Field required"),
        ("tables", {"table": "nope"}, "TableNotFoundError", "nope"),
        ("discover", {"what": "values", "event": "X"}, "InvalidArgumentError", "needs property"),
        ("fetch", {"table": "t", "from_date": "January"}, "InvalidArgumentError", "from_date"),
        ("fetch", DAYS, "TableExistsError", "already exists"),
        ("fetch", {"what": "profiles", **DAYS}, "InvalidArgumentError", "have no days"),
        ("segmentation", {"event": "Purchas", **DAYS}, "InvalidArgumentError", "no event"),
        ("funnel", {"funnel_id": 1, **DAYS}, "ResourceNotFoundError", "1"),
        ("nope", {}, "InvalidArgumentError", "Unknown tool: nope"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_with_its_type(agent, tool, arguments, kind, said):
    error = agent(tool, **arguments).error
    assert error["type"] == kind
    assert said in error["message"]
    assert "Traceback" not in str(error)


def test_hostile_sql_is_refused_and_does_nothing(agent, tmp_path: Path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\nTOPSECRET\n")
    for query in (
        f"COPY events TO '{tmp_path}/out.csv'",
        f"EXPORT DATABASE '{tmp_path}/out'",
        f"ATTACH '{tmp_path}/other.duckdb' AS other",
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"SELECT (SELECT content FROM read_text('{secret}'))",
        "WITH x AS (DELETE FROM events RETURNING *) SELECT * FROM x",
        "SELECT 1; DROP TABLE events",
        "SET threads = 1",
        "PRAGMA threads = 1",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT current_setting('http_proxy_password')",
        "CALL enable_logging()",
        "BEGIN",
    ):
        said = agent("sql", query=query)
        assert said.error["type"] in {"InvalidArgumentError", "TableNotFoundError"}, query
        assert "TOPSECRET" not in said.text
    assert list(tmp_path.iterdir()) == [tmp_path / "home", secret]
    assert agent("sql", query="SELECT count(*) AS n FROM events").text == "n\n46831"


DAYS = {"from_date": "2026-01-01", "to_date": "2026-01-31"}


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        (
            "segmentation",
            {"event": "Purchase", "where": 'properties["amount"] > "30"'},
            "'amount' is a number in every event; did you mean properties[\"amount\"] > 30?",
        ),
        (
            "segmentation",
            {"event": "Purchase", "on": "plattform"},
            "no event here has the property 'plattform': did you mean 'platform'?",
        ),
        (
            "segmentation",
            {"event": "Purchse", "source": "live"},
            "Mixpanel has no event 'Purchse'; did you mean 'Purchase'?",
        ),
        (
            "funnel",
            {"steps": ["Sign Up", "Purchase"], "where": 'properties["platform"] == "ios"'},
            "properties[\"platform\"] is never 'ios', did you mean 'iOS'?",
        ),
        (
            "retention",
            {"born_event": "Sign Up", "born_where": 'user["plann"] == "pro"'},
            "no profile here has the property 'plann': did you mean 'plan'?",
        ),
    ],
)
def test_a_zero_that_means_a_mistake_says_so_beside_the_answer(agent, tool, arguments, told):
    found = agent(tool, **DAYS, **arguments)
    assert told in found.notes
    assert "warnings" not in found.data


def test_an_event_that_is_not_here_is_refused_with_the_one_that_is_meant(agent):
    found = agent("segmentation", **DAYS, event="Purchse")
    assert found.error["hint"] == "did you mean 'Purchase'?"
