from __future__ import annotations

import pytest
from hypothesis import given, settings

from mixpanel_data._internal import expressions as expressions_package
from mixpanel_data._internal.expressions import nodes, parse
from tests.library.expressions.strategies import expressions


@settings(max_examples=100, deadline=None)
@given(expressions())
def test_a_tree_prints_text_that_parses_to_the_same_tree(node):
    assert parse(str(node)) == node


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("properties['plan']='pro'", 'properties["plan"] == "pro"'),
        ("true AND(false OR NOT null)", "true and (false or not null)"),
        ("((1+2))*3-(4-5)", "(1 + 2) * 3 - (4 - 5)"),
        ("1-2-3", "1 - 2 - 3"),
        ("-(-5)", "--5"),
        ("-(1+2)", "-(1 + 2)"),
        ("2*(3%4)/5", "2 * (3 % 4) / 5"),
        ("(true or false) or null", "(true or false) or null"),
        ("not(1==2)", "not 1 == 2"),
        ("(not true)==false", "(not true) == false"),
        ("defined ( user [ 'a\"b' ] )", 'defined(user["a\\"b"])'),
        ("[ ]", "[]"),
        ("1. + .5 + 1e3", "1.0 + 0.5 + 1000.0"),
        ('"ell"   not   in "hello"', '"ell" not in "hello"'),
        ("any (X,[1,'a'],X=1)", 'any(X, [1, "a"], X == 1)'),
    ],
)
def test_the_canonical_text_has_blanks_double_quotes_and_no_needless_parentheses(
    written, canonical
):
    assert str(parse(written)) == canonical
    assert parse(canonical) == parse(written)


def test_a_long_chain_of_alternatives_is_one_flat_node():
    node = parse(" or ".join(f'properties["x"] == {n}' for n in range(2000)))
    assert isinstance(node, nodes.Or)
    assert len(node.operands) == 2000


def test_trees_are_values_that_can_be_kept_in_a_set():
    assert len({parse("1+2"), parse("1 + 2"), parse("(1) + (2)")}) == 1


@pytest.mark.parametrize("value", [-1, -0.0, float("inf"), float("nan")])
def test_a_number_literal_that_could_not_be_read_back_is_a_bug(value):
    with pytest.raises(TypeError, match="finite and not negative"):
        nodes.Number(value)


def test_walking_meets_every_node_in_the_order_of_the_text():
    node = parse('any(X, user["a"], X in [properties["b"], 1]) or not properties["c"]')
    names = [part.name for part in nodes.walk(node) if isinstance(part, nodes.Property)]
    assert names == ["a", "b", "c"]
    assert sum(1 for _ in nodes.walk(node)) == 10


def test_every_name_of_the_package_is_there_when_asked_for():
    for name in expressions_package.__all__:
        assert getattr(expressions_package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'compile'"):
        _ = expressions_package.compile
