"""Expressions through every door that takes them (cases 75 to 82, the emulator's side)."""

from __future__ import annotations

import pytest

from mixpanel_data._internal.expressions import quoted
from mixpanel_data.sandbox import Project, Sandbox
from tests.sandbox.conftest import Asker
from tests.sandbox.reports.conftest import NOW

DAY = {"from_date": "2026-02-01", "to_date": "2026-02-01"}
NAME, VALUE = 'a "quoted\\" name', 'va"l\\ue'
VALUES = {"n": 5, "s": "hello", "id": 2, "yes": True, "no": "false", "zero": 0, NAME: VALUE}

TRUTHS = [
    pytest.param('properties["n"] == "5"', False, id="case_75_kinds_differ"),
    pytest.param('string(properties["n"]) == "5"', True, id="case_75_text_of_a_number"),
    pytest.param('defined(number("x"))', False, id="case_75_no_number"),
    pytest.param('properties["none"] == "a"', False, id="case_76_missing_is_not_equal"),
    pytest.param('properties["none"] != "a"', True, id="case_76_missing_is_different"),
    pytest.param('properties["none"] > 1', False, id="case_76_missing_is_not_more"),
    pytest.param('not (properties["none"] > 1)', True, id="case_76_not_undefined_is_true"),
    pytest.param('defined(properties["none"])', False, id="case_76_missing_is_not_defined"),
    pytest.param("defined(1 / 0)", False, id="case_77_division_by_zero"),
    pytest.param("-5 % 3 == -2", True, id="case_77_sign_of_the_dividend"),
    pytest.param('"a" + "b" == "ab"', True, id="case_77_texts_add"),
    pytest.param('defined("a" + 1)', False, id="case_77_kinds_do_not_add"),
    pytest.param('"ell" in properties["s"]', True, id="case_78_substring"),
    pytest.param('properties["id"] in [1, 2, 3]', True, id="case_78_membership"),
    pytest.param('boolean(properties["no"])', False, id="case_80_false_as_text"),
    pytest.param('boolean(properties["zero"]) or boolean("")', False, id="case_80_nothing"),
    pytest.param('boolean("no")', True, id="case_80_any_other_text"),
    pytest.param(
        f"properties[{quoted(NAME)}] == {quoted(VALUE)}", True, id="case_82_escapes_round_trip"
    ),
]
WRONG = ['properties["n"] and true', 'properties["s', '(properties["n"] > 1', "1 +"]


@pytest.fixture(scope="module")
def ask():
    with Sandbox.empty(limits=None, clock=lambda: NOW, project=Project.empty()) as sandbox:
        asker = Asker(sandbox)
        asker.happen(("u", "A", "2026-02-01T10:00", VALUES))
        record = {"$token": sandbox.project.token, "$distinct_id": "u", "$set": VALUES}
        assert asker.post("/engage", [record], project=False).text == "1"
        yield asker


@pytest.mark.parametrize(("where", "passes"), TRUTHS)
def test_exports_and_reports_agree(ask, where, passes):
    assert len(ask.lines(**DAY, where=where)) == passes
    found = ask("query/segmentation", event="A", where=where, **DAY).json
    assert found["data"]["values"]["A"]["2026-02-01"] == passes
    about_user = where.replace("properties[", "user[")
    assert len(ask.lines(**DAY, where=about_user)) == passes
    found = ask("query/segmentation", event="A", where=about_user, **DAY).json
    assert found["data"]["values"]["A"]["2026-02-01"] == passes


@pytest.mark.parametrize("where", WRONG)
def test_case_79_what_is_wrong_is_a_400_with_a_message(ask, where):
    for path, more in (
        ("2.0/export", {}),
        ("query/segmentation", {"event": "A"}),
        ("query/engage", {}),
    ):
        answer = ask(path, where=where, **DAY, **more)
        assert answer.status_code == 400, path
        assert answer.json["error"].startswith("Error in ")


def test_case_81_profiles_take_a_smaller_language(ask):
    def total(where):
        answer = ask("query/engage", where=where)
        return answer.json["total"] if answer.status_code == 200 else answer.status_code

    seen = 'datetime(properties["$last_seen"])'
    assert total(f"{seen} >= datetime(NOW - 604800) and {seen} <= datetime(NOW)") == 1
    assert total(f"{seen} < datetime(NOW - 604800)") == 0
    assert total(f"{seen} >= datetime(NOW -604800)") == 400
    assert total('has_prefix(properties["s"], "he")') == 400
