"""A log-in under way: what it asks of the user, and what it gives."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from modelport.protocol.secret import Secret


class LogInPrompt(Struct, frozen=True, kw_only=True):
    """What the user has to do: open a page, and enter a code there if there is one."""

    verification_uri: str
    """What to show."""
    open_uri: str
    """What to open, which may hold the code already."""
    user_code: str | None = None
    expires_in_s: float


class Tokens(Struct, frozen=True, kw_only=True):
    """What a provider gives for a log-in, or when it is renewed. ``life_s`` counts from the reply."""

    secret: Secret
    refresh_token: Secret | None = None
    life_s: float | None = None
    base_url: str | None = None


Tell = Callable[[LogInPrompt], None]
