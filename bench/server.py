"""An export endpoint that sends prepared bodies: `python -m bench.server FOLDER [DATE]`.

The window that begins at DATE breaks off until a fetch gives it up.
"""

from __future__ import annotations

import sys
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

CHUNK = 1 << 16


class Export(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies: list[Path]
    broken: str = ""
    tries = 6  # a window of seven days, then its first three, then its first, twice each

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        (day,) = parse_qs(url.query)["from_date"]
        week = (date.fromisoformat(day) - date(2024, 1, 1)).days // 7
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if day == self.broken and Export.tries:
            Export.tries -= 1
            self.close_connection = True
            return
        with self.bodies[week % len(self.bodies)].open("rb") as body:
            while chunk := body.read(CHUNK):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    Export.bodies = sorted(Path(sys.argv[1]).glob("*.gz"))
    Export.broken = sys.argv[2] if len(sys.argv) > 2 else ""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Export)
    print(server.server_address[1], flush=True)
    server.serve_forever()
