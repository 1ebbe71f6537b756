"""What every test gets: no trace of the machine it runs on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis
import pytest

# A busy machine misses any deadline, and makes examples slowly; `make deep` runs twenty times as many.
for name, examples in {"quick": 25, "deep": 500}.items():
    hypothesis.settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# `make test &` in a script ignores Ctrl-C, and so would each process that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, no MP_… variables but the two that keep files in it, no proxy, no colour."""
    for name in list(os.environ):
        if name.startswith("MP_") or name.upper() in PROXIES:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("MP_CONFIG_PATH", str(home / ".mp" / "config.toml"))
    monkeypatch.setenv("MP_DATA_DIR", str(home / ".mp" / "data"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return home
