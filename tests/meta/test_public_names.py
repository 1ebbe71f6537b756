from __future__ import annotations

import ast
from importlib.metadata import version
from pathlib import Path

import mixpanel_data

ROOT = Path(__file__).parents[2]


def test_every_public_name_can_be_used_and_is_typed() -> None:
    assert mixpanel_data.__all__ == sorted(
        mixpanel_data.__all__, key=lambda n: (n.islower(), n.lower() if n.islower() else n)
    )
    assert all(getattr(mixpanel_data, name) is not None for name in mixpanel_data.__all__)
    tree = ast.parse((ROOT / "mixpanel_data" / "__init__.py").read_text())
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mixpanel_data")
        for alias in node.names
    }
    assert imported == set(mixpanel_data.__all__)


def test_the_exceptions_of_the_module_are_all_public() -> None:
    from mixpanel_data import exceptions

    raised = {
        n for n, v in vars(exceptions).items() if isinstance(v, type) and issubclass(v, Exception)
    }
    assert raised <= set(mixpanel_data.__all__)


def test_the_version_is_that_of_the_distribution() -> None:
    assert mixpanel_data.__version__ == version("mixpanel-data")
