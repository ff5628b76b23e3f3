"""VS Code's own Chat view, as a person uses it."""

from __future__ import annotations

from editors.workbench.driver import Window

INPUT = ".interactive-input-part"
BUTTON = f"{INPUT} .action-label"
"""The controls below the input, each with its label for screen readers."""
MODELS = ".action-widget"
RESPONSE = ".interactive-item-container.interactive-response"
ANSWER_S = 30.0
WAKE_S = 15.0
PICKER_S = 2.0


class Chat:
    """The Chat view of a window, which is open from the start."""

    def __init__(self, window: Window) -> None:
        self._window = window
        window.sees(f"{INPUT} .monaco-editor")

    def wake(self, model: str, answer: str) -> None:
        """Sends hello until the answer comes: with the first message of a window the editor sets its agent up, and
        sometimes says "Please try again" in place of the agent."""

        def greet() -> bool:
            self.clear()
            self.use(model)
            self.send("hello")
            return self._window.waits(RESPONSE, answer, state="visible", timeout_s=WAKE_S)

        self._window.until(greet, "the editor's agent answers", timeout_s=4 * WAKE_S)
        self.rests()

    def clear(self) -> None:
        """Begins a new conversation."""
        self._window.press("Escape")
        self._window.click(".part.auxiliarybar .action-label[aria-label^='New Chat']")
        self._window.loses(RESPONSE)

    def offered(self, words: str) -> str:
        """Searches the model picker for a model; returns the row's text, leaving the picker open."""

        def look() -> str:
            # A picker that opens while the view still changes stays empty.
            self._window.press("Escape")
            self._window.click(f"{BUTTON}[aria-label^=Models]")
            self._window.fill(f"{MODELS} input", words)
            self._window.waits(f"{MODELS} .monaco-list-row", words, state="visible", timeout_s=PICKER_S)
            return next(iter(self._window.texts(f"{MODELS} .monaco-list-row", words)), "")

        return self._window.until(look, f"{words} is in the model picker")

    def use(self, model: str) -> None:
        """Chooses a model in the picker, unless it is chosen."""
        if self._window.attributes(_chosen(model), "aria-label"):
            return
        self.offered(model)
        self._window.click(f"{MODELS} .monaco-list-row", model)
        self._window.sees(_chosen(model))

    def uses(self, model: str) -> bool:
        """Whether a model becomes the one that is chosen."""
        return self._window.waits(_chosen(model), state="visible", timeout_s=PICKER_S)

    def send(self, text: str) -> None:
        """Types and sends a message."""
        self._window.click(f"{INPUT} .monaco-editor .view-lines")
        self._window.type(text)
        self._window.press("Enter")

    def answers(self, text: str) -> None:
        """Waits until an answer, or what is shown in place of one, contains this."""
        self._window.sees(RESPONSE, text, timeout_s=ANSWER_S)

    def ask(self, text: str, answer: str) -> None:
        """Sends a message and waits for the end of the answer that contains this."""
        self.send(text)
        self.answers(answer)
        self.rests()

    def rests(self) -> None:
        """Waits until nothing is being answered."""
        self._window.loses(f"{BUTTON}[aria-label^=Cancel]")

    def cancel(self) -> None:
        """Stops the answer."""
        self._window.click(f"{BUTTON}[aria-label^=Cancel]")
        self.rests()

    def context_used(self) -> str:
        """The label of the context meter for screen readers; empty while it has none."""
        labels = self._window.attributes(f"{INPUT} [aria-label^='Context window usage']", "aria-label")
        return (labels[0] or "") if labels else ""


def _chosen(model: str) -> str:
    return f"{BUTTON}[aria-label='Models, {model}']"
