"""How a provider says it has served a call, as the kinds that prices are listed under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from modelport.domain.completions.reported_usage import TokenCounts

KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "flex": {"service_tier": "flex"},
    "on_demand_flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "on_demand_priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast"},
    "batch": {"processing": "batch"},
    "provisioned_throughput": {"service_tier": "provisioned"},
    "reserved": {"service_tier": "provisioned"},
}
"""By service tier; any other, such as ``standard``, ``auto`` or ``on_demand``, is the usual one.

Source: API references of OpenAI, Anthropic, Groq, Bedrock and Vertex AI; the names of genai-prices.
"""
USUAL: Final = frozenset({"", "standard", "global", "not_available"})
"""What providers say where a call is none of a kind."""


def price_kind(service_tier: str, counts: TokenCounts) -> dict[str, str]:
    """What chooses among the prices of a model; empty for the usual ones.

    ``service_tier`` is in the provider's own words.
    """
    kind = dict(KINDS.get(service_tier.lower(), {}))
    said = {
        "speed": counts.speed,
        "inference_geo": counts.inference_geo,
        "search_context_size": counts.search_context_size,
        "thinking": "true" if counts.reasoning else "",
    }
    return kind | {name: value.lower() for name, value in said.items() if value.lower() not in USUAL}


def is_prepaid(kind: Mapping[str, str]) -> bool:
    """Whether throughput that was bought beforehand has served the call."""
    return kind.get("service_tier") == "provisioned"
