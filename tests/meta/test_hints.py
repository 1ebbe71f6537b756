"""Every hint that the code can give is given, and what it says to type works when it is pasted.

`reference.hints` reads the hints from the source. A new one with something to type needs a case.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

import mixpanel_data
import mixpanel_magics
from mixpanel_data import MixpanelDataError, Workspace, auth, expressions, queries, sandbox
from mixpanel_data.sandbox.server import serve
from reference.hints import GAP, Sources
from tests.cli.conftest import mp
from tests.magics.conftest import cell, shell
from tests.mcp.conftest import Said, agent, empty, machine

__all__ = ["agent", "cell", "empty", "machine", "mp", "shell"]

PACKAGES = [Path(it.__file__).parent for it in (mixpanel_data, mixpanel_magics)]
HINTS = Sources(*PACKAGES).hints()

TYPED = re.compile(
    r"\bmp [a-z…]|--[a-z]|(?<!\w)%+[a-z]|\bpip \w|\w=\S|\w\[|\bws\.|Workspace\(|\bwrite |events: "
)
"""What a person types: a command, an option, a keyword, an expression."""

SCRIPT = """
function main() {
  return Events({from_date: "2026-01-01", to_date: "2026-01-05"})
    .groupBy(["name"], mixpanel.reducer.count());
}
"""

NAMES = {
    "SCRIPT": SCRIPT,
    "Path": Path,
    "auth": auth,
    "io": io,
    "os": os,
    "queries": queries,
    "serve": serve,
    "suppress": suppress,
}
"""What Python knows besides the library."""

CASES = yaml.safe_load(Path(__file__).with_name("hints.yaml").read_text(encoding="utf-8"))

PROSE = {
    "comparisons can't be chained: write a < b and b < c",
    "narrow the condition, sort the other way round, or write SQL",
    "the same command with --verbose shows where; please report it",
    "MP_READ_ONLY, read_only in the settings, or Workspace(read_only=True) says so",
    "end that one for a connection of your own; ws.sql() works meanwhile",
    "without --dry-run, all of them are run",
    (
        "ask for less at once: fewer days, rows or columns; mp mcp and read-only SQL may take"
        " …_limit_gb of the settings, or MP_…_LIMIT_GB"
    ),
}
"""Sentences that name things of the code, and no command."""

NOT_HERE = {
    "pip install --upgrade duckdb",
    "pip install 'mixpanel-data[…]'",
    'mp sql "INSTALL …" downloads it once; then put LOAD …; before the query',
    "in its configuration: mp mcp",
    "add a LIMIT, or use %%mpsql, which has no bound",
}
"""What needs a network, or a server and rows as `tests/mcp` and `tests/magics` have them."""


def needs_a_case(hint: str) -> bool:
    return TYPED.search(hint) is not None and hint not in PROSE | NOT_HERE


def test_every_hint_with_something_to_type_has_a_case() -> None:
    known = {case["hint"] for case in CASES}
    missing = {hint: at for hint, at in HINTS.items() if needs_a_case(hint)}.keys() - known
    assert {hint: HINTS[hint] for hint in missing} == {}
    assert (known | PROSE | NOT_HERE) - HINTS.keys() == set()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sandbox's database, with five days of events, and profiles."""
    path = tmp_path_factory.mktemp("shop") / "sandbox.duckdb"
    with Workspace.sandbox(path) as workspace:
        workspace.fetch_events(from_date="2026-01-01", to_date="2026-01-05")
        workspace.fetch_profiles()
    return path


class Typist:
    """A person in a shell, in Python and in a notebook, who works on the sandbox."""

    def __init__(self, fixture: Callable[[str], Any], patch: pytest.MonkeyPatch) -> None:
        self._fixture = fixture
        self._patch = patch

    def hint(self, line: str) -> str:
        """The hint that a line ends with."""
        if line.startswith("agent("):
            return str(self._ask_agent(line).error["hint"])
        if _is_of_shell(line):
            code, said = self._run(line)
            assert code, said
            return said.rpartition("\nhint: ")[2].strip() if "\nhint: " in said else said
        with pytest.raises(MixpanelDataError) as raised:
            self._do(line)
        return str(raised.value.hint)

    def type(self, line: str) -> None:
        """A line that succeeds."""
        if _is_of_shell(line):
            code, said = self._run(line)
            assert code == 0, f"{line}: {said}"
        else:
            self._do(line)

    def _do(self, line: str) -> None:
        if line.startswith("agent("):
            assert not (said := self._ask_agent(line)).failed, said.text
        elif line.startswith(("%", "In: ")):
            done = self._fixture("cell")(line.removeprefix("In: ").replace("\\n", "\n"))
            if done.error is not None:
                raise done.error
        else:
            exec(line, self._python)

    def _ask_agent(self, line: str) -> Said:
        return eval(line, {"agent": self._fixture("agent")})

    @cached_property
    def _python(self) -> dict[str, Any]:
        public = [mixpanel_data, expressions, sandbox]
        names = {name: getattr(it, name) for it in public for name in it.__all__}
        return {**names, **NAMES, "ws": Workspace.sandbox()}

    def _run(self, line: str) -> tuple[int, str]:
        line = re.sub("@(.+?)@", lambda found: str(eval(found[1], self._python)), line)
        line, _, stdin = line.partition(" < ")
        words = shlex.split(line)
        with self._patch.context() as patch:
            while "=" in words[0]:
                name, _, value = words.pop(0).partition("=")
                patch.setenv(name, value) if value else patch.delenv(name)
            done = self._fixture("mp")(*words[1:], stdin=stdin)
        return done.code, done.err

    def close(self) -> None:
        if "_python" in vars(self):
            self._python["ws"].close()


def _is_of_shell(line: str) -> bool:
    return re.match(r"([A-Z_]+=\S* )*mp ", line) is not None


@pytest.fixture
def typist(
    home: Path,
    shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Any:
    monkeypatch.setenv("MP_ACCOUNT", "sandbox")
    monkeypatch.chdir(tmp_path)
    data = Path(os.environ["MP_DATA_DIR"])
    data.mkdir(parents=True)
    shutil.copy(shop, data / "sandbox.duckdb")
    person = Typist(request.getfixturevalue, monkeypatch)
    yield person
    person.close()


@pytest.mark.parametrize("case", CASES, ids=[case["ask"].splitlines()[-1] for case in CASES])
@pytest.mark.filterwarnings("ignore::mixpanel_data.MixpanelDataWarning")
def test_a_hint_works_when_it_is_pasted(case: dict[str, str], typist: Typist) -> None:
    *before, last = case["ask"].splitlines()
    for line in before:
        typist.type(line)
    hint = typist.hint(last)
    parts = [re.escape(part) for part in case["hint"].split(GAP)]
    assert re.fullmatch(".*".join(parts), re.sub(r"mp --db \S+ ", "mp ", hint)), hint
    pasted = re.findall("«(.*?)»", case["then"])
    assert pasted
    assert [it for it in pasted if it not in hint] == [], hint
    for line in re.sub("[«»]", "", case["then"]).splitlines():
        typist.type(line)
