"""The public names of ``import modelport``; importing this module loads the clients, not yet the engine."""

from __future__ import annotations

from modelport.domain.completions.turns import as_message
from modelport.domain.errors import InvalidParams, ModelportError, RequestFailed
from modelport.domain.models.listing import PullProgress
from modelport.frontends.python.client import Client
from modelport.frontends.python.completions import Stream, Update
from modelport.frontends.python.providers import ModelName
from modelport.frontends.python.sync import SyncClient
from modelport.frontends.python.sync_streams import SyncStream
from modelport.protocol.secret import Secret
from modelport.protocol.types import (
    Agent,
    Attempt,
    AttemptUpdate,
    BudgetStatus,
    Call,
    Completion,
    Connection,
    CredentialStatus,
    CredentialUpdateParams,
    ImagePart,
    KeyCheck,
    LocalServer,
    Message,
    Model,
    NamedToolChoice,
    Provider,
    ReasoningUpdate,
    ResetUpdate,
    ResponseFormat,
    TextPart,
    TextUpdate,
    Tool,
    ToolCall,
    ToolCallUpdate,
    Usage,
    UsageTotals,
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
