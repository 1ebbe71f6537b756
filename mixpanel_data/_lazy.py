"""Packages whose names load when they are first used: each answer is a class that costs to make."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def names(package: str, *modules: str) -> Callable[[str], object]:
    """A `__getattr__` that looks for the names in `__all__` in these modules, in this order.

    What every call needs comes first, for the rest is not loaded then.
    """

    def load(name: str) -> object:
        from importlib import import_module

        space = vars(import_module(package))
        if name in space["__all__"]:
            for module in modules:
                found = vars(import_module(f"{package}.{module}"))
                if name in found:
                    return space.setdefault(name, found[name])
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return load
