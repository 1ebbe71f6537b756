"""Options and files that nobody means: very large numbers, days and depths. An answer, or our error."""

from __future__ import annotations

import pytest
from typer.core import TyperGroup

from mixpanel_data import auth
from mixpanel_data.cli.main import SECTIONS
from mixpanel_data.cli.root import Root

DEEP = "[" * 100_000
DAYS = ["--from", "2026-01-01", "--to", "2026-01-02"]
CALLS = {
    "segmentation": ["--event", "Purchase", *DAYS, "--local"],
    "segmentation-numeric": ["--event", "Purchase", "--on", "amount", *DAYS, "--local"],
    "funnel": ["--steps", "Purchase,Purchase", *DAYS],
    "retention": ["--born", "Purchase", "--return", "Purchase", *DAYS, "--local"],
    "frequency": [*DAYS, "--local"],
    "flows": ["--event", "Purchase", *DAYS],
    "counts": ["Purchase", *DAYS],
    "top": [],
    "values": ["Purchase", "amount"],
    "summarize": ["events"],
    "breakdown": ["events"],
    "stats": ["events", "amount"],
    "sample": ["events"],
    "sql": ["FROM events"],
    "export": ["events", "/dev/null"],
    "fetch events": ["more", "--replace", *DAYS],
    "fetch profiles": ["people", "--replace"],
}
NUMBERS = ["0", "-5", "2147483648", "9" * 19, "9" * 25, "9" * 5000, "nan", "inf", "1e308"]
EXTREME_DAYS = [
    ("0001-01-01", "0001-01-02"), ("0001-01-01", "9999-12-31"), ("9999-12-30", "9999-12-31"),
    ("1899-12-31", "1900-01-01"), ("2999-12-31", "3000-01-01"),
]  # fmt: skip


def numbers():
    """The words of each option that takes a number."""
    root = Root.build(SECTIONS, workflow="")
    for name in CALLS:
        group, *rest = name.split()
        command = root.commands[group]
        for word in rest:
            assert isinstance(command, TyperGroup)
            command = command.commands[word]
        for param in [*command.params, *root.params]:
            kind = str(param.type_descriptor.annotation)
            if param.param_type_name == "option" and ("int" in kind or "float" in kind):
                yield name, param.opts[0]


OPTIONS = sorted({f"{name} {option}" for name, option in numbers()})


def test_many_options_take_a_number():
    assert len(OPTIONS) > 60


@pytest.mark.parametrize("words", OPTIONS)
@pytest.mark.usefixtures("online")
@pytest.mark.filterwarnings("ignore::mixpanel_data.MixpanelDataWarning")
def test_a_number_that_nobody_means_is_an_answer_or_an_error_of_ours(mp, db, words):
    name, option = words.rsplit(" ", 1)
    for number in NUMBERS:
        done = mp("--db", db, "-q", *name.split(), *CALLS[name], option, number)
        assert done.code in {0, 1, 3, 4}, (number, done)
        assert "bug" not in done.err, number
        assert "Traceback" not in done.err, number
        assert "Error:" not in done.err, number


@pytest.mark.parametrize("days", EXTREME_DAYS, ids=str)
@pytest.mark.parametrize("name", [name for name in CALLS if DAYS[0] in CALLS[name]])
@pytest.mark.usefixtures("online")
def test_days_of_no_data_are_refused(mp, db, name, days):
    args = [dict(zip(DAYS[1::2], days, strict=True)).get(word, word) for word in CALLS[name]]
    done = mp("--db", db, *name.split(), *args)
    assert (done.code, done.out) == (3, "")
    assert "is not in the years 1900 to 2999\nhint: give a day that has data\n" in done.err


@pytest.mark.parametrize(
    "text",
    [
        f"a = {DEEP}", f"a = {'{a=' * 50_000}", f"[accounts.a]\nsecret = {DEEP}",
        f"a = {'9' * 5000}", f"[settings]\nwindow_days = {'9' * 5000}", f"[{'a.' * 50_000}a]",
        f"[accounts.{'a.' * 200}a]\nb = 1",
    ],
    ids=["deep", "tables", "secret", "digits", "setting", "keys", "account"],
)  # fmt: skip
@pytest.mark.parametrize("args", [["events"], ["auth", "list"], ["auth", "switch", "b"], ["auth", "add", "b", "--username", "u", "--secret", "s", "--project", "1"]], ids=lambda it: it[-1])  # fmt: skip
def test_a_config_that_is_too_deep_or_too_long_is_one_line(mp, text, args):
    path = auth.config_path()
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(0o600)
    done = mp(*args, "--format", "table")
    assert done.code in {0, 1, 2, 4}
    assert "bug" not in done.err
    assert "Traceback" not in done.err
    if done.code:
        assert done.out == ""
        assert [line[:6] for line in done.err.splitlines() if line[:7] != "warning"] == [
            "error:",
            "hint: ",
        ]
        assert path.read_text() == text


def test_a_funnel_of_too_many_steps_is_refused(mp, db):
    done = mp("--db", db, "funnel", "--steps", "Purchase" + ",Purchase" * 100, *DAYS)
    assert (done.code, done.err) == (3, "error: a funnel has at most 100 steps, not 101\n")


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("value", [DEEP, '{"a":' * 50_000, "9" * 5000])
def test_deep_parameters_of_a_script_are_an_answer_or_an_error_of_ours(mp, value):
    done = mp("jql", "--code", "function main() {}", "--param", f"a={value}")
    assert "bug" not in done.err
    assert "Traceback" not in done.err
    done = mp("fetch", "profiles", "--behaviors", value)
    assert done.code == 3
    assert done.err.startswith("error: behaviors is not")
