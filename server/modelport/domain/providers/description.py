"""What a provider is, in a sentence for a list, made from the facts of its row."""

from __future__ import annotations

from collections.abc import Mapping

from modelport.domain.providers.rows import Capability, Category, Provider

KINDS: Mapping[Category, str] = {
    "US Labs": "A maker of models, on its own service",
    "China Labs": "A maker of models, on its own service",
    "Other Labs": "A maker of models, on its own service",
    "Model Hosts": "A service that hosts models of several makers",
    "Gateways": "A gateway to the services of several makers",
    "Local": "A server on this machine or in your own network",
    "Custom": "A provider of your own",
}
ABILITIES: Mapping[Capability, str] = {
    "chat": "chat",
    "tools": "tools",
    "vision": "images as input",
    "json_mode": "JSON mode",
    "embeddings": "embeddings",
    "images": "image generation",
    "moderation": "moderation",
    "fim": "fill-in-the-middle",
}


def describe(row: Provider) -> str:
    """The kind of provider, what it can do and what it needs, as one sentence."""
    able = ", ".join(ABILITIES[name] for name in row.capabilities)
    if row.connection_type == "local":
        need = "free of charge"
    elif row.program is not None:
        need = f"the program {row.program.command[0]} is needed"
    elif row.requires_api_key:
        need = "an API key is needed"
    else:
        need = "a log-in is needed" if row.connection_type in ("oauth", "cloud") else "a key is optional"
    free = ", with a free tier" if row.free_tier and row.connection_type != "local" else ""
    return f"{KINDS[row.category]}: {able}; {need}{free}."
