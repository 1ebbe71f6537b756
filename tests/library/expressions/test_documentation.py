from __future__ import annotations

import re
from pathlib import Path

import pytest

from mixpanel_data._internal.expressions import Context, evaluate, parse
from mixpanel_data._internal.expressions.functions import FUNCTIONS, OF_EVENTS

PAGE = Path(__file__).parents[3].joinpath("docs/reference/expressions.md").read_text("utf-8")
EXAMPLES = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", PAGE.split("## Examples")[1], re.MULTILINE)

CODE = re.compile(r"`([^`]+)`")


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_the_reference_page_is_understood(text):
    node = parse(text, "profile" if "NOW" in text else "event")
    assert evaluate(node, Context(event="e")) is not None


def test_the_reference_page_names_what_is_reserved():
    reserved = PAGE.split("are **reserved**")[1].split("\n\n")[1]
    names = [name for row in reserved.splitlines()[2:] for name in CODE.findall(row.split("|")[1])]
    assert names == list(OF_EVENTS)


def test_the_reference_page_names_every_function():
    assert len(EXAMPLES) >= 7
    for name in (*FUNCTIONS, "any"):
        assert f"`{name}(" in PAGE
