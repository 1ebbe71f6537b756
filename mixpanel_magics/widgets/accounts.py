"""The credential browser: accounts in a list, what can be done with one, a form for a new one."""

from __future__ import annotations

from typing import Any

import ipywidgets
from IPython import get_ipython

from mixpanel_data import auth
from mixpanel_magics.session import MixpanelSession
from mixpanel_magics.state.accounts import COLUMNS, REGIONS, Accounts, NewAccount
from mixpanel_magics.state.places import shown
from mixpanel_magics.widgets import fields, styles
from mixpanel_magics.widgets.listing import Listing
from mixpanel_magics.widgets.secret import SecretField

_RETIRED = "Mixpanel retires project secrets on 3 March 2027: better a service account."
_ROLE = "A service account of the project; its secret goes into the config file, and nowhere else."


class AccountBrowser:
    """List, add, test, switch and remove accounts; in a notebook it is a widget."""

    def __init__(self, session: MixpanelSession | None = None) -> None:
        session = session or MixpanelSession.of(get_ipython())
        if session is None:
            self.accounts = Accounts()
        else:
            self.accounts = Accounts(session.use, lambda: session.account)
        self._head = ipywidgets.HTML()
        self._list = Listing("accounts", self._select)
        self._said = styles.line()
        self._form = _Form(self.accounts)
        self._buttons()
        self.box = styles.framed(
            [
                self._head,
                self._list.box,
                styles.row(self._use, self._test, self._default, self._remove, self._new),
                self._sure,
                self._form.box,
                self._said,
                self._offer,
            ]
        )
        self.accounts.changed = self.show
        self.show()

    def _buttons(self) -> None:
        state = self.accounts
        self._use = styles.button("Use here", state.use, style="primary")
        self._test = styles.button("Test", state.test)
        self._default = styles.button("Make default", state.make_default)
        self._remove = styles.button("Remove …", state.ask_to_remove)
        self._new = styles.button("Add account …", self._form_open)
        self._question = ipywidgets.HTML()
        self._sure = styles.row(
            self._question,
            styles.button("Remove", state.remove, style="danger"),
            styles.button("Keep", state.keep),
        )
        self._zone = ipywidgets.HTML()
        self._offer = styles.row(self._zone, styles.button("Store it", state.store_timezone))

    def show(self) -> None:
        """Draw what the state knows."""
        state = self.accounts
        notes = "".join(styles.note(text) for text in state.notes())
        self._head.value = styles.title("Accounts", shown(auth.config_path())) + notes
        names = state.names
        index = names.index(state.selected) if state.selected in names else None
        self._list.set(COLUMNS, state.rows(), index)
        is_stored = state.account is not None
        self._use.disabled = not state.can_use
        self._use.tooltip = "" if state.can_use else "first: %load_ext mixpanel_magics"
        self._default.disabled = self._remove.disabled = not is_stored
        fields.show(self._sure, state.removing is not None)
        self._question.value = styles.note(
            f"Remove {state.removing!r} and its secret? Fetched data stays."
        )
        fields.show(self._offer, state.offer is not None)
        if state.offer is not None:
            name, zone = state.offer
            self._zone.value = styles.note(
                f"{name!r} has another time zone than its project: {zone}"
            )
        self._said.value = styles.status(state.status)

    def _select(self, index: int) -> None:
        self.accounts.select(self.accounts.names[index])

    def _form_open(self) -> None:
        self._form.open()

    def close(self) -> None:
        """Take it off the page."""
        styles.close(self.box)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return styles.bundle(self.box, repr(self))

    def __repr__(self) -> str:
        lines = [", ".join(filter(None, row)) for row in self.accounts.rows()]
        return "\n".join(
            [f"Accounts in {shown(auth.config_path())}:", *(f"  {line}" for line in lines)]
        )


class _Form:
    """A new account."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._name = fields.text("name", placeholder="what it is called here, as production")
        self._project = fields.text("project ID", placeholder="a number, as 1234567")
        self._region = fields.choice("region", REGIONS)
        self._auth = fields.choice(
            "secret of",
            [("a service account", "service_account"), ("the project", "project_secret")],
        )
        self._username = fields.text("user name", placeholder="of the service account")
        self._secret = SecretField(self._add, **fields.field("secret", placeholder="paste it here"))
        self._zone = fields.text(
            "time zone", placeholder="optional, as Europe/Berlin; Test finds it"
        )
        self._url = fields.text("send to", placeholder="optional: another origin than Mixpanel's")
        self._default = ipywidgets.Checkbox(description="make it the default", indent=False)
        self._hint = ipywidgets.HTML()
        self._auth.observe(lambda _: self._kind(), "value")
        parts = (
            self._name, self._project, self._region, self._zone, self._url, self._auth,
            self._username, self._secret.field, fields.indented(self._hint),
            fields.indented(self._default),
        )  # fmt: skip
        buttons = styles.row(
            styles.button("Add", self._add, style="primary"), styles.button("Cancel", self._cancel)
        )
        self.box = ipywidgets.VBox([*parts, fields.indented(buttons)])
        self.box.add_class("mp-form")
        self._kind()
        fields.show(self.box, False)

    def open(self) -> None:
        """Ask for one."""
        fields.show(self.box, True)

    def _kind(self) -> None:
        is_project = self._auth.value == "project_secret"
        fields.show(self._username, not is_project)
        self._hint.value = styles.note(_RETIRED if is_project else _ROLE)

    def _add(self) -> None:
        if self.box.layout.display == "none":
            return
        secret = self._secret.take()
        if self._accounts.add(self._new(), secret):
            self._cancel()

    def _new(self) -> NewAccount:
        return NewAccount(
            name=self._name.value,
            project_id=self._project.value,
            username=self._username.value,
            region=self._region.value,
            timezone=self._zone.value,
            base_url=self._url.value,
            auth=self._auth.value,
            default=self._default.value,
        )

    def _cancel(self) -> None:
        self._secret.forget()
        fields.show(self.box, False)
        for field in (self._name, self._project, self._username, self._zone, self._url):
            field.value = ""
        self._default.value = False
