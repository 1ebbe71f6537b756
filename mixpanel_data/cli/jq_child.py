"""The program of `mp --jq`, run in a process of its own: jq is one call of C that no signal ends.

It is a script that knows nothing of the library, so that it starts in 20 ms. Both ways, a message
is a frame or a line: in come the program, and then texts of JSON, each with its length before it;
out comes a line for each result, and one at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from math import ceil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

LENGTH = 8
RESULT, FAILED, DONE = b"=", b"!", b"."
OUT_OF_MEMORY = 9
"""The exit code where Python notices it; where jq does, it aborts."""


def main(folder: str, seconds: str, gigabytes: str) -> None:
    """Answer until the other side closes; `folder` is where jq is installed."""
    _limit_memory(int(gigabytes) << 30)
    sys.path.append(folder)
    try:
        _serve(sys.stdin.buffer, sys.stdout.buffer, int(seconds))
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)


def _serve(source: BinaryIO, sink: BinaryIO, seconds: int) -> None:
    import jq

    program = None
    for text in _frames(source):
        _limit_time(seconds)
        try:
            if program is None:
                jq.compile(text)
                # `tojson` keeps every digit of a number; the line break ends a comment.
                program = jq.compile(f"({text}\n) | tojson")
            else:
                results = program.input_text(text)
                sink.writelines(RESULT + result.encode() + b"\n" for result in results)
        except ValueError as error:
            first = (str(error).splitlines() or ["the program failed"])[0]
            sink.write(FAILED + first.encode(errors="replace") + b"\n")
        else:
            sink.write(DONE + b"\n")
        sink.flush()


def _frames(source: BinaryIO) -> Iterator[str]:
    while length := source.read(LENGTH):
        yield source.read(int.from_bytes(length, "big")).decode(errors="replace")


def _limit_time(seconds: int) -> None:
    """Let the system end this process when it has computed for so many seconds from now on."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit; Ctrl-C ends it there, too
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    until = ceil(used.ru_utime + used.ru_stime) + seconds
    if most == resource.RLIM_INFINITY or until < most:
        resource.setrlimit(resource.RLIMIT_CPU, (until, most))


def _limit_memory(size: int) -> None:
    try:
        import resource
    except ModuleNotFoundError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY or size < most:
        resource.setrlimit(resource.RLIMIT_AS, (size, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
