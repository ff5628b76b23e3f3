"""Reads the lists of models that providers send, in all the shapes seen, without guessing what one leaves out.

Source: the API references of OpenAI, Anthropic, Google, Mistral, Groq, OpenRouter, Vercel, Together, Perplexity,
DeepInfra, Novita, Hugging Face, GitHub Copilot, Bedrock, Ollama, LM Studio, vLLM and llama.cpp. Checked 2026-11-20.
"""

from __future__ import annotations

import math
import re
import textwrap
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from msgspec import Struct

from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import decode, fields
from modelport.adapters.wire.listing_features import Features
from modelport.domain.models.listing import ListedModel
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import Price

_LISTING: msgspec.json.Decoder[dict[str, Any] | list[Any]] = msgspec.json.Decoder(dict[str, Any] | list[Any])
LISTS = ("data", "models", "modelSummaries")
IDS = ("id", "modelId", "name", "model")
NAMES = ("display_name", "displayName", "modelName", "title", "name")
# Where a server has both the loaded context and the model's own, a request gets the first.
CONTEXTS = (
    "loaded_context_length",
    "max_model_len",
    "context_length",
    "context_window",
    "contextWindow",
    "context_size",
    "max_context_length",
    "capabilities.limits.max_context_window_tokens",
    "top_provider.context_length",
    "metadata.context_length",
    "inputTokenLimit",
    "max_input_tokens",
    "meta.n_ctx",
    "meta.n_ctx_train",
)
OUTPUTS = (
    "top_provider.max_completion_tokens",
    "capabilities.limits.max_output_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "max_output_length",
    "outputTokenLimit",
    "metadata.max_tokens",
    "max_tokens",
)
ENDS = ("shutdown_date", "expiration_date", "deprecation")
PRICES: dict[str, tuple[str, ...]] = {
    "input_usd_per_mtok": ("prompt", "input", "input_tokens"),
    "output_usd_per_mtok": ("completion", "output", "output_tokens"),
    "cache_read_usd_per_mtok": ("input_cache_read", "cache_read", "cache_read_tokens", "cached_input"),
    "cache_write_usd_per_mtok": ("input_cache_write", "cache_write", "cache_write_tokens"),
}
MAX_DESCRIPTION_CHARS = 500
PER_MTOK = 1_000_000
MIN_USD_PER_MTOK = 0.001
"""US dollars. No provider charges less for a million tokens, or as much for one: a price below it is for one token."""
TEN_THOUSANDTHS = 10_000
_LINK = re.compile(r"\[([^\]]*)\]\((https?://[^)\s]*)\)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Page(Struct, frozen=True):
    """The models of one reply, and the query that asks for the next, where there is one."""

    models: tuple[ListedModel, ...]
    more: str | None = None


def read_page(body: bytes) -> Page:
    """The models of a listing; none for JSON that is not one.

    Raises:
        NotUnderstood: the body is not JSON, or neither an object nor a list.
    """
    listing = decode(_LISTING, body)
    entries: Any = next((listing[k] for k in LISTS if listing.get(k)), None) if is_object(listing) else listing
    if not is_list(entries):
        return Page(())
    return Page(read_models(entries), _more(listing) if is_object(listing) else None)


def read_entries(body: bytes, name: str) -> list[dict[str, Any]]:
    """The objects of the list that has this name in a reply; none for JSON that has no such list.

    Raises:
        NotUnderstood: the body is not JSON, or neither an object nor a list.
    """
    listing = decode(_LISTING, body)
    entries: Any = listing.get(name) if is_object(listing) else None
    return [entry for entry in entries if is_object(entry)] if is_list(entries) else []


def read_models(entries: list[Any]) -> tuple[ListedModel, ...]:
    """The models of a list, each once; what is no entry is left out."""
    models: dict[str, ListedModel] = {}
    for entry in entries:
        if is_object(entry) and (model := _model(entry)) is not None:
            models.setdefault(model.id, model)
    return tuple(models.values())


def value_at(entry: dict[str, Any], path: str) -> Any:
    """The value at a dotted path of names, or None."""
    value: Any = entry
    for name in path.split("."):
        value = value.get(name) if is_object(value) else None
    return value


def _model(entry: dict[str, Any]) -> ListedModel | None:
    found = next((entry[key] for key in IDS if entry.get(key)), None)
    if not isinstance(found, str | int):
        return None
    # Google's names carry the collection they are in.
    name = str(found) if "id" in entry else str(found).removeprefix("models/")
    features = Features(entry)
    return ListedModel(
        id=name,
        display_name=_display_name(entry, name),
        description=_description(entry),
        context_window=_tokens(entry, CONTEXTS),
        max_output_tokens=_tokens(entry, OUTPUTS),
        input_modalities=features.modalities(),
        tools=features.tools(),
        reasoning=features.reasoning(),
        price=_price(entry),
        capabilities=features.capabilities(),
        retires_on=_day(entry),
        successor=_text(entry.get("deprecation_replacement_model")),
        revision=_text(entry.get("digest")),
        notice=_notice(entry),
    )


def _notice(entry: dict[str, Any]) -> str | None:
    """What the account has to do before the model answers. Source: GitHub Copilot's list of models."""
    if value_at(entry, "policy.state") not in ("disabled", "unconfigured"):
        return None
    terms = _LINK.sub(r"\1 (\2)", _text(value_at(entry, "policy.terms")) or "")
    return textwrap.shorten(f"Not enabled for this account. {terms}".strip(), MAX_DESCRIPTION_CHARS, placeholder=" …")


def _more(listing: dict[str, Any]) -> str | None:
    if token := _text(listing.get("nextPageToken")):
        return f"pageToken={quote(token, safe='')}"
    if token := _text(listing.get("next_page_token")):
        return f"page_token={quote(token, safe='')}"
    if listing.get("has_more") is True and (last := _text(listing.get("last_id"))):
        return f"after_id={quote(last, safe='')}"
    return None


def _description(entry: dict[str, Any]) -> str | None:
    """The words about a model on one line, shortened."""
    said = _text(entry.get("description")) or _text(entry.get("summary"))
    return (
        textwrap.shorten(said[: 2 * MAX_DESCRIPTION_CHARS], MAX_DESCRIPTION_CHARS, placeholder=" …") if said else None
    )


def _display_name(entry: dict[str, Any], name: str) -> str | None:
    names = (_text(entry.get(key)) for key in NAMES)
    return next((text for text in names if text and text.removeprefix("models/") != name), None)


def _tokens(entry: dict[str, Any], paths: tuple[str, ...]) -> int | None:
    for path in paths:
        value = value_at(entry, path)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    # Hugging Face's router lists every host of a model; what all of them hold is what a request can count on.
    hosts = entry.get("providers")
    if is_list(hosts):
        sizes = [_tokens(host, paths) for host in hosts if is_object(host) and "providers" not in host]
        return min((size for size in sizes if size), default=None)
    return None


def _price(entry: dict[str, Any]) -> Price | None:
    if "input_token_price_per_m" in entry:
        # Novita counts in ten-thousandths of a dollar.
        prices = {"input": entry["input_token_price_per_m"], "output": entry.get("output_token_price_per_m")}
        pricing: Any = {name: number / TEN_THOUSANDTHS for name, text in prices.items() if (number := _number(text))}
    else:
        pricing = entry.get("pricing") or value_at(entry, "metadata.pricing")
    if not is_object(pricing):
        return None
    prices = {field: _first_number(pricing, names) for field, names in PRICES.items()}
    if prices["input_usd_per_mtok"] is None:
        return None
    unit = _unit(pricing, [value for value in prices.values() if value])
    if unit is None:
        return None
    scaled = {field: None if value is None else round(value * unit, 6) for field, value in prices.items()}
    # Where the input costs something, a cache price of 0 means that none is given.
    free = not scaled["input_usd_per_mtok"] and not scaled["output_usd_per_mtok"]
    for field in ("cache_read_usd_per_mtok", "cache_write_usd_per_mtok"):
        scaled[field] = scaled[field] if scaled[field] or free else None
    return Price(**scaled)


def _unit(pricing: dict[str, Any], values: list[float]) -> Literal[1, 1000000] | None:
    """The factor that makes a price one for a million tokens; None where the numbers contradict each other."""
    if pricing.get("unit") == "usd_per_1m_tokens" or not values:
        return 1
    if max(values) < MIN_USD_PER_MTOK:
        return PER_MTOK
    return 1 if min(values) >= MIN_USD_PER_MTOK else None


def _first_number(pricing: dict[str, Any], names: tuple[str, ...]) -> float | None:
    """The first price that is given; a negative one means that it depends."""
    values = (_number(pricing.get(name)) for name in names)
    found = next((value for value in values if value is not None), None)
    return None if found is None or found < 0 else found


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _day(entry: dict[str, Any]) -> str | None:
    ends = [entry.get(key) for key in ENDS]
    # For models in use Amazon gives the earliest possible end, for old ones the day of the end.
    if value_at(entry, "modelLifecycle.status") == "LEGACY":
        ends.append(value_at(entry, "modelLifecycle.endOfLifeTime"))
    days = (match.group() for end in ends if (match := _DAY.match(_text(end) or "")))
    return next(days, None)


def _text(value: Any) -> str | None:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text or None


def model_ids(body: bytes) -> tuple[str, ...]:
    """The ids of a model listing, in all the shapes seen.

    Raises:
        NotUnderstood: not JSON, or neither an object nor a list.
        ProviderRefused: it lists nothing and holds an error.
    """
    ids = tuple(model.id for model in read_page(body).models)
    if not ids and fields(msgspec.Raw(body)).get("error"):
        raise ProviderRefused(body)
    return ids
