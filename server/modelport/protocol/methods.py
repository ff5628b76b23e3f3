"""The methods this build serves, with the type of their params, and the error codes.

Generated from ``protocol/model.json`` by ``protocol/generate.py``; do not edit.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from modelport.protocol.types import (
    ConnectProviderParams,
    CountTokenParams,
    CreateCompletionParams,
    CreateEmbeddingParams,
    CreateImageParams,
    CreateModerationParams,
    CreditsUsageParams,
    DeleteCredentialParams,
    DeleteModelParams,
    DeltaUsageParams,
    DisconnectProviderParams,
    DiscoverAgentParams,
    DiscoverProviderParams,
    HistoryUsageParams,
    InputCredentialParams,
    ListBudgetParams,
    ListCredentialParams,
    ListModelParams,
    ListProviderParams,
    LoginCredentialParams,
    LogoutCredentialParams,
    PullModelParams,
    RunDiagnosticsParams,
    SearchModelParams,
    SetCredentialParams,
    SnapshotUsageParams,
    StatusProviderParams,
    SummaryUsageParams,
    TestCredentialParams,
)

METHODS: Final[dict[str, type[Struct]]] = {
    "provider/list": ListProviderParams,
    "provider/discover": DiscoverProviderParams,
    "provider/connect": ConnectProviderParams,
    "provider/disconnect": DisconnectProviderParams,
    "provider/status": StatusProviderParams,
    "model/list": ListModelParams,
    "model/search": SearchModelParams,
    "model/pull": PullModelParams,
    "model/delete": DeleteModelParams,
    "completion/create": CreateCompletionParams,
    "token/count": CountTokenParams,
    "embedding/create": CreateEmbeddingParams,
    "image/create": CreateImageParams,
    "moderation/create": CreateModerationParams,
    "credential/set": SetCredentialParams,
    "credential/delete": DeleteCredentialParams,
    "credential/list": ListCredentialParams,
    "credential/test": TestCredentialParams,
    "credential/login": LoginCredentialParams,
    "credential/input": InputCredentialParams,
    "credential/logout": LogoutCredentialParams,
    "usage/summary": SummaryUsageParams,
    "usage/snapshot": SnapshotUsageParams,
    "usage/delta": DeltaUsageParams,
    "usage/history": HistoryUsageParams,
    "usage/credits": CreditsUsageParams,
    "budget/list": ListBudgetParams,
    "agent/discover": DiscoverAgentParams,
    "diagnostics/run": RunDiagnosticsParams,
}
"""Method name to params type; the handler of ``noun/verb`` is called ``verb_noun``."""

PARSE_ERROR: Final = -32700
"""The body is not JSON. Answered with id null."""
INVALID_REQUEST: Final = -32600
"""Not a JSON-RPC request: a batch, a wrong envelope, an id still in flight, anything after shutdown."""
METHOD_NOT_FOUND: Final = -32601
"""No such method, or one that this build does not have yet."""
INVALID_PARAMS: Final = -32602
"""A parameter is wrong; data.field is its path, and data.kind may say more."""
INTERNAL_ERROR: Final = -32603
"""A bug in Modelport; data.logId marks it in the log."""
SERVER_NOT_INITIALIZED: Final = -32002
"""The first request was not initialize."""
REQUEST_CANCELLED: Final = -32800
"""The client cancelled the request."""
CONTENT_MODIFIED: Final = -32801
"""The document changed under the request."""
REQUEST_FAILED: Final = -32803
"""The request was fine and failed; data.kind says why."""
