"""The thread of a widget."""

import threading

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_magics.state.work import Work
from tests.waiting import HANG


def test_the_last_answer_is_the_one_that_is_told():
    work, told, may_end = Work(), [], threading.Event()
    work.do(lambda: may_end.wait(HANG), lambda _: told.append("first"), told.append)
    work.do(lambda: "second", told.append, told.append)
    work.do(lambda: "third", told.append, told.append)
    may_end.set()
    assert work.wait(HANG)
    assert told == ["third"]


def test_an_error_of_the_library_is_told():
    def fail() -> None:
        raise InvalidArgumentError("no such table")

    work, told = Work(), []
    work.do(fail, told.append, told.append)
    assert work.wait(HANG)
    assert [str(error) for error in told] == ["no such table"]


def test_new_work_interrupts_the_old():
    stopped, told = threading.Event(), []
    work = Work(stopped.set)
    work.do(lambda: stopped.wait(HANG), told.append, told.append)
    work.do(lambda: "new", told.append, told.append)
    assert work.wait(HANG)
    assert stopped.is_set()
    assert told == ["new"]


def test_stopping_ends_what_runs():
    stopped, told = threading.Event(), []
    work = Work(stopped.set)
    work.do(lambda: stopped.wait(HANG), told.append, told.append)
    work.stop()
    assert work.wait(HANG)
    assert told == []
