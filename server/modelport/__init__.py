"""Modelport: one JSON-RPC server between every editor and every model, and the same engine in a Python program.

``Client`` and ``SyncClient`` are the way in from Python; everything named here is part of it. Nothing of it is
imported before it is used, so that the server and the command line start without it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modelport.frontends.python.public import (
        Agent,
        Attempt,
        AttemptUpdate,
        BudgetStatus,
        Call,
        Client,
        Completion,
        Connection,
        CredentialStatus,
        CredentialUpdateParams,
        ImagePart,
        InvalidParams,
        KeyCheck,
        LocalServer,
        Message,
        Model,
        ModelName,
        ModelportError,
        NamedToolChoice,
        Provider,
        PullProgress,
        ReasoningUpdate,
        RequestFailed,
        ResetUpdate,
        ResponseFormat,
        Secret,
        Stream,
        SyncClient,
        SyncStream,
        TextPart,
        TextUpdate,
        Tool,
        ToolCall,
        ToolCallUpdate,
        Update,
        Usage,
        UsageTotals,
        as_message,
    )

__all__ = [
    "Agent",
    "Attempt",
    "AttemptUpdate",
    "BudgetStatus",
    "Call",
    "Client",
    "Completion",
    "Connection",
    "CredentialStatus",
    "CredentialUpdateParams",
    "ImagePart",
    "InvalidParams",
    "KeyCheck",
    "LocalServer",
    "Message",
    "Model",
    "ModelName",
    "ModelportError",
    "NamedToolChoice",
    "Provider",
    "PullProgress",
    "ReasoningUpdate",
    "RequestFailed",
    "ResetUpdate",
    "ResponseFormat",
    "Secret",
    "Stream",
    "SyncClient",
    "SyncStream",
    "TextPart",
    "TextUpdate",
    "Tool",
    "ToolCall",
    "ToolCallUpdate",
    "Update",
    "Usage",
    "UsageTotals",
    "as_message",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("modelport.frontends.python.public"), name)


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))
