"""The tree, the status bar and the pages of the extension."""

from __future__ import annotations

import re

import pytest

from editors.workbench.chat import Chat
from editors.workbench.driver import STATUS, TOAST, Window
from editors.workbench.workbench import Workbench

pytestmark = [pytest.mark.editors, pytest.mark.timeout(240, func_only=True)]
TREE = ".pane-body [role=treeitem]"
SLOW_S = 60.0
"""For what the editor does by itself once a file has changed."""
PAGE = ".editor-instance .view-lines"


def test_the_usage_page(connected: Window, chat: Chat) -> None:
    chat.ask("tell me for the page", "Teal is a fine colour.")
    connected.command("Modelport: Show Usage")
    connected.sees("body", "study-1", frame=True)
    connected.shot("usage")
    page = "\n".join(connected.texts("body", "study-1", frame=True))
    assert re.search(r"Input tokens\s+[1-9][\d,]{4,}", page), page


@pytest.mark.parametrize(
    "theme", ["Default High Contrast", "Default High Contrast Light", "Default Light Modern", "Default Dark Modern"]
)
def test_the_chart_can_be_seen_in_every_theme(workbench: Workbench, connected: Window, chat: Chat, theme: str) -> None:
    chat.ask("tell me for the chart", "Teal is a fine colour.")
    connected.command("Modelport: Show Usage")
    connected.sees(".legend .fill", frame=True, timeout_s=SLOW_S)
    workbench.change_settings({"workbench.colorTheme": theme})
    try:

        def is_shown() -> bool:
            names = connected.attributes("body[data-vscode-theme-id]", "data-vscode-theme-id", frame=True)
            return any(name and name in theme for name in names)

        connected.until(is_shown, f"the page is in {theme}", SLOW_S)
        connected.shot(f"usage-{theme.replace(' ', '-').lower()}")

        def colours() -> list[str]:
            names = [*map(str, range(8)), "other"]
            return [colour for name in names for colour in connected.styles("main", f"--series-{name}", frame=True)]

        def lowest() -> float:
            (background,) = connected.styles("body:has(main)", "background-color", frame=True)
            return min(contrast(colour, background) for colour in colours())

        assert len(colours()) == 9
        # The page sets them once it has heard of the theme.
        connected.until(lambda: lowest() >= 3, "each series can be told from the background", SLOW_S)
        fills = connected.styles(".legend .fill", "fill", frame=True)
        assert fills
        assert set(fills) <= set(colours())
    finally:
        workbench.change_settings({"workbench.colorTheme": None})


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as a browser writes them. Source: WCAG 2.2, contrast ratio."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_tree_shows_providers_with_their_models(connected: Window) -> None:
    connected.click(".activitybar .action-label[aria-label^='Modelport']")
    try:
        connected.sees(TREE, "Study")
        (row,) = [label for label in connected.attributes(TREE, "aria-label") if label and label.startswith("Study")]
        assert "the last call succeeded" in row
        assert "study-1" in row
        connected.click(TREE, "Study")
        connected.sees(TREE, "120K context")
        labels = [label or "" for label in connected.attributes(TREE, "aria-label")]
        assert any(label.startswith("study-1, in use, 120K context") for label in labels), labels
        connected.shot("tree")
    finally:
        connected.click(".activitybar .action-label[aria-label^='Explorer']")


def test_the_status_bar_shows_the_model_and_usage(connected: Window, chat: Chat) -> None:
    chat.ask("tell me for the bar", "Teal is a fine colour.")
    shown = connected.until(lambda: next((t for t in connected.texts(STATUS) if "·" in t), ""), "today's usage")
    assert re.search(r"study-1 · [\d.]+[KM] · \$0\.00", shown)
    connected.hover(STATUS)
    connected.sees(".workbench-hover", "Modelport")
    tooltip = connected.texts(".workbench-hover")[0].replace("\xa0", " ")
    assert "The server is running." in tooltip
    assert "study-1 of study, needs no key" in tooltip
    assert "Today:" in tooltip
    connected.shot("status-bar")


def test_diagnostics_are_a_page_to_copy(connected: Window) -> None:
    connected.command("Modelport: Run Diagnostics")
    connected.sees(TOAST, "hecks")
    connected.sees(PAGE, "keyring")
    connected.shot("diagnostics")
    assert any("Modelport 0.1.0" in text.replace("\xa0", " ") for text in connected.texts(PAGE))


def test_the_log_is_shown(connected: Window, workbench: Workbench) -> None:
    connected.command("Modelport: Show Log")
    connected.sees(".panel .view-lines", "The server is")
    connected.shot("log")
    assert "setting modelport.server.command says so" in workbench.modelport_log()
    connected.command("View: Hide Panel")


def test_a_restart_keeps_what_is_in_use(connected: Window, workbench: Workbench) -> None:
    before = workbench.servers()
    connected.command("Modelport: Restart Server")
    connected.until(lambda: len(now := workbench.servers()) == 1 and now != before, "another server runs")
    connected.until(lambda: "study-1" in connected.texts(STATUS)[0], "the model is in the status bar again")
