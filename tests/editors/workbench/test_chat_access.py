"""The editor's own chat where it does not answer: a user who is not signed in, and a workspace that is not trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.workbench.driver import BUTTON, ROWS, STATUS, TOAST, Window
from editors.workbench.study import Study
from editors.workbench.workbench import Workbench, package

pytestmark = [pytest.mark.editors, pytest.mark.timeout(240, func_only=True)]
SLOW_S = 60.0
SETTING = "chat.allowAnonymousAccess"


def connected_window(workbench: Workbench, study: Study, name: str) -> Window:
    """A window in which the model server of the test has just been connected."""
    (workbench.configuration / "config.toml").write_text(study.rows())
    window = workbench.window(name)
    window.sees(STATUS, timeout_s=SLOW_S)
    window.command("Modelport: Connect Provider")
    window.sees(ROWS, "Ollama", timeout_s=SLOW_S)
    window.pick("Study")
    window.sees(TOAST, "Study is connected", timeout_s=SLOW_S)
    return window


def test_a_user_who_is_not_signed_in_is_offered_the_setting(study: Study, tmp_path: Path) -> None:
    with Workbench(tmp_path / "one", packages=[package()], settings={SETTING: False}) as workbench:
        window = connected_window(workbench, study, "signed-out")
        window.sees(TOAST, "Chat asks you to sign in to GitHub", timeout_s=SLOW_S)
        window.shot("signed-out")
        window.click(BUTTON, "Use Chat Without Signing In")
        # This editor reads the setting and does not register it, so that only its user can write it.
        window.sees(TOAST, "The line for the setting is copied", timeout_s=SLOW_S)
        window.sees(".editor-instance .view-lines", "modelport.server.command", timeout_s=SLOW_S)
        window.shot("signed-out-settings")


def test_restricted_mode_is_said_to_keep_chat_from_answering(study: Study, tmp_path: Path) -> None:
    trust = {
        f"security.workspace.trust.{name}": value for name, value in (("enabled", True), ("startupPrompt", "never"))
    }
    with Workbench(tmp_path / "one", packages=[package()], settings=trust, trusting=False) as workbench:
        window = connected_window(workbench, study, "restricted")
        window.sees(TOAST, "Chat does not answer in Restricted Mode.", timeout_s=SLOW_S)
        window.shot("restricted")
        window.click(BUTTON, "Manage Workspace Trust")
        window.sees(".workspace-trust-editor", timeout_s=SLOW_S)
        window.shot("restricted-trust")
