"""Puts agent discovery together: the part of the composition root that ``acp-discover`` starts with.

It needs no other module of ``app``, because listing agents must not cost what the engine costs. What only the deeper
levels need is imported on their first use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from modelport.adapters.agents.handshakes.result_cache import FileHandshakeCache
from modelport.adapters.agents.instances.announced import AnnouncedInstances
from modelport.adapters.agents.registry.cache_file import RegistryFile
from modelport.adapters.agents.sources.machine import LocalMachine
from modelport.adapters.agents.sources.packages.node import node_identity
from modelport.adapters.agents.sources.program_folders import SearchPaths
from modelport.adapters.data.agents import load_agents
from modelport.adapters.data.key_variables import load_key_variables
from modelport.adapters.system.data_folder import data_folder
from modelport.adapters.system.workspace import Workspace, working_workspace
from modelport.engine.agents.file_level import FileLevel
from modelport.lazy import Lazy

if TYPE_CHECKING:
    from modelport.engine.agents.discovery import AgentDiscovery


class AgentCore:
    """Agent discovery of one process. Making one reads the rows: some 10 ms, so make it off the event loop.

    ``secret_env_vars`` returns names of variables that no agent may get, besides those whose names show that they are
    secret. ``workspace`` is what is open in the editor; without one it is the working folder.
    """

    def __init__(
        self,
        secret_env_vars: Callable[[], Collection[str]] | None = None,
        workspace: Workspace | None = None,
    ) -> None:
        home = str(Path.home())
        self._of_providers = secret_env_vars
        self._of_shipped_rows = Lazy(load_key_variables)
        self._folder = data_folder(os.environ)
        self._handshake_cache = FileHandshakeCache(self._folder / "agents", partial(node_identity, os.environ))
        self.static = FileLevel(
            load_agents(),
            LocalMachine(
                os.environ,
                Path.home(),
                self._folder,
                paths=SearchPaths(os.environ, home, sys.platform, workspace or working_workspace(home)),
            ),
            RegistryFile(self._folder / "agent-registry.json", _download),
            self._handshake_cache,
            AnnouncedInstances(os.environ),
        )

    def discovery(self) -> AgentDiscovery:
        """Discovery with all levels. Loads their modules: call it off the event loop."""
        from modelport.adapters.agents.handshakes.http import PostHandshakes
        from modelport.adapters.agents.handshakes.stdio import StdioHandshakes
        from modelport.adapters.agents.handshakes.tcp import LineHandshakes
        from modelport.adapters.agents.processes import SystemProcesses
        from modelport.adapters.data.agent_servers import load_agent_servers
        from modelport.adapters.local_servers.listening_ports import SystemListeningPorts
        from modelport.adapters.local_servers.prober import SocketProber
        from modelport.adapters.process_tree import process_tree
        from modelport.adapters.system.environment import ProcessEnvironment
        from modelport.engine.agents.discovery import AgentDiscovery
        from modelport.engine.agents.probe import AgentProbe
        from modelport.engine.agents.server_finder import ServerFinder
        from modelport.engine.agents.starts import AgentStarter

        tree, servers = process_tree(os.environ), load_agent_servers()
        book = servers if tree is None else servers.without_ports()
        finder = ServerFinder(self.static.book, book, SocketProber(), LineHandshakes())
        probe = AgentProbe(finder, tree or SystemListeningPorts(), tree or SystemProcesses(), PostHandshakes())
        handshakes = StdioHandshakes(self._folder / "agents")
        starter = AgentStarter(
            handshakes, self._handshake_cache, ProcessEnvironment(), self.static.view, self._secret_env_vars
        )
        return AgentDiscovery(self.static, probe, starter)

    async def _secret_env_vars(self) -> frozenset[str]:
        own = (name for row in self.static.book.agent for name in row.key_variables)
        # Several agents are started at once, and the rows are read once.
        keys = self._of_providers() if self._of_providers else await self._of_shipped_rows.get()
        return frozenset((*keys, *own))


async def _download(url: str) -> bytes:
    from modelport.adapters.http.download import Download
    from modelport.adapters.http.pool import HttpPool

    pool = HttpPool()
    try:
        return await Download(pool, "the registry of agents")(url)
    finally:
        await pool.aclose()
