"""A zero that means a mistake says so: on stderr, in the answer, with the word that was meant."""

from __future__ import annotations

from pathlib import Path
from shlex import split

import pytest

from tests.cli.conftest import Mp

LOCAL = "--from 2026-01-01 --to 2026-01-31 --timezone UTC"
LIVE = "--from 2026-01-01 --to 2026-01-31"

HERE = [
    (
        "segmentation-sum --event Purchase --on platform",
        (
            "'platform' is no number in any event, but text; number(properties[\"platform\"]) reads text"
            " as a number"
        ),
    ),
    (
        """segmentation --event Purchase --where 'properties["amount"] > "30"'""",
        (
            'properties["amount"] > "30" is never true: \'amount\' is a number in every event; did you'
            ' mean properties["amount"] > 30?'
        ),
    ),
    (
        "segmentation --event Purchase --on plattform",
        "no event here has the property 'plattform': did you mean 'platform'?",
    ),
    (
        "funnel --steps 'Sign Up,Purchase' --on amount --step-where '1:properties[\"amount\"] > 3'",
        "none of the 10 events 'Sign Up' of these days passes",
    ),
    (
        """retention --born 'Sign Up' --born-where 'properties["platform"] == "ios"'""",
        "properties[\"platform\"] is never 'ios', did you mean 'iOS'?",
    ),
    (
        """frequency --event Purchase --where 'user["plann"] == "pro"'""",
        "no profile here has the property 'plann': did you mean 'plan'?",
    ),
]


@pytest.mark.parametrize(("typed", "told"), HERE, ids=[typed for typed, _ in HERE])
def test_a_report_on_tables_explains_its_zeros(typed: str, told: str, mp: Mp, db: Path) -> None:
    done = mp("--db", db, *split(typed), *split(LOCAL))
    assert [it for it in done.data["warnings"] if told in it] != [], done.data["warnings"]
    assert told in done.err
    assert done.err.count("warning: ") == len(done.data["warnings"])


@pytest.mark.parametrize("option", ["--on", "--where"])
@pytest.mark.parametrize("counts", ["--local --timezone UTC", ""])
@pytest.mark.parametrize("text", ["user[1", "amount[", "(amount", '"amount'])
def test_what_is_no_expression_and_no_name_is_refused(
    text: str, counts: str, option: str, mp: Mp, db: Path, online: str
) -> None:
    asked = split(f"segmentation --event Purchase {counts} --from 2026-01-01 --to 2026-01-31")
    done = mp("--db", db, *asked, option, text)
    assert (done.code, done.out) == (3, "")
    assert (done.err.count("error: "), done.err.count("\nhint: ")) == (1, 1)


def test_a_name_that_no_event_has_is_refused_here(mp: Mp, db: Path) -> None:
    done = mp("--db", db, *split(f"segmentation --event Purchse --local {LOCAL}"))
    assert (done.code, done.out) == (3, "")
    assert (
        "error: table 'events' has no event 'Purchse'\nhint: did you mean 'Purchase'?\n" in done.err
    )


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            "segmentation --event Purchse",
            "Mixpanel has no event 'Purchse'; did you mean 'Purchase'?",
        ),
        (
            "segmentation --event Purchase --on plattform",
            "'Purchase' has no property 'plattform'; did you mean 'platform'?",
        ),
        (
            "retention --born 'Sign Upp'",
            "Mixpanel has no event 'Sign Upp'; did you mean 'Sign Up'?",
        ),
    ],
)
def test_a_report_of_mixpanel_explains_its_zeros(
    typed: str, told: str, mp: Mp, online: str
) -> None:
    done = mp(*split(typed), *split(LIVE))
    assert done.data["warnings"] == [told]
    assert f"warning: {told}\n" in done.err


def test_a_fetch_of_nothing_says_why(mp: Mp, online: str) -> None:
    done = mp("fetch", "events", *split(LIVE), "--events", "Purchse")
    assert done.data["rows"] == 0
    nothing, why = done.data["warnings"]
    assert "nothing was stored in table 'events'" in nothing
    assert why == "Mixpanel has no event 'Purchse'; did you mean 'Purchase'?"
    assert f"warning: {why}\n" in done.err
