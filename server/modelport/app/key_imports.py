"""Importing the keys and providers of other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from modelport.adapters.configuration.additions import LocalConfigurationTables
from modelport.adapters.configuration.file import config_folder
from modelport.adapters.data.providers import load_registry
from modelport.adapters.key_sources.local import LocalKeySources
from modelport.adapters.key_sources.places import Machine
from modelport.engine.key_imports.imports import KeyImports
from modelport.engine.key_imports.key_storing import KeyStoring

if TYPE_CHECKING:
    from modelport.app.core import Core

__all__ = ["KeyImports", "load_key_imports"]


def load_key_imports(core: Core) -> KeyImports:
    """The use case over the keys and the configuration of a process."""
    variables = core.environment.variables()

    def machine() -> Machine:
        return Machine(
            home=str(Path.home()), working_folder=str(Path.cwd()), variables=variables, platform=sys.platform
        )

    return KeyImports(
        core.registry,
        core.configuration,
        LocalKeySources(machine, core.registry.find),
        LocalConfigurationTables(config_folder(variables), lambda: load_registry().all()),
        KeyStoring(core.registry, core.credentials, core.store),
    )
