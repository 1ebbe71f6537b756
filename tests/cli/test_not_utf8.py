"""Bytes that are not UTF-8, wherever a command takes a text: one line, and exit code 3."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from typer.core import TyperGroup

from mixpanel_data.cli.main import SECTIONS
from mixpanel_data.cli.root import Root

HALF = os.fsdecode(b"caf\xe9")
MP = [sys.executable, "-c", "from mixpanel_data.cli.main import run; run()"]


def commands(group, *words):
    for name in group.commands:
        found = group.commands[name]
        if isinstance(found, TyperGroup):
            yield from commands(found, *words, name)
        else:
            yield [*words, name], found


def texts():
    """The words of each call of `mp` in which one text is not UTF-8."""
    root = Root.build(SECTIONS, workflow="")
    yield ["tables", "--account", HALF]
    for words, command in commands(root):
        for param in command.params:
            if "str" not in str(param.type_descriptor.annotation):
                continue
            if param.param_type_name == "argument":
                yield [*words, *(["x"] * command.params.index(param)), HALF]
            else:
                yield [*words, param.opts[0], HALF]


CALLS = {" ".join(words).replace(HALF, "…"): words for words in texts()}


def test_many_options_take_a_text():
    assert len(CALLS) > 60
    assert {"sql …", "fetch events --where …", "funnel --steps …", "auth add …"} <= CALLS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_a_text_that_is_not_utf8_is_refused_by_its_option(mp, name):
    done = mp(*CALLS[name])
    assert (done.code, done.out) == (3, "")
    first, *rest = done.err.splitlines()
    assert first.startswith("error: Invalid value for ")
    assert r"'\udce9'" in first
    assert [line for line in rest if not line.startswith("hint: mp ")] == []


@pytest.mark.parametrize(
    "args",
    [["sql", "-"], ["export", "-", "e.csv"], ["-a", "sandbox", "jql", "-"],
     ["auth", "add", "a", "--username", "u", "--project", "1", "--secret-stdin"]],
)  # fmt: skip
@pytest.mark.parametrize("locale", ["C.UTF-8", "POSIX", "en_US.ISO-8859-1"])
def test_stdin_that_is_not_utf8_is_refused(db, tmp_path, args, locale):
    done = subprocess.run(
        [*MP, "--db", str(db), *args], input=b"SELECT 'caf\xe9'", capture_output=True, check=False,
        cwd=tmp_path, env={**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(b"error: stdin is not UTF-8 text")
    assert len(done.stderr.splitlines()) <= 2


def test_a_file_that_is_not_utf8_is_refused_by_its_name(mp, db, tmp_path):
    script = tmp_path / "script"
    script.write_bytes(b"SELECT 'caf\xe9'")
    for args in (["sql", "--file", script], ["-a", "sandbox", "jql", script]):
        done = mp("--db", db, *args)
        assert (done.code, done.out) == (3, "")
        assert done.err == f"error: {script} is not UTF-8 text (byte 11)\nhint: save it as UTF-8\n"
    script.write_bytes(b"\xef\xbb\xbfSELECT 1 AS one")
    assert mp("--db", db, "sql", "--file", script).data == [{"one": 1}]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode elsewhere")
def test_a_folder_of_databases_whose_name_is_not_utf8_is_refused(mp, tmp_path, monkeypatch):
    monkeypatch.setenv("MP_DATA_DIR", str(tmp_path / HALF))
    done = mp("-a", "sandbox", "sql", "SELECT 1")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: the name of the database file is not UTF-8 text: '\\udce9'")


VARIABLES = [
    "MP_PROJECT_ID", "MP_REGION", "MP_BASE_URL", "MP_READ_ONLY", "MP_MEMORY_LIMIT_GB",
    "MP_TEMP_LIMIT_GB", "MP_FORMAT", "MP_MAX_BYTES", "MP_JQ_SECONDS",
]  # fmt: skip
VALUES = [HALF, "nonsense", "[" * 100_000, "-1", "\x1b[31m"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("MP_USERNAME", HALF), ("MP_SECRET", HALF), ("MP_SECRET", "\x1b[31m")]
    + [(name, value) for name in VARIABLES for value in VALUES],
)
@pytest.mark.usefixtures("online")
def test_a_variable_that_is_not_understood_is_named(mp, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    done = mp("events", "--jq", ".")
    assert done.code in {1, 3}
    assert done.out == ""
    first, *rest = done.err.splitlines()
    assert re.match(f"error: (Invalid value for )?{name}: ", first)
    assert "\x1b" not in first
    assert [line for line in rest if not line.startswith("hint: ")] == []


@pytest.mark.parametrize("name", ["MP_CONFIG_PATH", "MP_DATA_DIR"])
def test_the_home_of_nobody_is_blamed_on_its_variable(mp, monkeypatch, name):
    monkeypatch.setenv(name, "~nobody-such/x")
    done = mp("-a", "sandbox", "sql", "SELECT 1")
    assert (done.code, done.out) == (3, "")
    assert done.err == f"error: {name}: '~nobody-such/x' is in no user's home\n"
