"""A partner as a separate process: `python -m tests.deliveries.partner PORT dedupes|plain`.

`POST /mode` sets the behaviour: `ok`, `hang` (accepts, then does not respond for 60 s), `lost` (does not accept and
hangs), `transient`, `permanent`. `GET /log` lists accepted deliveries, `GET /find?key=` looks one up.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TAKEN: list[dict[str, Any]] = []
CALLS: list[str] = []
MODE = {"mode": "ok"}
LOCK = threading.Lock()
DEDUPES = sys.argv[-1] == "dedupes"


class Partner(BaseHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        """Write nothing."""

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        if self.path == "/log":
            self._answer(200, {"taken": TAKEN, "calls": CALLS})
        else:
            key = self.path.partition("key=")[2]
            self._answer(200, [one for one in TAKEN if one["key"] == key])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/mode":
            MODE["mode"] = body["mode"]
            self._answer(200, {})
            return
        mode, key = MODE["mode"], self.headers["Idempotency-Key"]
        with LOCK:
            CALLS.append(key)
            known = [one for one in TAKEN if one["key"] == key]
            if mode in ("ok", "hang") and not (DEDUPES and known):
                known = [{"id": str(len(TAKEN)), "key": key, "content": body}]
                TAKEN.extend(known)
        if mode in ("hang", "lost"):
            time.sleep(60)
        elif mode == "ok":
            self._answer(200, known[0])
        else:
            self._answer(503 if mode == "transient" else 400, {})


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Partner).serve_forever()
