"""Reports counted here, from the command line: the same as `ws.local`, and never of Mixpanel."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from shlex import split

import pytest

from mixpanel_data import Exclusion, Step
from mixpanel_data.types import Report
from mixpanel_data.workspace import Workspace
from mixpanel_data.workspace.local import LocalReports
from tests.cli.conftest import Mp

DAYS = ("2026-01-03", "2026-01-24")
TYPED = ("--from", DAYS[0], "--to", DAYS[1])
BERLIN = ("--timezone", "Europe/Berlin")
BIG = 'properties["amount"] > 20'
STEPS = ["View Item", "Add To Cart", "Purchase"]

SAME: list[tuple[str, Callable[[LocalReports], Report]]] = [
    (
        """segmentation --event Purchase --on platform --top 2 --unit week --type unique --local
        --where 'properties["amount"] > 20'""",
        lambda local: local.segmentation(
            "Purchase", *DAYS, "platform", "week", BIG, type="unique", limit=2
        ),
    ),
    (
        "segmentation --event Purchase --interval 7 --type average --average-per users_of_range",
        lambda local: local.segmentation(
            "Purchase", *DAYS, type="average", interval=7, average_per="users_of_range"
        ),
    ),
    (
        "segmentation-numeric --event Purchase --on amount --type unique --range-includes upper",
        lambda local: local.segmentation_numeric(
            "Purchase", *DAYS, "amount", type="unique", range_includes="upper"
        ),
    ),
    (
        "segmentation-sum --event Purchase --on amount --unit hour --local",
        lambda local: local.segmentation_sum("Purchase", *DAYS, "amount", "hour"),
    ),
    (
        "segmentation-average --event Purchase --on amount --non-numbers left_out",
        lambda local: local.segmentation_average(
            "Purchase", *DAYS, "amount", non_numbers="left_out"
        ),
    ),
    (
        """funnel --steps 'View Item,Add To Cart,Purchase' --on 'user["plan"]' --unit week
        --where 'properties["platform"] == "Web"' --where-applies first_step --buckets split""",
        lambda local: local.funnel(
            STEPS,
            *DAYS,
            "week",
            'user["plan"]',
            'properties["platform"] == "Web"',
            where_applies="first_step",
            buckets="split",
        ),
    ),
    (
        """funnel --steps 'View Item' --steps 'Add To Cart, Purchase' --on plan --top 2
        --step-where '3: properties["amount"] > 20' --length 36 --length-unit hour
        --exclude Search --exclude-between '1-2: Start Checkout' --count total --grace-seconds 0.5
        --attribution last --window-end exclusive --reuse-events --no-clamp-times""",
        lambda local: local.funnel(
            [*STEPS[:2], Step("Purchase", BIG)],
            *DAYS,
            on="plan",
            length=36,
            length_unit="hour",
            limit=2,
            count="total",
            exclusions=["Search", Exclusion("Start Checkout", after_step=1, before_step=2)],
            grace_seconds=0.5,
            attribution="last",
            window_end="exclusive",
            reuse_events=True,
            clamp_times=False,
        ),
    ),
    (
        """retention --born 'App Open' --return Purchase --unit week --interval 2 --intervals 2
        --unbounded --week-start sunday --birth-rows every_row --anchor-returns
        --as-of 2026-01-20T12:00+01:00""",
        lambda local: local.on(week_start="sunday").retention(
            "App Open",
            "Purchase",
            *DAYS,
            unit="week",
            interval=2,
            interval_count=2,
            unbounded=True,
            birth_rows="every_row",
            anchor_returns=True,
            as_of="2026-01-20 11:00",
        ),
    ),
    (
        """frequency --event 'App Open' --unit week --addiction-unit day --dedupe
        --slots elapsed""",
        lambda local: local.on(dedupe=True).frequency(
            *DAYS, "App Open", unit="week", addiction_unit="day", slots="elapsed"
        ),
    ),
    (
        """retention --born 'App Open' --return Purchase --on platform --on-event born""",
        lambda local: local.retention(
            "App Open", "Purchase", *DAYS, on="platform", on_event="born"
        ),
    ),
    (
        """retention --born 'App Open' --return Purchase --on platform --segment-sizes returned""",
        lambda local: local.retention(
            "App Open", "Purchase", *DAYS, on="platform", segment_sizes="returned"
        ),
    ),
    (
        """flows --event Purchase --forward 1 --reverse 2 --count total --top 2 --keep-repeats
        --length 90 --length-unit minute --hide 'App Open,Search'""",
        lambda local: local.flows(
            "Purchase",
            *DAYS,
            forward=1,
            reverse=2,
            count="total",
            length=90,
            length_unit="minute",
            limit=2,
            hide=["App Open", "Search"],
            collapse_repeats=False,
        ),
    ),
]


@pytest.fixture
def here(mp: Mp, db: Path) -> Mp:
    """`mp` on a filled database, without an account."""
    return lambda *args, stdin="": mp("--db", db, *args, stdin=stdin)


@pytest.mark.parametrize("typed", [typed for typed, _ in SAME])
def test_a_day_of_two_tables_counts_once(typed: str, here: Mp, db: Path) -> None:
    with Workspace.open(db) as workspace:
        workspace.sql_rows("CREATE TABLE copy AS SELECT * REPLACE (NULL AS insert_id) FROM events")
        workspace.sql_rows("UPDATE events SET insert_id = NULL")
        workspace.sql_rows(
            "INSERT INTO _metadata SELECT * REPLACE ('copy' AS table_name,"
            " fetched_at + INTERVAL 1 DAY AS fetched_at) FROM _metadata WHERE table_name = 'events'"
        )
    once = here(*split(typed), *TYPED, *BERLIN)
    both = here(*split(typed), *TYPED, *BERLIN, "--table", "events,copy")
    days = "tables 'events' and 'copy' share 2026-01-01..2026-01-31"
    assert f"warning: {days}: read from 'copy', which was fetched last\n" in both.err
    assert numbers(both.out) == numbers(once.out)


def numbers(text: str) -> dict[str, object]:
    """An answer without what it says of its tables; sums of floats depend on their order."""
    found: dict[str, object] = json.loads(text, parse_float=lambda it: round(float(it), 6))
    return {k: v for k, v in found.items() if k not in {"tables", "warnings", "query"}}


@pytest.mark.parametrize(("typed", "ask"), SAME)
def test_a_report_is_that_of_python(
    typed: str, ask: Callable[[LocalReports], Report], here: Mp, db: Path
) -> None:
    with Workspace.open(db) as workspace:
        expected = ask(workspace.local.on(timezone="Europe/Berlin"))
    assert expected.rows()
    assert here(*split(typed), *TYPED, *BERLIN).data == json.loads(json.dumps(expected.to_dict()))


@pytest.mark.parametrize("typed", [typed for typed, _ in SAME])
def test_explained_it_is_sql_that_runs(typed: str, here: Mp) -> None:
    done = here(*split(typed), *TYPED, *BERLIN, "--explain", "--format", "csv")
    assert (done.code, done.err) == (0, "")
    assert here("sql", "-", stdin=done.out).data


@pytest.mark.parametrize(
    "option",
    [
        ("--local",),
        ("--table", "events"),
        ("--profiles", "profiles"),
        ("--timezone", "UTC"),
        ("--week-start", "monday"),
        ("--edge-buckets", "partial"),
        ("--dedupe",),
        ("--no-dedupe",),
        ("--explain",),
        ("--birth-rows", "first_in_range"),
        ("--as-of", "2026-02-01"),
        ("--anchor-returns",),
        ("--on-event", "return"),
        ("--segment-sizes", "cohort"),
    ],
)
def test_any_option_of_local_reports_asks_the_tables(option: tuple[str, ...], here: Mp) -> None:
    asked = ("retention", "--born", "Purchase", *TYPED)
    assert here(*asked, *option).code == 0
    refused = here(*asked)  # the file alone can't ask Mixpanel
    assert (refused.code, refused.out) == (2, "")


def test_every_format(here: Mp) -> None:
    asked = ("funnel", "--steps", "View Item,Purchase", *TYPED, *BERLIN)
    rows = [json.loads(line) for line in here(*asked, "-f", "jsonl").out.splitlines()]
    assert [row["event"] for row in rows] == ["View Item", "Purchase"]
    listed = csv.DictReader(StringIO(here(*asked, "-f", "csv").out))
    assert [int(row["count"]) for row in listed] == [row["count"] for row in rows]
    shown = here(*asked, "-f", "table").out.splitlines()
    assert shown[0].split() == list(rows[0])
    assert f" {round(rows[1]['overall_conv_ratio'], 4)} " in shown[3]
    assert here(*asked, "--columns", "step,count", "--limit", "1").data == [
        {"step": 1, "count": rows[0]["count"]}
    ]
    assert here(*asked, "--jq", ".steps | length").out == "2\n"


def test_a_table_leaves_out_columns_without_values_unless_they_are_asked_for(here: Mp) -> None:
    asked = ("frequency", *TYPED, *BERLIN, "-f", "table")
    assert here(*asked).out.split()[:4] == ["date", "slots", "users", "rate"]
    assert here(*asked, "--columns", "segment,users").out.split()[:2] == ["segment", "users"]


def test_a_week_of_two_days_may_be_a_whole_one(here: Mp) -> None:
    asked = ("segmentation", "--event", "Purchase", "--unit", "week", *BERLIN)
    days = ("--from", "2026-01-07", "--to", "2026-01-08")
    week = here(*asked, "--from", "2026-01-05", "--to", "2026-01-11").data
    partial = here(*asked, *days, "--edge-buckets", "partial").data
    assert here(*asked, *days, "--edge-buckets", "whole").data["series"] == week["series"]
    assert partial["series"]["Purchase"]["2026-01-05"] < week["series"]["Purchase"]["2026-01-05"]


def test_several_tables_are_one(here: Mp, mp: Mp, db: Path) -> None:
    for name, days in (("early", "< '2026-01-11'"), ("late", ">= '2026-01-11'")):
        made = f"CREATE TABLE {name} AS SELECT * FROM events WHERE event_time {days}"
        assert mp("--db", db, "sql", made).code == 0
    asked = ("segmentation", "--event", "Purchase", *TYPED, *BERLIN)
    both = here(*asked, "--table", "early,late").data
    assert both["tables"] == ["early", "late"]
    assert both["series"] == here(*asked).data["series"]
    assert here(*asked, "--table", "early", "--table", "late").data == both
    assert here(*asked, "--table", "early").data["total"] < both["total"]


def test_days_are_those_of_the_account(mp: Mp, db: Path) -> None:
    mp("auth", "add", "shop", "--username", "u", "--secret-stdin", "--project", "1", stdin="s3cr3t")
    asked = ("--db", db, "segmentation", "--event", "App Open", *TYPED, "--local")
    unknown = mp(*asked, "--account", "shop")
    assert unknown.err.startswith("warning: days are counted in UTC")
    config = Path(db.parent / "home" / ".mp" / "config.toml")
    config.write_text(
        config.read_text().replace('region = "us"', 'region = "us"\ntimezone = "Asia/Tokyo"')
    )
    tokyo = mp(*asked, "--account", "shop")
    assert "warning: days" not in tokyo.err
    assert tokyo.data == mp(*asked, "--timezone", "Asia/Tokyo").data != unknown.data


def test_invented_data_is_called_so_also_from_a_file(here: Mp) -> None:
    done = here("segmentation", "--event", "Purchase", *TYPED, *BERLIN)
    assert done.data["source"] == "sandbox"
    assert done.err == "note: this is the sandbox, its data is invented\n"


@pytest.mark.parametrize(
    ("typed", "error", "hint"),
    [
        (
            "segmentation --event Purchse --local",
            "table 'events' has no event 'Purchse'",
            "did you mean 'Purchase'?",
        ),
        (
            "flows --event Purchase --timezone Europe/Berln",
            "timezone 'Europe/Berln' is unknown",
            "did you mean 'Europe/Berlin'?",
        ),
        (
            "funnel 7509 --steps A,B",
            "funnel 7509 is saved at Mixpanel, which counts it: no --steps, no --local",
            "leave out the ID, or all options of local reports",
        ),
        (
            "funnel --local",
            "a funnel that is counted here needs --steps",
            "--steps 'Sign Up,Purchase'",
        ),
        (
            "funnel",
            "which funnel? ID and --steps are missing",
            "mp funnels lists saved ones; --steps 'Sign Up,Purchase' counts here",
        ),
        ("funnel --steps A --length-unit hour", "--length-unit goes with --length", "--length 7"),
        (
            "funnel --steps A,B --step-where paid",
            "--step-where 'paid' does not say of which step it is",
            "--step-where '2: properties[\"amount\"] > 9'",
        ),
        (
            "funnel --steps A,B --step-where 3:paid",
            "--step-where: there is no step 3",
            "the steps are 1..2",
        ),
        (
            "funnel --steps A,B --step-where 1:x --step-where 1:y",
            "--step-where: step 1 has a filter already",
            "join the two with 'and'",
        ),
        (
            "funnel --steps A,B --exclude-between C",
            "--exclude-between 'C' does not say of which step it is",
            "--exclude-between '1-2: Support Ticket'",
        ),
        (
            "funnel --steps Purchase,Search --exclude-between '2-5: App Open'",
            "exclusion 'App Open' is not between two steps of the funnel",
            "the steps are 1..2",
        ),
        (
            "retention --born Purchase --as-of noon",
            "as_of 'noon' is not a time",
            "give it in UTC, such as 2024-01-31T18:00",
        ),
        (
            "frequency --table ''",
            "--table is empty, or names an empty one",
            "--table A,B",
        ),
        (
            "frequency --explain --limit 3",
            "--explain prints SQL: --limit, --offset, --columns and --jq do not go with it",
            "leave them out",
        ),
    ],
)
def test_what_is_refused_says_what_to_do(
    typed: str, error: str, hint: str, here: Mp, db: Path, online: str
) -> None:
    done = here(*split(typed), *TYPED)
    assert (done.code, done.out) == (3, "")
    assert done.err.endswith(f"error: {error}\nhint: {hint.replace('mp ', f'mp --db {db} ')}\n")


def test_a_misspelt_table_is_named_and_one_that_is_not_there_is_to_be_fetched(
    here: Mp, mp: Mp
) -> None:
    wrong = here("frequency", "--table", "evnts", *TYPED)
    assert (wrong.code, wrong.out) == (4, "")
    assert "error: no table named 'evnts'\nhint: did you mean 'events'?\n" in wrong.err
    done = mp("--account", "sandbox", "flows", "--event", "Purchase", *TYPED)
    assert (done.code, done.out) == (4, "")
    assert "hint: nothing is fetched yet: mp --account sandbox fetch events --from DATE" in done.err


def test_the_sandbox_counts_the_same_as_its_tables(mp: Mp) -> None:
    days = ("--from", "2026-02-01", "--to", "2026-02-02")
    assert mp("-a", "sandbox", "fetch", "events", *days).code == 0
    for asked in (
        ("segmentation", "--event", "Purchase", "--on", "mp_country_code"),
        ("frequency", "--event", "Purchase"),
    ):
        there = mp("-a", "sandbox", *asked, *days).data
        here = mp("-a", "sandbox", *asked, *days, "--local").data
        assert here.pop("tables") == ["events"]
        assert here == there


def test_help_says_what_counts_here(mp: Mp) -> None:
    told = mp("retention", "--help").out
    _, _, section = told.partition("Local reports (any of these implies --local):\n")
    options = section.partition("\nGlobal options:")[0]
    assert [line.split()[0] for line in options.splitlines() if line.startswith("  -")] == [
        "--local", "--birth-rows", "--anchor-returns", "--on-event", "--segment-sizes", "--as-of", "--table",
        "--profiles", "--timezone", "--week-start", "--edge-buckets", "--dedupe", "--explain",
    ]  # fmt: skip
