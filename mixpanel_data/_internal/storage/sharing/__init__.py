"""One database file for several processes: the first one in owns it, the others borrow it.

DuckDB lets one process at a time open a file for writing and keeps all others out. So whoever gets
the lock on `<database>.lock` opens the file and serves it over a local socket; the others find
socket and token in that file. When the owner goes, one of them takes over (`address`, `database`).

    Connection       what the storage works with; a cursor here, or a channel  connection, result
    Channel          the borrower's end of a socket                         channel, answer
    ClientSession    the owner's end                                        client_session, owner
    both             frames, Arrow streams, kinds of statements             protocol, rows, statements
                     DataFrames as tables, rows kept to be read again       frames, materialize

Another way to share, such as DuckDB's own client-server protocol, would be another
`DatabaseAccess`.
"""

from mixpanel_data._internal.storage.sharing.budget import Limits
from mixpanel_data._internal.storage.sharing.connection import Connection, Params
from mixpanel_data._internal.storage.sharing.database import Database, DatabaseAccess, Private
from mixpanel_data._internal.storage.sharing.errors import retry_on_conflict
from mixpanel_data._internal.storage.sharing.frames import Frames

__all__ = [
    "Connection",
    "Database",
    "DatabaseAccess",
    "Frames",
    "Limits",
    "Params",
    "Private",
    "retry_on_conflict",
]
