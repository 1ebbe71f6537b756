"""The wheel and the sdist themselves: what is in them, and what they say of themselves."""

from __future__ import annotations

import re
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

import mixpanel_data
from tests.packaging.conftest import ROOT, Distributions, build


def ours() -> set[str]:
    """The files of the repository, those that are not committed yet included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}


def packaged() -> set[str]:
    """What of that belongs into a wheel: the packages, and what is copied into them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = settings["tool"]["hatch"]["build"]["targets"]["wheel"].get("force-include", {})
    homes = {"mixpanel_data": "mixpanel_data", "mixpanel_magics": "mixpanel_magics", **copied}
    return {
        home + name.removeprefix(source)
        for source, home in homes.items()
        for name in ours()
        if name == source or name.startswith(f"{source}/")
    }


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(distributions: Distributions) -> Metadata:
    files = contents(distributions.wheel)
    (name,) = (name for name in files if name.endswith(".dist-info/METADATA"))
    return Metadata.from_email(files[name], validate=True)  # as the package index does


def test_a_wheel_has_both_packages_whole_and_nothing_else(distributions):
    files = contents(distributions.wheel)
    info = f"mixpanel_data-{mixpanel_data.__version__}.dist-info"
    assert {name for name in files if not name.startswith(f"{info}/")} == packaged()
    assert {name.removeprefix(f"{info}/") for name in files if name.startswith(info)} == {
        "METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE",
    }  # fmt: skip
    needed = {"mixpanel_data/py.typed", "mixpanel_magics/py.typed", "mixpanel_data/SKILL.md"}
    assert needed <= files.keys()


def test_an_sdist_is_the_repository(distributions):
    with tarfile.open(distributions.sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers()}
    assert names - {"PKG-INFO"} == ours()
    assert {
        "Makefile",
        "constraints.txt",
        "tests/conftest.py",
        "notebooks/quickstart.ipynb",
    } < names


def test_a_wheel_is_the_same_from_the_repository_and_from_the_sdist(distributions, tmp_path):
    build(tmp_path, "--wheel")
    assert contents(tmp_path / distributions.wheel.name) == contents(distributions.wheel)


def test_the_description_is_the_readme(metadata):
    assert metadata.description == (ROOT / "README.md").read_text()
    assert metadata.description_content_type == "text/markdown"


def test_every_requirement_has_a_lower_bound(metadata):
    bare = [it for it in metadata.requires_dist if not it.url and ">=" not in str(it.specifier)]
    assert bare == []


def test_versions_come_from_one_place(distributions, metadata):
    version = mixpanel_data.__version__
    assert str(metadata.version) == version
    assert distributions.sdist.name == f"mixpanel_data-{version}.tar.gz"
    topmost = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert topmost
    assert topmost[1] == version
