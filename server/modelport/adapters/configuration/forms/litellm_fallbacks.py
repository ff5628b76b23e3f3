"""Turns LiteLLM's fallbacks into chains: one for each name of models that has some.

Source: LiteLLM, "Fallbacks": ``fallbacks``, ``context_window_fallbacks`` and ``default_fallbacks``, in
``litellm_settings`` or ``router_settings``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelport.adapters.configuration.forms.translated import Translated
from modelport.domain.failover.chains import DEFAULT, PREFIX
from modelport.domain.providers.configuration import KeyPath
from modelport.protocol.shapes import is_list, is_object

Groups = dict[str, list[str]]
"""The models that share a name there, as PROVIDER/MODEL."""
NAMED = ("fallbacks", "context_window_fallbacks")
"""Names with those that follow them, in one chain: an input that does not fit goes to larger models only anyway."""
DEFAULTS = "default_fallbacks"


def add_chains(done: Translated, here: KeyPath, settings: Mapping[str, Any], groups: Groups, program: str) -> None:
    """Adds the chains of a part of the document, and notes what else it says."""
    for name, value in settings.items():
        if name in NAMED:
            for title, followers in _followers(done, (*here, name), value):
                _extend(
                    done,
                    (*here, name),
                    title,
                    [*groups.get(title, ()), *_models(done, (*here, name), followers, groups)],
                )
        elif name == DEFAULTS and is_list(value):
            _extend(done, (*here, name), DEFAULT, _models(done, (*here, name), value, groups))
        else:
            done.left_out((*here, name), f"This setting of {program} has no counterpart here.")


def _followers(done: Translated, here: KeyPath, value: Any) -> Iterator[tuple[str, Sequence[Any]]]:
    for entry in value if is_list(value) else ():
        for title, followers in entry.items() if is_object(entry) else ():
            if is_list(followers):
                yield title, followers
            else:
                done.left_out(here, f"The fallbacks of {title} are no list.")


def _models(done: Translated, here: KeyPath, names: Sequence[Any], groups: Groups) -> list[str]:
    found: list[str] = []
    for name in names:
        if isinstance(name, str) and name in groups:
            found += groups[name]
        else:
            shown = name if isinstance(name, str) else "A fallback with settings of its own"
            done.left_out(here, f"{shown} is no name of the model_list, so it is not in the chain.")
    return found


def _extend(done: Translated, here: KeyPath, title: str, models: Sequence[str]) -> None:
    """Adds models to the chain of a name, each once."""
    chains = done.raw.setdefault("chains", {})
    chain = chains.get(title, [])
    chain = [*chain, *(model for model in dict.fromkeys(models) if model not in chain)]
    if not chain:
        return
    if title not in chains and title != DEFAULT:
        done.left_out(here, f"Requests do not get these fallbacks by the model's name: ask for {PREFIX}/{title}.")
    chains[title] = chain
    done.written["chains", title] = here
