"""An agent of A2A, run by a Python that has a2a-sdk 1.x, 0.3 or 0.2: PORT [locked]."""

import sys
from typing import Any

import uvicorn

PORT = int(sys.argv[1])
LOCKED = "locked" in sys.argv
COMMON: dict[str, Any] = {"name": "Hello", "description": "Says hello", "version": "1.2.3"}
SKILL = {"id": "hi", "name": "hi", "description": "Says hi", "tags": ["hello"]}


def current() -> Any:
    from a2a.server.routes.agent_card_routes import create_agent_card_routes
    from a2a.types import a2a_pb2
    from starlette.applications import Starlette

    interface = a2a_pb2.AgentInterface(
        url=f"http://127.0.0.1:{PORT}/rpc", protocol_binding="JSONRPC", protocol_version="1.0"
    )
    card = a2a_pb2.AgentCard(
        supported_interfaces=[interface],
        capabilities=a2a_pb2.AgentCapabilities(streaming=True),
        default_input_modes=["text"],
        default_output_modes=["text"],
        skills=[a2a_pb2.AgentSkill(**SKILL)],
        **COMMON,
    )
    if LOCKED:
        key = a2a_pb2.APIKeySecurityScheme(name="X-Key", location="header")
        card.security_schemes["key"].CopyFrom(a2a_pb2.SecurityScheme(api_key_security_scheme=key))
    return Starlette(routes=create_agent_card_routes(card))


def older() -> Any:
    from a2a.server.agent_execution import AgentExecutor
    from a2a.server.apps import A2AStarletteApplication
    from a2a.server.request_handlers import DefaultRequestHandler
    from a2a.server.tasks import InMemoryTaskStore
    from a2a.types import AgentCapabilities, AgentCard, AgentSkill

    class Nothing(AgentExecutor):
        async def execute(self, context: Any, event_queue: Any) -> None:
            pass

        async def cancel(self, context: Any, event_queue: Any) -> None:
            pass

    card = AgentCard(
        url=f"http://127.0.0.1:{PORT}/",
        capabilities=AgentCapabilities(),
        defaultInputModes=["text"],
        defaultOutputModes=["text"],
        skills=[AgentSkill(**SKILL)],
        **COMMON,
    )
    handler = DefaultRequestHandler(agent_executor=Nothing(), task_store=InMemoryTaskStore())
    return A2AStarletteApplication(agent_card=card, http_handler=handler).build()


try:
    app = current()
except ImportError:
    app = older()
uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
