"""Loads what finds model servers and serves model files; import-heavy, so call it in a worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelport.adapters.system.programs import Programs
    from modelport.domain.local.listeners import PortListeners
    from modelport.domain.local.model_files import ModelFolder, ModelRunner
    from modelport.domain.local.programs import ProgramServers
    from modelport.domain.ports import Environment
    from modelport.domain.providers.registry import Registry
    from modelport.engine.local.servers import ServerDiscovery


def load_discovery(registry: Registry, environment: Environment) -> ServerDiscovery:
    """The search for model servers on this machine."""
    from modelport.adapters.data.fingerprints import load_fingerprints
    from modelport.adapters.local_servers.listening_ports import SystemListeningPorts
    from modelport.adapters.local_servers.prober import SocketProber
    from modelport.adapters.process_tree import process_tree
    from modelport.engine.local.servers import ServerDiscovery

    tree, book = process_tree(environment.variables()), load_fingerprints()
    if tree is not None:
        return ServerDiscovery(registry, book.without_ports(), environment, SocketProber(), tree)
    return ServerDiscovery(registry, book, environment, SocketProber(), SystemListeningPorts())


def load_port_listeners() -> PortListeners:
    """What tells whose programs listen on ports of this machine."""
    from modelport.adapters.local_servers.port_listeners import SystemPortListeners

    return SystemPortListeners()


def load_model_files(environment: Environment, programs: Programs) -> tuple[ModelFolder, ModelRunner]:
    """The folder of model files, and what runs servers for them."""
    from modelport.adapters.local_models.folder import DiskFolder
    from modelport.adapters.local_models.runner import LocalRunner
    from modelport.adapters.local_servers.listening_ports import SystemListeningPorts
    from modelport.adapters.local_servers.prober import SocketProber

    return DiskFolder(programs), LocalRunner(SocketProber(), SystemListeningPorts(), environment.variables, programs)


def load_program_servers(programs: Programs) -> ProgramServers:
    """What runs the servers of programs that serve providers."""
    from modelport.adapters.local_programs.servers import LocalProgramServers
    from modelport.adapters.local_servers.prober import SocketProber

    return LocalProgramServers(SocketProber(), programs)
