"""Bedrock's models under the names that they can be called by."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.models.host import ProviderModels
from modelport.adapters.models.inference_profiles import PROFILES_PATH, read_callable
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.errors import NotUnderstood
from modelport.domain.errors import RequestFailed
from modelport.domain.models.listing import ListedModel, Listing
from modelport.domain.providers.connection import Endpoint
from support.builders import endpoint, row
from support.http_server import Answer, LocalServer, Received
from support.vendors import foundation_model, inference_profile

MODELS = [
    foundation_model("amazon.plain-v1:0", "ON_DEMAND", inputModalities=["TEXT", "IMAGE"]),
    foundation_model("amazon.plain-v1:0:24k", "PROVISIONED"),
    foundation_model("maker.new-v1:0", "INFERENCE_PROFILE", inputModalities=["TEXT", "IMAGE"]),
    foundation_model("maker.both-v1:0", "ON_DEMAND", "INFERENCE_PROFILE"),
]
PROFILES = [
    inference_profile("us.maker.new-v1:0", "maker.new-v1:0"),
    inference_profile("global.maker.new-v1:0", "maker.new-v1:0"),
    inference_profile("us.maker.both-v1:0", "maker.both-v1:0"),
]


def bodies(models: Any = None, profiles: Any = None) -> tuple[bytes, bytes]:
    """The two replies, profiles first."""
    listed = {"modelSummaries": MODELS if models is None else models}
    named = {"inferenceProfileSummaries": PROFILES if profiles is None else profiles}
    return json.dumps(named).encode(), json.dumps(listed).encode()


def found(models: Any = None, profiles: Any = None) -> dict[str, ListedModel]:
    return {model.id: model for model in read_callable(*bodies(models, profiles)).models}


def test_a_model_that_needs_a_profile_is_listed_under_the_names_of_its_profiles() -> None:
    assert list(found()) == [
        "amazon.plain-v1:0",
        "maker.both-v1:0",
        "us.maker.new-v1:0",
        "global.maker.new-v1:0",
        "us.maker.both-v1:0",
    ]


def test_a_profile_has_a_name_of_its_own_and_the_rest_from_its_model() -> None:
    assert found()["us.maker.new-v1:0"] == ListedModel(
        id="us.maker.new-v1:0", display_name="Everywhere New-V1:0", input_modalities=("text", "image")
    )


@pytest.mark.parametrize("behind", [[], None, 5, [5], [{}], [{"modelArn": None}], [{"modelArn": "arn:x/not.listed"}]])
def test_a_profile_of_models_that_are_not_listed_is_only_a_name(behind: Any) -> None:
    lone = inference_profile("us.maker.other-v1:0", "maker.other-v1:0", models=behind)
    assert found(profiles=[lone])["us.maker.other-v1:0"] == ListedModel(
        id="us.maker.other-v1:0", display_name="Everywhere Other-V1:0", input_modalities=None
    )


@pytest.mark.parametrize("status", ["INACTIVE", None])
def test_a_profile_that_is_not_in_use_is_left_out(status: str | None) -> None:
    assert "us.maker.new-v1:0" not in found(profiles=[inference_profile("us.maker.new-v1:0", "maker.new-v1:0", status=status)])  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        (foundation_model("m", "ON_DEMAND"), True),
        (foundation_model("m"), True),
        (foundation_model("m", "ON_DEMAND", streams=False), False),
        (foundation_model("m", "ON_DEMAND", responseStreamingSupported=None), True),
        (foundation_model("m", "ON_DEMAND", says="TEXT IMAGE"), True),
        (foundation_model("m", "ON_DEMAND", says="EMBEDDING", streams=False), True),
        (foundation_model("m", "ON_DEMAND", says="IMAGE", streams=False), True),
        (foundation_model("m", "ON_DEMAND", says="VIDEO"), False),
        (foundation_model("m", "ON_DEMAND", says="SPEECH"), False),
        (foundation_model("m", "ON_DEMAND", outputModalities=None), True),
        (foundation_model("m", "PROVISIONED"), False),
        (foundation_model("m", inferenceTypesSupported="ON_DEMAND"), True),
        ({"modelId": "m"}, True),
    ],
)
def test_only_what_can_be_called_by_its_name_is_listed(entry: dict[str, Any], kept: bool) -> None:
    assert ("m" in found([entry], [])) is kept


def test_output_other_than_text_is_a_capability() -> None:
    entry = foundation_model("maker.embed-v4:0", "INFERENCE_PROFILE", says="EMBEDDING", streams=False)
    (model,) = found([entry], [inference_profile("us.maker.embed-v4:0", "maker.embed-v4:0")]).values()
    assert (model.id, model.capabilities) == ("us.maker.embed-v4:0", ("embeddings",))


def test_an_old_model_has_its_day_under_every_name() -> None:
    legacy = {"status": "LEGACY", "endOfLifeTime": "2027-03-01T00:00:00+00:00"}
    entry = foundation_model("maker.new-v1:0", "ON_DEMAND", modelLifecycle=legacy)
    assert {model.retires_on for model in found([entry]).values() if "new" in model.id} == {"2027-03-01"}


@pytest.mark.parametrize("profiles", [b"", b"oops", b"[]", b"5", b'{"inferenceProfileSummaries":5}', b"[" * 60_000])
def test_profiles_that_are_none_spoil_no_list(profiles: bytes) -> None:
    page = read_callable(profiles, bodies()[1])
    assert [model.id for model in page.models] == ["amazon.plain-v1:0", "maker.both-v1:0"]


def test_a_gateway_may_list_in_another_shape() -> None:
    assert [m.id for m in read_callable(bodies()[0], b'{"data":[{"id":"a"},{"id":"b"}]}').models] == ["a", "b"]
    with pytest.raises(NotUnderstood):
        read_callable(bodies()[0], b"oops")


# The requests.


@pytest.fixture
async def host() -> AsyncIterator[ProviderModels]:
    pool = HttpPool()
    yield ProviderModels(ProviderClient(pool))
    await pool.aclose()


def at(server: LocalServer) -> Endpoint:
    provider = row("acme", dialect="bedrock_converse", wire={"models_path": "/foundation-models"})
    return endpoint(provider, base_url=server.url)


def serve(models: Answer, profiles: Answer) -> LocalServer:
    def behave(request: Received) -> Answer:
        return {"/foundation-models": models, PROFILES_PATH: profiles}[request.path]

    return LocalServer(behave)


async def test_both_lists_are_requested_with_the_key(host: ProviderModels) -> None:
    profiles, models = bodies()
    with serve(Answer(chunks=[models]), Answer(chunks=[profiles])) as server:
        listing = await host.models(at(server), None)
        assert listing == Listing(models=read_callable(profiles, models).models)
        assert [request.path for request in server.requests] == ["/foundation-models", PROFILES_PATH]
        assert len({request.headers["authorization"] for request in server.requests}) == 1


async def test_a_long_list_is_read_too(host: ProviderModels) -> None:
    profiles, models = bodies([foundation_model(f"maker.m{n}", "ON_DEMAND") for n in range(1000)])
    with serve(Answer(chunks=[models]), Answer(chunks=[profiles])) as server:
        listing = await host.models(at(server), None)
    assert listing is not None
    assert len(listing.models) == 1000 + len(PROFILES)


async def test_who_may_not_list_the_profiles_gets_the_models(host: ProviderModels) -> None:
    denied = Answer(403, chunks=[b'{"Message":"User: x is not authorized to perform: bedrock:ListInferenceProfiles"}'])
    with serve(Answer(chunks=[bodies()[1]]), denied) as server:
        listing = await host.models(at(server), None)
    assert listing is not None
    assert [model.id for model in listing.models] == ["amazon.plain-v1:0", "maker.both-v1:0"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(403, chunks=[b'{"Message":"not authorized to perform: bedrock:ListFoundationModels"}']), "forbidden"),
        (Answer(403, chunks=[b'{"message":"The security token included in the request is expired"}']), "auth_rejected"),
        (Answer(chunks=[b"oops"]), "invalid_response"),
    ],
)
async def test_a_list_of_models_that_fails_is_raised_and_the_profiles_are_not_requested(host: ProviderModels, answer: Answer, kind: str) -> None:  # fmt: skip
    with serve(answer, Answer(chunks=[bodies()[0]])) as server:
        with pytest.raises(RequestFailed) as failed:
            await host.models(at(server), None)
        asked = len(server.requests)
    assert failed.value.kind == kind
    assert asked == 1 or kind == "invalid_response"
