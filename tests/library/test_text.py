"""Lists of names as people type them."""

import pytest

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.text import listed


def test_names_are_split_at_commas_outside_of_quotes() -> None:
    assert listed(['"Hello, world", Login'], "--events") == ["Hello, world", "Login"]


@pytest.mark.parametrize("wrong", [[], [""], ["a,,b"], ['"a']])
def test_an_empty_name_and_an_open_quote_are_refused(wrong: list[str]) -> None:
    with pytest.raises(InvalidArgumentError, match="--events"):
        listed(wrong, "--events")
