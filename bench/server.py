"""An export endpoint that sends prepared bodies: `python -m bench.server FOLDER`."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

CHUNK = 1 << 16


class Export(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def do_GET(self) -> None:
        (day,) = parse_qs(urlsplit(self.path).query)["from_date"]
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with (self.folder / f"{day}.gz").open("rb") as body:
            while chunk := body.read(CHUNK):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    Export.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Export)
    print(server.server_address[1], flush=True)
    server.serve_forever()
