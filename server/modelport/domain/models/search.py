"""Finds models by name, capability and price, and the names nearest to a wrong one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import Model

MODALITIES: Mapping[str, str] = {
    "vision": "image",
    "image": "image",
    "audio": "audio",
    "video": "video",
    "file": "file",
}
CAPABILITIES = ("json_mode", "fim", "embeddings", "images", "moderation")
REQUIREMENTS = ("tools", "reasoning", *MODALITIES, *CAPABILITIES)
_WORD = re.compile(r"[^\s/:,]+")
_UNKNOWN = float("inf")

SORTS: Mapping[str, Callable[[Model], tuple[object, ...]]] = {
    "name": lambda m: (m.id.casefold(),),
    "provider": lambda m: (m.provider, m.id.casefold()),
    "price": lambda m: (_input_price(m), _output_price(m), m.id.casefold()),
    "context": lambda m: (-(m.context_window or 0), m.id.casefold()),
    "output": lambda m: (-(m.max_output_tokens or 0), m.id.casefold()),
}
"""The sort orders; a model whose value is unknown comes last."""


class Search(Struct, frozen=True, kw_only=True):
    """The conditions of a search; an absent one always holds."""

    query: str = ""
    vendors: frozenset[str] = frozenset()
    """The names of one maker, in lower case; empty: any maker."""
    requires: tuple[str, ...] = ()
    max_input_usd_per_mtok: float | None = None
    sort: str | None = None


def checked(search: Search) -> Search:
    """The search, if it can be made.

    Raises:
        InvalidParams: a capability or an order is unknown, or the price is negative; the message names the known ones.
    """
    for position, name in enumerate(search.requires):
        if name not in REQUIREMENTS:
            known = ", ".join(REQUIREMENTS)
            raise InvalidParams(
                f'requires has no "{name}": use {known}.',
                field=f"requires[{position}]",
                action="name another capability",
            )
    if search.sort is not None and search.sort not in SORTS:
        raise InvalidParams(f"sort must be one of {', '.join(SORTS)}.", field="sort", action="name another order")
    price = search.max_input_usd_per_mtok
    if price is not None and not price >= 0:
        raise InvalidParams("maxInputUsdPerMtok must be 0 or more.", field="maxInputUsdPerMtok")
    return search


def matching(
    models: Iterable[Model],
    rows: Mapping[str, Provider],
    search: Search,
    maker_of: Callable[[str], Provider | None] = lambda _: None,
) -> list[Model]:
    """The models that match, best first: by the search's order, else by how well the name matches; retired ones last.

    A model whose capability or price is unknown does not match a condition on it. ``maker_of`` finds the provider that
    makes a model by its name.
    """
    words = [word.casefold() for word in _WORD.findall(search.query)]
    fits = [
        model
        for model in models
        if _mentions(model, rows.get(model.provider), words)
        and _made_by(model, rows.get(model.provider), search.vendors, maker_of)
        and all(_can(model, rows.get(model.provider), name) for name in search.requires)
        and _affordable(model, search.max_input_usd_per_mtok)
    ]
    if search.sort is not None:
        order = SORTS[search.sort]
        return sorted(fits, key=lambda m: (bool(m.retired), *order(m)))
    return sorted(fits, key=lambda m: (bool(m.retired), _distance(m, words)))


def nearest(name: str, known: Sequence[str], count: int = 3) -> list[str]:
    """The known names nearest to a wrong one, also where one of the two has its maker in front."""
    from difflib import get_close_matches

    wanted = name.casefold()
    spelled = {
        alike: full for full in reversed(known) for alike in (full.casefold().rpartition("/")[2], full.casefold())
    }
    tries = dict.fromkeys((wanted, wanted.rpartition("/")[2]))
    near = [spelled[match] for text in tries for match in get_close_matches(text, list(spelled), n=count, cutoff=0.6)]
    if len(near) < count:
        near += [full for full in known if wanted and (wanted in full.casefold() or full.casefold() in wanted)]
    return list(dict.fromkeys(near))[:count]


def _mentions(model: Model, row: Provider | None, words: Sequence[str]) -> bool:
    """Whether every word stands in a name, the description or what the model can do."""
    names = (row.display_name, *row.aliases) if row else ()
    able = (name for name in REQUIREMENTS if words and _can(model, row, name))
    about = (model.provider, model.id, model.display_name or "", model.description or "", *names, *able)
    text = " ".join(about).casefold()
    return all(word in text for word in words)


def _made_by(
    model: Model, row: Provider | None, vendors: frozenset[str], maker_of: Callable[[str], Provider | None]
) -> bool:
    """Whether one of the names is that of the model's maker: in front of its name, by its pattern, or its own lab."""
    if not vendors:
        return True
    prefix, slash, _ = model.id.casefold().lstrip("~").partition("/")
    if slash:
        return any(prefix.startswith(vendor) for vendor in vendors)
    maker = maker_of(prefix)
    lab = row.id if row is not None and row.category.endswith("Labs") else None
    return (maker.id if maker else lab) in vendors


def _distance(model: Model, words: Sequence[str]) -> int:
    """0 for the exact name, 1 for names that begin with the words, 2 that contain them, 3 for a match elsewhere."""
    if not words:
        return 0
    text, whole = model.id.casefold(), "-".join(words)
    last = text.rpartition("/")[2]
    if "/".join(words) in (text, f"{model.provider}/{text}") or whole == last:
        return 0
    if last.startswith(whole):
        return 1
    return 2 if all(word in text for word in words) else 3


def _can(model: Model, row: Provider | None, name: str) -> bool:
    if name == "tools":
        return model.tools is True
    if name == "reasoning":
        return model.reasoning is True
    if name in MODALITIES:
        return MODALITIES[name] in (model.input_modalities or ())
    if name in (model.capabilities or ()):
        return True
    # JSON mode is a feature of the service, where the model has no flag of its own.
    return name == "json_mode" and row is not None and name in row.capabilities and "embeddings" not in _others(model)


def _others(model: Model) -> tuple[str, ...]:
    return model.capabilities or ()


def _affordable(model: Model, max_usd: float | None) -> bool:
    return max_usd is None or _input_price(model) <= max_usd


def _input_price(model: Model) -> float:
    price = model.price.input_usd_per_mtok if model.price else None
    return _UNKNOWN if price is None else price


def _output_price(model: Model) -> float:
    price = model.price.output_usd_per_mtok if model.price else None
    return _UNKNOWN if price is None else price
