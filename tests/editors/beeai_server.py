"""A server of BeeAI's Agent Communication Protocol, run by a Python that has acp-sdk: PORT NAME..."""

import sys

from acp_sdk.models import Message
from acp_sdk.server import Server

server = Server()


def add(name: str) -> None:
    @server.agent(name=name, description=f"The agent {name}")
    async def repeat(input: list[Message]):
        for message in input:
            yield message


for agent in sys.argv[2:]:
    add(agent)
server.run(port=int(sys.argv[1]), configure_logger=False, configure_telemetry=False, self_registration=False)
