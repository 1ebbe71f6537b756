"""The operator tables of contract 13.2 again, in slow and obvious Python over exact fractions."""

from __future__ import annotations

import json
import time
from fractions import Fraction

from mixpanel_data._internal.expressions import UNDEFINED

LARGEST = Fraction(1.7976931348623157e308)


def type_of(value):
    if value is UNDEFINED:
        return "undefined"
    return {bool: "boolean", int: "number", float: "number", str: "string", list: "list"}.get(
        type(value), "null"
    )


def arithmetic(sign, left, right):
    types = {type_of(left), type_of(right)}
    if types == {"string"} and sign == "+":
        return f"{left}{right}"
    if types != {"number"}:
        return UNDEFINED
    a, b = Fraction(float(left)), Fraction(float(right))
    if sign in "/%" and b == 0:
        return UNDEFINED
    exact = {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "*": lambda: a * b,
        "/": lambda: a / b,
        "%": lambda: a - b * int(a / b),
    }[sign]()
    return exact if abs(exact) <= LARGEST else UNDEFINED


def equality(left, right):
    if type_of(left) != type_of(right):
        return False
    if type_of(left) == "number":
        return Fraction(left) == Fraction(right)
    if type_of(left) == "list":
        return len(left) == len(right) and all(
            equality(one, other) for one, other in zip(left, right, strict=True)
        )
    return left is right or json.dumps(left) == json.dumps(right)


def moment(text):
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"):
        try:
            return time.strptime(text, form)
        except ValueError:
            continue
    return None


def order(sign, left, right):
    types = {type_of(left), type_of(right)}
    if types == {"string"}:
        left, right = moment(left), moment(right)
        if left is None or right is None:
            return UNDEFINED
    elif types != {"number"}:
        return UNDEFINED
    below, above = left < right, right < left
    return {"<": below, "<=": not above, ">": above, ">=": not below}[sign]


def contained(item, container):
    if type_of(container) == "string" and type_of(item) == "string":
        return container.find(item) >= 0
    if type_of(container) == "list" and type_of(item) not in {"list", "undefined"}:
        return True in [equality(item, other) for other in container]
    return UNDEFINED


def conjunction(left, right):
    """None stands for the error that operands of other types are."""
    if type_of(left) not in {"boolean", "undefined"}:
        return None
    if left is not True:
        return False
    return None if type_of(right) not in {"boolean", "undefined"} else right is True


def disjunction(left, right):
    if left is True:
        return True
    if type_of(left) not in {"boolean", "undefined"}:
        return None
    return None if type_of(right) not in {"boolean", "undefined"} else right is True
