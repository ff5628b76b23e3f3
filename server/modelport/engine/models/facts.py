"""Looks up what is known of a model, in the list of its provider and in the catalog. Sends no request."""

from __future__ import annotations

from modelport.domain.failover.fitness import UNKNOWN, ModelFacts
from modelport.domain.providers.registry import Target
from modelport.engine.models.provider_lists import ModelLists, Source

IMAGE = "image"


class FactsLookup:
    """Finds the context window of models, and whether they take tools and images."""

    def __init__(self, lists: ModelLists) -> None:
        self._lists = lists

    async def of(self, target: Target) -> ModelFacts:
        """What is known of the model of a target: what its provider has listed, else what the catalog has."""
        row, name = target.provider, target.model or target.provider.default_model
        if name is None:
            return UNKNOWN
        cached = await self._lists.cached(Source(row, target.connection)) or ()
        listed = next((model for model in cached if model.id == name), None)
        known = (await self._lists.catalog()).find(row.id, name)
        found = [one for one in (listed, known) if one is not None]
        modalities = next((one.input_modalities for one in found if one.input_modalities), None)
        return ModelFacts(
            window=next((one.context_window for one in found if one.context_window), None),
            tools=next((one.tools for one in found if one.tools is not None), None),
            images=None if modalities is None else IMAGE in modalities,
        )
