"""Everything that can go wrong on purpose.

The tree, which callers may rely on::

    ModelportError
      * InvalidParams        the request is wrong: ``field`` names the parameter
      * RequestFailed        the request was sound and failed: ``kind`` says why

Cancellation is not an error and is not here. Anything else that is raised is a bug.
A message is one sentence that says what to do next; it never holds a secret, a traceback or a path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from modelport.protocol.types import Attempt, BudgetRefusal, ErrorData, ErrorKind, Usage

ERROR_KINDS: tuple[str, ...] = get_args(ErrorKind)

RETRYABLE: frozenset[ErrorKind] = frozenset(
    {"rate_limited", "provider_unavailable", "network", "timeout", "stream_interrupted"}
)


class ModelportError(Exception):
    """Base of all errors that are part of the contract.

    ``message`` is for a person; the rest is for a program, in the names of ``ErrorData``.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: ErrorKind | None = None,
        provider: str | None = None,
        model: str | None = None,
        action: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind: ErrorKind | None = kind
        self.provider = provider
        self.model = model
        self.action = action

    def __str__(self) -> str:
        return self.message

    def data(self) -> ErrorData:
        """The ``data`` of the error reply."""
        return ErrorData(kind=self.kind, provider=self.provider, model=self.model or None, action=self.action)


class InvalidParams(ModelportError):
    """A parameter is wrong. ``field`` is its path as the client wrote it, such as ``parameters.top_k``."""

    def __init__(self, message: str, *, field: str | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.field = field

    def data(self) -> ErrorData:
        """The ``data`` of the error reply, with the field at fault."""
        return msgspec.structs.replace(super().data(), field=self.field)


class RequestFailed(ModelportError):
    """The request was sound and failed.

    ``reason`` is ``kind`` again, typed as never absent. ``retry_after_ms`` comes from the
    provider; ``retryable`` says whether the same request may succeed later, ``may_repeat`` that nothing speaks against
    the same request at once, such as a refused connection. ``text``, ``reasoning`` and ``usage`` hold the part of the
    answer that had arrived, ``budget`` the budget that refused.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        http_status: int | None = None,
        retry_after_ms: int | None = None,
        retryable: bool | None = None,
        may_repeat: bool = True,
        request_id: str | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message, kind=kind, **details)
        self.reason: ErrorKind = kind
        self.http_status = http_status
        self.retry_after_ms = retry_after_ms
        self.retryable = kind in RETRYABLE if retryable is None else retryable
        self.may_repeat = may_repeat
        self.request_id = request_id
        self.text: str | None = None
        self.reasoning: str | None = None
        self.usage: Usage | None = None
        self.attempts: Sequence[Attempt] | None = None
        self.budget: BudgetRefusal | None = None

    def data(self) -> ErrorData:
        """The ``data`` of the error reply, with the part of the answer that had arrived."""
        return ErrorData(
            kind=self.kind,
            provider=self.provider,
            model=self.model or None,
            action=self.action,
            http_status=self.http_status,
            retry_after_ms=self.retry_after_ms,
            retryable=self.retryable,
            request_id=self.request_id,
            budget=self.budget,
            text=self.text or None,
            reasoning=self.reasoning or None,
            usage=self.usage,
            attempts=tuple(self.attempts) if self.attempts else None,
        )
