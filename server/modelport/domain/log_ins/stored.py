"""What is kept of a log-in beside its token."""

from __future__ import annotations

from msgspec import Struct

from modelport.protocol.secret import Secret

MARGIN_S = 300.0
"""A token is renewed so long before its end."""
MAX_SHARE = 0.25
"""The margin is no more than this share of the token's life."""
CLOCK_SLACK_S = 60.0
"""A token from further in the future was obtained before the clock was set back."""


class StoredLogIn(Struct, frozen=True, kw_only=True):
    """The rest of a log-in: how its token is renewed, and when that is due.

    Times are by the clock of this machine alone, so that one which is wrong does no harm.
    """

    obtained_s: float
    """When the token was obtained, seconds since 1970."""
    life_s: float | None = None
    """How long the token lasts; None where the provider has not said so."""
    refresh_token: Secret | None = None
    token_url: str | None = None
    """Where it is renewed."""
    client_id: str | None = None
    """The id that it was issued to."""
    base_url: str | None = None
    """The address for calls that came with it."""

    def due(self, now_s: float) -> bool:
        """Whether the token is to be renewed before it is sent."""
        if self.life_s is None:
            return False
        age_s = now_s - self.obtained_s
        return age_s < -CLOCK_SLACK_S or age_s >= self.life_s - margin_s(self.life_s)


def margin_s(life_s: float) -> float:
    """How long before its end a token of this life is renewed, in seconds."""
    return min(MARGIN_S, life_s * MAX_SHARE)
