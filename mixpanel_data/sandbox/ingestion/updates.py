"""One update of a profile: what each operation does to its properties (contract, 15.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Properties = dict[str, Any]


class UpdateError(Exception):
    """An operation can't be done with these values; `field` names the one to blame."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def set_(profile: Properties, values: Properties) -> Properties:
    """`$set`: these values, whatever was there."""
    return {**profile, **values}


def set_once(profile: Properties, values: Properties) -> Properties:
    """`$set_once`: these values where there is none."""
    return {**values, **profile}


def add(profile: Properties, values: Properties) -> Properties:
    """`$add`: numbers to numbers; nothing counts as 0."""
    return {**profile, **{name: _sum(profile, name, value) for name, value in values.items()}}


def _sum(profile: Properties, name: str, value: Any) -> Any:
    if not _is_number(value):
        raise UpdateError(f"$add.{name}", f"'$add.{name}' is invalid: must be a number")
    before = profile.get(name, 0)
    if not _is_number(before):
        raise UpdateError(f"$add.{name}", f"'$add.{name}' is invalid: {name!r} is not a number")
    return before + value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def append(profile: Properties, values: Properties) -> Properties:
    """`$append`: one more item at the end of a list, which may be new."""
    lists = {name: [*_list(profile, "$append", name), value] for name, value in values.items()}
    return {**profile, **lists}


def union(profile: Properties, values: Properties) -> Properties:
    """`$union`: those items that a list lacks."""
    merged = {}
    for name, items in values.items():
        if not isinstance(items, list):
            raise UpdateError(f"$union.{name}", f"'$union.{name}' is invalid: must be a list")
        merged[name] = list(_list(profile, "$union", name))
        merged[name] += [
            item for n, item in enumerate(items) if _is_new(item, merged[name], items[:n])
        ]
    return {**profile, **merged}


def _is_new(item: Any, *lists: list[Any]) -> bool:
    return not any(_same(item, other) for known in lists for other in known)


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def remove(profile: Properties, values: Properties) -> Properties:
    """`$remove`: an item out of a list, wherever it is; no list, no change."""
    left = {
        name: [item for item in profile[name] if not _same(item, value)]
        for name, value in values.items()
        if isinstance(profile.get(name), list)
    }
    return {**profile, **left}


def _list(profile: Properties, operation: str, name: str) -> list[Any]:
    before = profile.get(name, [])
    if not isinstance(before, list):
        field = f"{operation}.{name}"
        raise UpdateError(field, f"'{field}' is invalid: {name!r} is not a list")
    return before


OPERATIONS: dict[str, Callable[[Properties, Properties], Properties]] = {
    "$set": set_,
    "$set_once": set_once,
    "$add": add,
    "$append": append,
    "$union": union,
    "$remove": remove,
}
"""The operations that take an object; $unset takes a list, and $delete anything."""


_PRUNING = frozenset(["$remove", "$unset", "$delete"])
"""Operations that make no profile where there is none."""


def updated(profile: Properties | None, update: Properties) -> Properties | None:
    """The profile after an update, or none: as a whole, or an UpdateError.

    >>> updated({"coins": 2}, {"$add": {"coins": 3}, "$set_once": {"plan": "free"}})
    {'plan': 'free', 'coins': 5}
    """
    asked = [name for name in update if name in OPERATIONS or name in {"$unset", "$delete"}]
    if not asked:
        raise UpdateError("", "an update must have an operation, such as $set")
    makes_one = not _PRUNING.issuperset(asked)
    if "$delete" in asked or (profile is None and not makes_one):
        return None
    after = profile or {}
    for name in asked:
        values = update[name]
        if name == "$unset":
            if not isinstance(values, list):
                raise UpdateError("$unset", "'$unset' is invalid: must be a list of names")
            after = {key: value for key, value in after.items() if key not in values}
        elif isinstance(values, dict):
            after = OPERATIONS[name](after, values)
        else:
            raise UpdateError(name, f"'{name}' is invalid: must be an object")
    return after
