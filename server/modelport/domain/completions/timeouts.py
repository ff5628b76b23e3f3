"""How long a provider may send nothing, by what may still come.

A provider may think for minutes before its first word. Text that stops is another matter: a service that streams
sends the next piece within seconds, so half a minute without any means that the connection is dead. But many servers
send a tool call whole, once it is complete, which takes as long as writing it; and a server on the user's own hardware
is slow, and may have others to serve.
"""

from __future__ import annotations

from modelport.domain.completions.call import ModelCall
from modelport.domain.providers.address import is_own_network
from modelport.domain.providers.connection import Endpoint

FIRST_DELTA_TIMEOUT_S = 300.0
"""How long a provider may take to begin the text of its answer."""
GAP_TIMEOUT_S = 30.0
"""How long a provider may pause in the middle of an answer that is text only."""
LONG_GAP_TIMEOUT_S = 300.0
"""How long it may pause where a tool call may come, or where it is a server of the user's own."""


def gap_timeout_s(call: ModelCall) -> float:
    """How long the provider of a call may pause once text has come; a setting of the user replaces the rule."""
    patient = is_own_server(call.endpoint) or bool(call.tools)
    return call.endpoint.idle_timeout_s or (LONG_GAP_TIMEOUT_S if patient else GAP_TIMEOUT_S)


def is_own_server(endpoint: Endpoint) -> bool:
    """Whether it runs on the user's own hardware, which is slow, and may have others to serve."""
    return endpoint.provider.connection_type == "local" or is_own_network(endpoint.base_url)
