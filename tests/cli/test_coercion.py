"""Values taken without pydantic are those that Typer makes with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.exceptions import TyperException
from typer.main import get_command

from mixpanel_data.cli.coercion import Coercion


def command(
    text: str = "",
    many: Annotated[list[str] | None, typer.Option()] = None,
    whole: Annotated[int, typer.Option(min=-5, max=10_000)] = 1,
    fraction: Annotated[float, typer.Option(min=0)] = 0.5,
    path: Path | None = None,
    existing: Annotated[Path | None, typer.Option(exists=True)] = None,
    choice: Annotated[Literal["json", "csv"] | None, typer.Option()] = None,
    numbers: Annotated[list[int] | None, typer.Option()] = None,
    flag: bool = False,
) -> None:
    """One parameter of each kind that `mp` uses, and some that it does not."""


APP = typer.Typer()
APP.command()(command)
COMMAND = get_command(APP)
PARAMS = {param.name: param for param in COMMAND.params}

NUMBERS = st.one_of(st.integers(), st.floats(), st.decimals()).map(str)
WORDS = st.one_of(
    st.text(), NUMBERS, NUMBERS.map(" {} ".format),
    st.sampled_from(["json", "CSV", "true", "007", "1_000", "1e3", "+1", ".5", "-0", "/", "~", "nan", "٣", "a\0"]),
)  # fmt: skip


def outcome(coerce, value, param):
    try:
        found = coerce(value, param=param, ctx=None)
    except TyperException as error:
        return error.format_message()
    except ValueError as error:  # a NUL in a path
        return type(error)
    return repr(found)


@pytest.mark.parametrize("name", PARAMS)
@given(words=st.lists(WORDS, min_size=1, max_size=2))
def test_a_word_becomes_what_typer_makes_of_it(name, words):
    param = PARAMS[name]
    value = tuple(words) if param.multiple else words[0]
    ours = Coercion(param.get_runtime_param)
    assert outcome(ours.coerce, value, param) == outcome(
        param.get_runtime_param().coerce, value, param
    )


@pytest.mark.parametrize("name", PARAMS)
@pytest.mark.parametrize("value", [None, "default"])
def test_no_word_and_a_default_stay_what_they_are(name, value):
    param = PARAMS[name]
    value = param.default if value else None
    ours = Coercion(param.get_runtime_param)
    assert outcome(ours.coerce, value, param) == outcome(
        param.get_runtime_param().coerce, value, param
    )


def test_a_file_that_can_not_be_read_is_left_to_typer(tmp_path):
    path = tmp_path / "secret"
    path.touch(mode=0)
    param = PARAMS["path"]
    ours = Coercion(param.get_runtime_param)
    assert outcome(ours.coerce, str(path), param) == outcome(
        param.get_runtime_param().coerce, str(path), param
    )
