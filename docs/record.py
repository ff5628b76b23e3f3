"""Records a log-in on a real terminal, as text, in the page about log-ins; ``--check`` fails where that has another.

The provider is the authorization server of the tests. Addresses are made short, since ports and codes differ each time.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
PAGE = Path(__file__).with_name("logging-in.md")
BEGIN, END = "<!-- recorded by docs/record.py -->", "<!-- end of the recording -->"
COLUMNS = 100


def recording() -> str:
    """What a user sees who logs in by both methods, and out again."""
    from support.oauth_server import OAuthServer  # noqa: PLC0415  main puts tests/ on the path
    from support.terminals import Typing, on_terminal  # noqa: PLC0415

    with OAuthServer() as oauth, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(oauth.toml(), encoding="utf-8")
        # The user of the device flow has entered the code by the time of the first question.
        oauth.approved.set()
        variables = {
            "HOME": name,
            "MODELPORT_CONFIG_DIR": name,
            "MODELPORT_DATA_DIR": name,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(TESTS)]),
            "PYTHON_KEYRING_BACKEND": "support.file_keyring.FileKeyring",
            "TEST_KEYRING_FILE": str(folder / "keyring.json"),
            # The browser is on another machine.
            "SSH_TTY": "/dev/pts/0",
        }

        def run(line: str, typing: tuple[Typing, ...] = ()) -> str:
            command = [sys.executable, "-m", *shlex.split(line)]
            return f"$ {line}\n{on_terminal(command, COLUMNS, variables, typing=typing)[1]}"

        paste: Typing = (r"(?s)Log in at (\S+).*paste .* here\.", lambda page: f"{oauth.visit(page[1])[0]}\n")
        text = "\n".join(
            [
                run("modelport login acme"),
                run("modelport login acme --method code --name work", (paste,)),
                run("modelport logout acme --name work"),
                run("modelport logout acme"),
                run("modelport login groq"),
                run("modelport login copilot"),
            ]
        )
        return shortened(text, oauth.url)


def shortened(text: str, url: str) -> str:
    """The text with the address of the provider in place of the test server's, and without what is drawn by lot."""
    text = text.replace(url, "https://acme.example")
    text = re.sub(r"(/authorize\?response_type=code)\S+", r"\1&…", text)
    return re.sub(r"http://127\.0\.0\.1:\d+/\S+", "http://127.0.0.1:49152/…?code=…&state=…", text)


def page_with(text: str, page: str) -> str:
    """The page with a recording."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n\n```text\n{text}```\n\n{END}{rest.partition(END)[2]}"


def main(arguments: list[str]) -> int:
    """Writes the recording into the page, or checks it."""
    sys.path.insert(0, str(TESTS))
    page = PAGE.read_text(encoding="utf-8")
    made = page_with(recording(), page)
    if "--check" in arguments:
        if made != page:
            print(f"{PAGE.name} has another recording: run docs/record.py")
        return int(made != page)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
