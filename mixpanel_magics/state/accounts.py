"""The accounts of the config file: list, add, test, switch, remove; and the message that each step leaves.

A secret is an argument of `add`, which hands it to the config; nothing here keeps it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mixpanel_data import auth
from mixpanel_data.exceptions import MixpanelDataError
from mixpanel_magics.state.places import shown
from mixpanel_magics.state.status import StatusMessage, failed
from mixpanel_magics.state.work import Work

if TYPE_CHECKING:
    from mixpanel_data.types import AccountInfo, AccountTest

SANDBOX = "sandbox"
"""The built-in account, which is in no file."""

COLUMNS = ("", "account", "project", "region", "time zone", "user name", "sent to")

REGIONS = ("us", "eu", "in")

_CREDENTIALS = ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID", "MP_REGION")


@dataclass(frozen=True)
class NewAccount:
    """All of an account but its secret; what is left out is empty."""

    name: str
    project_id: str
    username: str = ""
    region: str = "us"
    timezone: str = ""
    base_url: str = ""
    auth: Literal["service_account", "project_secret"] = "service_account"
    default: bool = False


class Accounts:
    """What the credential browser knows and does.

    `use` makes an account the session's, `in_use` names the one that is (None: no stored one).
    """

    def __init__(
        self,
        use: Callable[[str], object] | None = None,
        in_use: Callable[[], str | None] = lambda: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._use = use
        self._in_use = in_use
        self.changed = changed
        self.work = Work()
        self.accounts: list[AccountInfo] = []
        self.selected: str | None = None
        self.status = StatusMessage()
        self.removing: str | None = None
        """The account of which it is asked whether to remove it."""
        self.offer: tuple[str, str] | None = None
        """An account, and the time zone that Mixpanel has named and it lacks."""
        self.refresh()

    # -- what is there ----------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """The accounts as they are listed: those of the file, then the sandbox."""
        return [*(account.name for account in self.accounts), SANDBOX]

    def rows(self) -> list[tuple[str, ...]]:
        """A row of `COLUMNS` for each of `names`."""
        used = self._in_use()
        stored = [_row(account, is_used=account.name == used) for account in self.accounts]
        mark = "● in use" if used == SANDBOX else ""
        return [*stored, (mark, SANDBOX, "invented data", "", "UTC", "built in, no secret", "")]

    def notes(self) -> list[str]:
        """What of the environment beats the config file; no values that are secret."""
        told = []
        if found := _set_credentials():
            told.append(f"The environment has {_listed(found)}: it wins over every stored account.")
        for name, wins in (
            ("MP_ACCOUNT", "is used where no account is named, instead of the default"),
            ("MP_BASE_URL", "is where all requests are sent"),
        ):
            if value := os.environ.get(name):
                told.append(f"The environment's {name}, {value!r}, {wins}.")
        return told

    @property
    def account(self) -> AccountInfo | None:
        """The selected account, where it is one of the file."""
        return next((a for a in self.accounts if a.name == self.selected), None)

    @property
    def can_use(self) -> bool:
        """True where there is a session to switch."""
        return self._use is not None

    def refresh(self) -> None:
        """Read the file again."""
        try:
            self.accounts = auth.list_accounts()
        except MixpanelDataError as error:
            self.accounts = []
            self.status = failed(error)
        if self.selected not in self.names:
            used = self._in_use()
            self.selected = used if used in self.names else self.names[0]
        self.changed()

    def select(self, name: str) -> None:
        """Make it the one that the other methods are about."""
        if name != self.selected:
            self.selected = name
            self._say(StatusMessage())

    # -- what is done -----------------------------------------------------------------------------

    def add(self, new: NewAccount, secret: str) -> bool:
        """Store an account; False, and with the reason as its status, where it can't be."""
        try:
            added = auth.add_account(
                new.name,
                "" if new.auth == "project_secret" else new.username,
                secret,
                new.project_id.strip(),
                new.region,
                base_url=new.base_url or None,
                timezone=new.timezone or None,
                auth=new.auth,
                default=new.default,
            )
        except MixpanelDataError as error:
            self._say(failed(error))
            return False
        self.selected = added.name
        told = f"stored {added.name!r} (project {added.project_id}) in {shown(auth.config_path())}"
        self._done(StatusMessage(told, "good", "Test asks Mixpanel whether it is accepted."))
        return True

    def test(self) -> None:
        """Ask Mixpanel whether it accepts the selected account, on a thread."""
        name = self.selected
        self._say(StatusMessage(f"asking Mixpanel about {name!r} …", "busy"))
        self.work.do(
            lambda: auth.test_account(name),
            lambda answer: self._tested(str(name), answer),
            lambda error: self._say(failed(error)),
        )

    def store_timezone(self) -> None:
        """Note the project's zone in the account, as the test has offered."""
        if self.offer is not None:
            name, zone = self.offer
            self._try(
                lambda: auth.set_timezone(name, zone), f"the time zone of {name!r} is {zone} now"
            )

    def use(self) -> None:
        """Make the session's workspace the selected account's."""
        if self._use is None or self.selected is None:
            return
        use, name = self._use, self.selected
        if name != SANDBOX and (found := _set_credentials()):
            self._say(
                StatusMessage(
                    f"the environment wins over {name!r}, and has {_listed(found)}",
                    "bad",
                    "import os; " + "; ".join(f"del os.environ[{key!r}]" for key in found),
                )
            )
            return
        self._try(lambda: use(name), f"this notebook uses {name!r} now")

    def make_default(self) -> None:
        """Use the selected account wherever none is named."""
        if self.account is not None:
            name = self.account.name
            self._try(lambda: auth.set_default(name), f"{name!r} is the default now")

    def ask_to_remove(self) -> None:
        """Nothing is removed until `remove` is called."""
        if self.account is not None:
            self._say(StatusMessage(), removing=self.account.name)

    def keep(self) -> None:
        """Do not remove it."""
        self._say(StatusMessage())

    def remove(self) -> None:
        """Forget the account for which `ask_to_remove` was called last, and its secret."""
        if self.removing is not None:
            name, default = self.removing, next((a for a in self.accounts if a.is_default), None)
            is_default = default is not None and default.name == name
            told = f"removed {name!r}" + ("; no account is the default now" if is_default else "")
            self._try(lambda: auth.remove_account(name), told)

    # -- its status ---

    def _tested(self, name: str, answer: AccountTest) -> None:
        project = f"project {answer.project_id}"
        if answer.project_name:
            project += f" ({answer.project_name})"
        told = StatusMessage(
            f"{name!r} is accepted: {project}, region {answer.region}", "good", answer.note
        )
        stored = next((account for account in self.accounts if account.name == name), None)
        if stored is None or answer.timezone in {None, stored.timezone}:
            self._say(told)
        else:
            self._say(told, offer=(name, str(answer.timezone)))

    def _try(self, act: Callable[[], object], told: str) -> None:
        try:
            act()
        except MixpanelDataError as error:
            self._done(failed(error))
        else:
            self._done(StatusMessage(told, "good"))

    def _done(self, status: StatusMessage) -> None:
        self.status, self.removing, self.offer = status, None, None
        self.refresh()

    def _say(
        self,
        status: StatusMessage,
        *,
        removing: str | None = None,
        offer: tuple[str, str] | None = None,
    ) -> None:
        self.status, self.removing, self.offer = status, removing, offer
        self.changed()


def _row(account: AccountInfo, *, is_used: bool) -> tuple[str, ...]:
    marks = ("● in use" if is_used else "", "default" if account.is_default else "")
    zone = (account.timezone or "") + (" (local time)" if account.legacy_time else "")
    return (
        ", ".join(filter(None, marks)),
        account.name,
        account.project_id,
        account.region,
        zone,
        account.username or "project secret",
        account.base_url or "",
    )


def _set_credentials() -> list[str]:
    return [name for name in _CREDENTIALS if os.environ.get(name)]


def _listed(names: list[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last
