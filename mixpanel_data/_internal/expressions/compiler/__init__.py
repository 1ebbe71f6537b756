"""Expressions to DuckDB's SQL, with the meaning that `evaluator` has.

The SQL is one value of a row that `Columns` describes. Where typed columns exist nothing else is
read, and what their types rule out is left out of the SQL.
"""

from __future__ import annotations

from mixpanel_data._internal.expressions.compiler.compiler import (
    Compiler,
    compile_condition,
    compile_filter,
    compile_labels,
    compile_number,
    compile_value,
)
from mixpanel_data._internal.expressions.compiler.sources import Columns, Fields

__all__ = [
    "Columns",
    "Compiler",
    "Fields",
    "compile_condition",
    "compile_filter",
    "compile_labels",
    "compile_number",
    "compile_value",
]
