"""A browser that is driven step by step, and a window of the workbench in it as a person uses it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

from support import programs

T = TypeVar("T")
DRIVE = Path(__file__).with_name("drive.mjs")
SHOTS = programs.ROOT / ".cache" / "screenshots"
WAIT_S = 20.0
POLL_S = 0.1
ACCEPTED_S = 2.0
ROWS = ".quick-input-list .monaco-list-row"
INPUT = ".quick-input-widget input"
PASSWORD = f"{INPUT}[type=password]"
TOAST = ".notifications-toasts .notification-list-item-message"
DIALOG = ".monaco-dialog-box"
BUTTON = ".notifications-toasts .monaco-button"
STATUS = ".statusbar-item[id='modelport.modelport.modelport.status']"


class StepFailed(AssertionError):
    """A step timed out."""


class Driver:
    """A Node process with Chromium; ends with the block."""

    def __init__(self, chromium: Path) -> None:
        programs.node_module("playwright-core/package.json")
        self._process = subprocess.Popen(
            [programs.node(), DRIVE, chromium], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._id = 0
        self._reply(0)

    def step(self, step: str, *, timeout_s: float = WAIT_S, **params: Any) -> Any:
        """Performs one step and returns its result.

        Raises:
            StepFailed: what it waited for did not come in time.
        """
        self._id += 1
        assert self._process.stdin is not None
        line = json.dumps({"id": self._id, "step": step, "timeout": round(timeout_s * 1000), **params})
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._reply(self._id)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reply(self, id: int) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the browser's driver ended"
        reply = json.loads(line)
        assert reply["id"] == id
        if "error" in reply:
            raise StepFailed(reply["error"])
        return reply["result"]


class Window:
    """A window of the workbench. ``css`` is a selector, ``text`` what the element's text contains."""

    def __init__(self, driver: Driver, name: str, url: str, *, width: int = 1400, height: int = 900) -> None:
        self._driver = driver
        self.name = name
        self._do("open", url=url, width=width, height=height, timeout_s=60)

    def close(self) -> None:
        self._do("close")

    # Single steps.

    def press(self, *keys: str) -> None:
        self._do("press", keys=keys)

    def type(self, text: str) -> None:
        self._do("type", text=text)

    def fill(self, css: str, text: str) -> None:
        self._do("fill", where={"css": css}, text=text)

    def click(self, css: str, text: str | None = None, **more: Any) -> None:
        self._do("click", where=_where(css, text, **more))

    def hover(self, css: str, text: str | None = None) -> None:
        self._do("hover", where=_where(css, text))

    def sees(self, css: str, text: str | None = None, *, timeout_s: float = WAIT_S, **more: Any) -> None:
        """Waits until the element is shown."""
        self._do("wait", where=_where(css, text, **more), state="visible", timeout_s=timeout_s)

    def loses(self, css: str, text: str | None = None, *, timeout_s: float = WAIT_S) -> None:
        """Waits until the element is gone."""
        self._do("wait", where=_where(css, text), state="hidden", timeout_s=timeout_s)

    def waits(self, css: str, text: str | None = None, *, state: str, timeout_s: float) -> bool:
        """Waits for a state that need not come: whether it did."""
        try:
            self._driver.step("wait", window=self.name, where=_where(css, text), state=state, timeout_s=timeout_s)
        except StepFailed:
            return False
        return True

    def texts(self, css: str, text: str | None = None, *, frame: bool = False) -> list[str]:
        """The texts of everything that fits now."""
        return self._do("texts", where=_where(css, text, frame=frame))

    def attributes(self, css: str, name: str, *, frame: bool = False) -> list[str | None]:
        return self._do("attributes", where=_where(css, None, frame=frame), name=name)

    def styles(self, css: str, name: str, *, frame: bool = False) -> list[str]:
        """The computed values of a style property, a variable of the theme among them."""
        return self._do("styles", where=_where(css, None, frame=frame), name=name)

    def opened(self, start: str) -> list[str]:
        """The addresses with this start of pages that were opened in the browser, oldest first."""
        return [address for address in self._do("opened") if address.startswith(start)]

    def errors(self) -> list[str]:
        """The errors of the page's own scripts."""
        return self._do("errors")

    def shot(self, name: str, css: str | None = None) -> Path:
        """Takes a picture of the window, or of a part of it."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        self._do("screenshot", path=str(path), **({} if css is None else {"where": {"css": css}}))
        return path

    def picture(self, path: Path) -> None:
        """Takes a picture of the window for a developer to look at, into a file that is kept."""
        self._do("screenshot", path=str(path))

    def failed(self) -> Path:
        """Takes a picture under the name of the test that runs."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "step").rpartition("::")[2].partition(" ")[0]
        return self.shot(f"failed-{test}-{self.name}")

    def until(self, probe: Callable[[], T | None], what: str, timeout_s: float = WAIT_S) -> T:
        """Repeats the probe until it returns a result; takes a picture when it times out."""
        deadline = time.monotonic() + timeout_s
        while not (found := probe()):
            if time.monotonic() > deadline:
                raise StepFailed(f"not within {timeout_s:g} s: {what}; see {self.failed()}")
            time.sleep(POLL_S)
        return found

    # Whole actions.

    def enter(self, css: str, text: str) -> None:
        """Fills a field and presses Enter in it."""
        self.sees(css)
        self._do("fill", where={"css": css}, text=text, then="Enter")

    def command(self, title: str) -> None:
        """Runs a command from the palette."""

        def run() -> bool:
            self.press("Escape", "F1")
            self.fill(INPUT, ">" + title)
            self.sees(f"{ROWS}.focused", title)
            self.press("Enter")
            # A palette that is still being filled ignores the key.
            return self.waits(f"{ROWS}.focused", title, state="hidden", timeout_s=ACCEPTED_S)

        self.until(run, f"the palette runs {title}")

    def rows(self) -> list[str]:
        """The rows of the quick pick that is open, by their labels for screen readers."""
        return [label for label in self.attributes(ROWS, "aria-label") if label]

    def pick(self, text: str, *, timeout_s: float = WAIT_S) -> None:
        """Chooses a row of a quick pick by typing its text; a long list shows only some rows."""
        self.sees(ROWS, timeout_s=timeout_s)

        def typed() -> bool:
            # The list that was open before may still be there, and take the text with it.
            self.fill(INPUT, text)
            return self.waits(f"{ROWS}.focused", text, state="visible", timeout_s=ACCEPTED_S)

        self.until(typed, f"a row with {text}")
        self.press("Enter")

    def _do(self, step: str, **params: Any) -> Any:
        try:
            return self._driver.step(step, window=self.name, **params)
        except StepFailed as failure:
            if step in {"open", "close", "screenshot"}:
                raise
            raise StepFailed(f"{failure}\nsee {self.failed()}") from None


def _where(css: str, text: str | None = None, **more: Any) -> dict[str, Any]:
    return {"css": css, **({} if text is None else {"text": text}), **more}
