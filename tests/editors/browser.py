"""A browser for tests: writes the address to the file SEEN, waits as long as DELAY_S says, and loads the page.

With ELSEWHERE it is on another machine: it cannot load the address that it is sent back to, and prints that.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection."""

    def redirect_request(self, *_: object) -> None:
        return None


def main(url: str) -> None:
    if seen := os.environ.get("SEEN"):
        with Path(seen).open("a", encoding="utf-8") as file:
            file.write(f"{url}\n")
    time.sleep(float(os.environ.get("DELAY_S", "0")))
    if not os.environ.get("ELSEWHERE"):
        urllib.request.urlopen(url, timeout=10).read()
        return
    try:
        urllib.request.build_opener(Stay).open(url, timeout=10)
    except urllib.error.HTTPError as sent_back:
        print(sent_back.headers["Location"])


if __name__ == "__main__":
    main(sys.argv[1])
