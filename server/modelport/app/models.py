"""Loads the use cases of models; import-heavy, so call it in a worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from modelport.app.core import Core
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.listing import Providers

if TYPE_CHECKING:
    from modelport.engine.models.downloads import ModelDownloads
    from modelport.engine.models.facts import FactsLookup
    from modelport.engine.models.listing import Models
    from modelport.engine.models.local_defaults import LocalDefaults
    from modelport.engine.models.suggestions import ModelSuggestions


class ModelCases(Struct, frozen=True):
    """Listing and searching, downloading and deleting, facts, and what to use in place of a missing model."""

    listing: Models
    downloads: ModelDownloads
    suggestions: ModelSuggestions
    local_defaults: LocalDefaults
    facts: FactsLookup


def load_models(core: Core, connections: Connections, providers: Providers) -> ModelCases:
    """The use cases of models over one client's connections."""
    from modelport.adapters.data.models import ShippedCatalog
    from modelport.adapters.model_caches.files import FileModelCache
    from modelport.adapters.models.host import ProviderModels
    from modelport.engine.local.operations import LocalLister
    from modelport.engine.local.program_calls import ProgramLister
    from modelport.engine.models.downloads import ModelDownloads
    from modelport.engine.models.facts import FactsLookup
    from modelport.engine.models.listing import Models
    from modelport.engine.models.local_defaults import LocalDefaults
    from modelport.engine.models.provider_lists import ModelLists
    from modelport.engine.models.suggestions import ModelSuggestions

    host = ProviderModels(core.provider_client.get_now())
    lister = ProgramLister(LocalLister(host, core.local_models), core.programs)
    lists = ModelLists(connections, lister, FileModelCache(core.folder / "models"), ShippedCatalog(), core.clock)
    return ModelCases(
        listing=Models(core.registry, providers, lists),
        downloads=ModelDownloads(core.registry, connections, host, lists),
        suggestions=ModelSuggestions(connections, host, lists),
        local_defaults=LocalDefaults(lists),
        facts=FactsLookup(lists),
    )
