"""The question for profiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.question import Converted
from mixpanel_data.queries.written import Expression, expression


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """User or group profiles; every field narrows the answer (contract: /engage).

    `cohort_id` takes the members of a saved cohort, with `include_all_users` also those who have
    no profile. `behaviors` can't be combined with it and needs `as_of_timestamp` (epoch seconds)
    past 1,000 profiles. `data_group_id` asks for group profiles.
    """

    where: Converted[Expression | None, str | None] = Converted(expression, default=None)
    distinct_ids: tuple[str, ...] | None = None
    output_properties: tuple[str, ...] | None = None
    data_group_id: str | None = None
    cohort_id: int | None = None
    include_all_users: bool | None = None
    behaviors: tuple[dict[str, Any], ...] | None = None
    as_of_timestamp: int | None = None

    @classmethod
    def of(cls, **asked: Any) -> Profiles:
        """The question as people write it: names as any sequence."""
        for name in ("distinct_ids", "output_properties"):
            if isinstance(asked.get(name), str):
                raise InvalidArgumentError(
                    f"{name} is a list of names, not one string", hint=f"{name}=[{asked[name]!r}]"
                )
        lists = {name: tuple(value) for name, value in asked.items() if isinstance(value, list)}
        return cls(**{**asked, **lists})

    def __post_init__(self) -> None:
        if self.where is not None and not self.where.strip():
            raise InvalidArgumentError("where is empty", hint="leave it out to get all profiles")
        if self.behaviors is not None and self.cohort_id is not None:
            raise InvalidArgumentError(
                "behaviors and a cohort can't be combined", hint="ask for one of them"
            )
        if self.include_all_users is not None and self.cohort_id is None:
            raise InvalidArgumentError(
                "include_all_users only goes with a cohort", hint="give cohort_id too"
            )
