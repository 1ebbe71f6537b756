"""`make mutants`: how many of the faults that mutmut puts into the code do the tests notice?

mutmut makes the mutants, and finds out which tests call which function. Of more than ten thousand
mutants this tries a random sample, each with the nearest and quickest tests.

A mutant counts as killed when a test fails or runs on without end. It is in every process that the
tests fork, and in those that they start in this folder.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from mutmut.__main__ import CatchOutput, collect_or_load_stats, create_mutants
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import (
    copy_also_copy_files,
    copy_src_dir,
    setup_source_paths,
    walk_mutatable_files,
)
from mutmut.utils.format_utils import mangled_name_from_mutant_name
from mutmut.workers.isolation import MutantRunner, get_mutant_runner

NEAREST = {
    "mixpanel_data/_internal/reports/": ("tests/library/reports/",),
    "mixpanel_data/_internal/services/": ("tests/library/services/", "tests/library/reports/"),
    "mixpanel_data/_internal/storage/ingest/": (
        "tests/library/storage/",
        "tests/library/services/",
    ),
    "mixpanel_data/_internal/storage/flat/": ("tests/library/storage/",),
    "mixpanel_data/_internal/api_client/": ("tests/library/api_client/", "tests/contract/"),
    "mixpanel_data/mcp/": ("tests/mcp/",),
}
"""The areas, and their own tests."""

BUDGET_SECONDS = 60
"""How long the tests of one mutant may take; those that are left out are the slow and far ones."""

STATISTICS = Path("mutants/mutmut-stats.json")
NO_MUTANT = "none.x_none__mutmut_0"
KILLED = {"killed", "timeout"}


def prepared() -> MutantRunner:
    """Write all mutants to `mutants/`, and run the tests once to see what each of them calls."""
    Path("mutants").mkdir(exist_ok=True)
    set_mutant_under_test("mutant_generation")
    with CatchOutput(spinner_title="Writing mutants"):
        copy_src_dir()
        copy_also_copy_files()
        setup_source_paths()
        create_mutants(1)
    if STATISTICS.exists():
        known = json.loads(STATISTICS.read_text())["function_hashes"]
        if known != state().current_function_hashes:
            STATISTICS.unlink()
    runner = get_mutant_runner(1)
    collect_or_load_stats(runner, apply_config_invalidation=True)
    return runner


def mutants_of(only: Iterable[str]) -> dict[str, dict[str, Path]]:
    """By area, the mutants whose file begins with one of these, or whose name matches."""
    areas: dict[str, dict[str, Path]] = {area: {} for area in NEAREST}
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        area = next(area for area in areas if str(path).startswith(area))
        for name in data.exit_code_by_key:
            if any(str(path).startswith(word) or fnmatch(name, word) for word in only):
                areas[area][name] = path
    return areas


def tests_of(name: str, area: str) -> list[str]:
    """The tests that call the mutant's function: the area's own and quick ones, in their order."""
    took = state().duration_by_test
    calling = state().tests_by_mangled_function_name[mangled_name_from_mutant_name(name)]
    if not calling and area == "mixpanel_data/mcp/":
        # Its tests talk to a server in a process of its own, whose calls are not seen from here.
        calling = {test for test in took if test.startswith(NEAREST[area])}
    chosen, left = set(), float(BUDGET_SECONDS)
    for test in sorted(calling, key=lambda it: (not it.startswith(NEAREST[area]), took[it], it)):
        left -= took[test]
        if left < 0 and chosen:
            break
        chosen.add(test)
    return [test for test in took if test in chosen]  # some go on where others have ended


def status(runner: MutantRunner, name: str, tests: list[str]) -> str:
    """What becomes of a mutant."""
    expected = sum(state().duration_by_test[test] for test in tests)
    # mutmut allows half as many seconds as it allows of CPU time.
    runner.submit(name, tests, 2 * int(30 + 5 * expected), expected)
    return status_by_exit_code[runner.wait_for_result().exit_code]


def tried(runner: MutantRunner, area: str, mutants: dict[str, Path]) -> int:
    """Try mutants of an area, print those that survive, and say how many are killed."""
    tests = next(filter(None, (tests_of(name, area) for name in mutants)), [])
    if tests and (found := status(runner, NO_MUTANT, tests)) != "survived":
        raise SystemExit(f"without a mutant: {found}, in {tests}")
    killed = 0
    for number, (name, path) in enumerate(mutants.items(), 1):
        found = status(runner, name, tests_of(name, area))
        killed += found in KILLED
        print(f"{number}/{len(mutants)} {found}: {name}", flush=True)
        if found not in KILLED:
            print(get_diff_for_mutant(name, path=path), flush=True)
    return killed


def main() -> None:
    """Try a sample of each area."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("only", nargs="*", default=list(NEAREST), help="folders, files or mutants")
    parser.add_argument("--sample", type=int, default=25, help="most mutants of an area")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    runner = prepared()
    runner.startup()
    lines = []
    for area, mutants in mutants_of(asked.only).items():
        chance = random.Random(asked.seed)
        names = sorted(chance.sample(sorted(mutants), min(asked.sample, len(mutants))))
        if names:
            killed = tried(runner, area, {name: mutants[name] for name in names})
            share = f"{killed / len(names):4.0%}"
            lines.append(f"{share} killed: {killed} of {len(names)}, of {len(mutants)} in {area}")
    runner.signal_work_complete()
    runner.shutdown()
    print("\n".join(lines))


if __name__ == "__main__":
    main()
