"""Keys on a machine without a keyring, as behind a remote window: they are kept in the editor's storage for secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.workbench.driver import DIALOG, PASSWORD, ROWS, STATUS, TOAST
from editors.workbench.study import KEY, Study
from editors.workbench.workbench import Workbench, package

pytestmark = [pytest.mark.editors, pytest.mark.timeout(240, func_only=True)]
SLOW_S = 60.0
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def test_a_key_is_kept_by_the_editor_where_there_is_no_keyring(study: Study, tmp_path: Path) -> None:
    with Workbench(tmp_path / "one", packages=[package()], env=NO_KEYRING) as workbench:
        (workbench.configuration / "config.toml").write_text(study.rows())
        window = workbench.window("vault")
        window.sees(STATUS, timeout_s=SLOW_S)
        window.command("Modelport: Connect Provider")
        window.sees(ROWS, "Ollama", timeout_s=SLOW_S)
        window.pick("Vault")
        window.enter(PASSWORD, KEY)
        window.sees(TOAST, "Vault is connected", timeout_s=SLOW_S)
        window.shot("vault-connected")
        # The editor of this test keeps its secrets in the browser; the machine of the server has none of it.
        assert workbench.holding(KEY) == []

        before = workbench.servers()
        window.command("Modelport: Restart Server")
        window.until(lambda: len(now := workbench.servers()) == 1 and now != before, "another server runs", SLOW_S)
        window.command("Modelport: Manage Keys")
        window.sees(ROWS, "key in the editor's storage (…ghij)", timeout_s=SLOW_S)
        window.shot("vault-manage-keys")
        window.pick("Vault")
        window.sees(ROWS, "Replace…")
        window.pick("Test")
        window.sees(TOAST, "Vault takes the key.", timeout_s=SLOW_S)
        window.pick("Vault")
        window.pick("Delete…")
        window.sees(DIALOG, "Delete the key of Vault?")
        window.click(f"{DIALOG} .monaco-button", "Delete")
        window.sees(TOAST, "The key of Vault is deleted.")
        window.loses(ROWS, "key in the editor's storage")
        assert workbench.holding(KEY) == []
