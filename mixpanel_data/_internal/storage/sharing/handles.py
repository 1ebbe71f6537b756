"""Open files over a socket: `multiprocessing.reduction` would wait for an answer on macOS."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from multiprocessing.connection import Connection


def give(connection: Connection, descriptor: int) -> None:
    """Send an open file; raises OSError when nobody is there."""
    with _socket(connection) as same:
        socket.send_fds(same, [b"f"], [descriptor])


def take(connection: Connection) -> int:
    """Receive one, which programs started from here do not inherit."""
    with _socket(connection) as same:
        _, descriptors, _, _ = socket.recv_fds(same, 1, 1)
    if not descriptors:
        raise EOFError
    os.set_inheritable(descriptors[0], False)
    return descriptors[0]


def patience(connection: Connection, seconds: float) -> None:
    """How long each read and write may take before it raises OSError; 0 is for ever."""
    timeval = struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))
    with suppress(OSError), _socket(connection) as same:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            same.setsockopt(socket.SOL_SOCKET, option, timeval)


def shut(connection: Connection) -> None:
    """End it for every thread that waits on either side; closing alone would not wake them."""
    with suppress(OSError), _socket(connection) as same:
        same.shutdown(socket.SHUT_RDWR)


def _socket(connection: Connection) -> socket.socket:
    return socket.socket(fileno=os.dup(connection.fileno()))
