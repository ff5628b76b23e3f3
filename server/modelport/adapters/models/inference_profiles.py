"""The models of Bedrock with the inference profiles, which are the names that most of them are called by.

Source: Amazon Bedrock API reference, ListFoundationModels and ListInferenceProfiles. Checked 2026-11-20.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from modelport.adapters.dialects.wire_format import WireFormat
from modelport.adapters.models.reading import read_list
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.errors import NotUnderstood
from modelport.adapters.wire.listings import Page, read_entries, read_models, read_page
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.models.listing import Listing
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.shapes import is_list, is_object

TIMEOUT_S = 15.0
PROFILES_PATH = "/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED"
"""All that the service has made itself; those of an account are called by ARNs that their owner knows."""
OTHER_ANSWERS = frozenset({"EMBEDDING", "IMAGE"})
"""Useful output besides text; there is no request for speech and video here."""


class InferenceProfiles:
    """The requests, over a client."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    async def listing(self, endpoint: Endpoint, wire: WireFormat, path: str) -> Listing:
        """The models and profiles that can be called."""
        body = await self._get(endpoint, wire, path)
        try:
            profiles = await self._get(endpoint, wire, PROFILES_PATH)
        except RequestFailed:
            # A key that may list the models may not always list these too.
            profiles = b"{}"
        page = await read_list(endpoint, body, partial(read_callable, profiles))
        return Listing(models=page.models)

    async def _get(self, endpoint: Endpoint, wire: WireFormat, path: str) -> bytes:
        return await self._client.get(endpoint, "", HttpRequest(path, wire.headers, wire.key_header), TIMEOUT_S)


def read_callable(profiles: bytes, body: bytes) -> Page:
    """The models that answer by their own name, and the profiles with the data of the models behind them.

    Raises:
        NotUnderstood: the list of models is not JSON, or neither an object nor a list.
    """
    models = read_entries(body, "modelSummaries")
    if not models:
        return read_page(body)
    named = {str(model.get("modelId")): model for model in models}
    found = [model for model in models if _on_demand(model)]
    found += [_stands_for(profile, named) for profile in _active(profiles)]
    return Page(read_models([model for model in found if _useful(model)]))


def _on_demand(model: dict[str, Any]) -> bool:
    """Whether its own name is enough; others need a profile, or capacity that is rented."""
    ways = model.get("inferenceTypesSupported")
    return not is_list(ways) or not ways or "ON_DEMAND" in ways


def _active(profiles: bytes) -> list[dict[str, Any]]:
    try:
        found = read_entries(profiles, "inferenceProfileSummaries")
    except NotUnderstood:
        return []
    return [profile for profile in found if profile.get("status") == "ACTIVE"]


def _stands_for(profile: dict[str, Any], models: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A profile as if it were a model, with the data of the model behind it, which is the same in every region."""
    behind = profile.get("models")
    arns = [str(model.get("modelArn")) for model in behind if is_object(model)] if is_list(behind) else []
    names = (arn.rpartition("/")[2] for arn in arns)
    model = next((models[name] for name in names if name in models), None)
    name = {"modelId": profile.get("inferenceProfileId"), "modelName": profile.get("inferenceProfileName")}
    return (model or {}) | name


def _useful(model: dict[str, Any]) -> bool:
    """Whether it streams text, or has another useful output; a missing field is no reason against it."""
    answers = model.get("outputModalities")
    if not is_list(answers) or not answers or OTHER_ANSWERS.intersection(map(str, answers)):
        return True
    return "TEXT" in answers and model.get("responseStreamingSupported") is not False
