"""The specification, its examples, what is generated from it, and the checks that hold them together."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

import check
import generate
from generator import python, typescript
from generator.model import Model, TypeRef, load, parse_type
from generator.pages import example_path
from modelport.domain.completions.parameters import ALIASES, CHECKS
from modelport.domain.completions.request import FORMATS
from modelport.domain.errors import RETRYABLE, InvalidParams
from modelport.domain.models.search import REQUIREMENTS, SORTS
from modelport.engine.local.servers import DEFAULT_MS
from modelport.engine.operations.embeddings import MAX_DIMENSIONS
from modelport.engine.operations.images import MAX_IMAGES
from modelport.engine.usage.reports import DEFAULT_HISTORY_CALLS, MAX_HISTORY_CALLS
from modelport.frontends.lsp.handlers.table import HANDLERS
from modelport.frontends.rpc.messages import convert
from modelport.protocol import methods as protocol
from modelport.protocol import types
from modelport.protocol.methods import METHODS
from modelport.protocol.secret import Secret
from support.contract_validator import Contract

PROTOCOL = Path(generate.__file__).parent
MODEL = load(PROTOCOL / "model.json")
ENTRIES = {entry["method"]: entry for entry in (*MODEL.methods, *MODEL.notifications)}
FILES = {m["method"]: example_path(PROTOCOL / "examples", m["method"]) for m in MODEL.messages}
EXAMPLES = {method: json.loads(FILES[method].read_text(encoding="utf-8")) for method in ENTRIES}
CODES = {value for value in vars(protocol).values() if isinstance(value, int)}


def as_json(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value, enc_hook=lambda secret: secret.reveal()))


# The examples.


def test_every_message_has_an_example_and_every_example_a_message() -> None:
    assert set(FILES.values()) == set((PROTOCOL / "examples").glob("*.json"))


CONTRACT = Contract()


@pytest.mark.parametrize("method", FILES)
def test_an_example_fits_the_specification_alone(method: str) -> None:
    """Also those of the LSP's messages, which have no generated types."""
    example, entry = json.loads(FILES[method].read_text(encoding="utf-8")), CONTRACT.messages[method]
    sender = "client" if entry["direction"] == "clientToServer" else "server"
    assert CONTRACT.params(method, example["params"], sender=sender) == []
    if "result" in entry:
        assert CONTRACT.result(method, example["result"], example["params"]) == []
    if "error" in example:
        assert CONTRACT.error(method, example["error"], example["params"]) == []


@pytest.mark.parametrize("method", EXAMPLES)
def test_an_example_survives_the_way_into_its_types_and_back(method: str) -> None:
    example, entry = EXAMPLES[method], ENTRIES[method]
    kind = getattr(types, entry["params"])
    assert as_json(convert(example["params"], kind)) == example["params"]
    if "result" in entry:
        result = msgspec.convert(example["result"], getattr(types, entry["result"]), dec_hook=lambda _, text: Secret(text))  # fmt: skip
        assert as_json(result) == example["result"]


@pytest.mark.parametrize("method", [m for m, example in EXAMPLES.items() if "error" in example])
def test_an_error_in_an_example_is_one_of_the_contract(method: str) -> None:
    error = EXAMPLES[method]["error"]
    assert error["code"] in CODES
    assert error["message"].endswith((".", "?"))
    assert as_json(msgspec.convert(error["data"], types.ErrorData)) == error["data"]


@pytest.mark.parametrize("method", METHODS)
def test_unknown_fields_are_ignored(method: str) -> None:
    example = EXAMPLES[method]["params"]
    kind = METHODS[method]
    assert convert(example | {"inventedByTheClient": {"jsonrpc": "2.0"}}, kind) == convert(example, kind)


@pytest.mark.parametrize("method", METHODS)
def test_null_means_absent(method: str) -> None:
    kind = METHODS[method]
    example = EXAMPLES[method]["params"]
    optional = [f.encode_name for f in msgspec.structs.fields(kind) if not f.required]
    for name in optional:
        without = {key: value for key, value in example.items() if key != name}
        assert convert(without | {name: None}, kind) == convert(without, kind)


@pytest.mark.parametrize("method", METHODS)
def test_a_required_field_that_is_missing_is_named(method: str) -> None:
    kind = METHODS[method]
    for field in msgspec.structs.fields(kind):
        if field.required:
            example = {k: v for k, v in EXAMPLES[method]["params"].items() if k != field.encode_name}
            with pytest.raises(InvalidParams) as refused:
                convert(example, kind)
            assert refused.value.field == field.encode_name


# What the contract pins.

PINNED = {
    "provider/list": "connectionType category configuredOnly",
    "provider/discover": "timeoutMs providers workDoneToken",
    "provider/connect": "provider model baseUrl apiKey dialect headers timeoutMs verifyTls verify",
    "provider/disconnect": "provider",
    "provider/status": "",
    "model/list": "provider refresh limit",
    "model/search": "query provider requires maxInputUsdPerMtok sort limit",
    "model/pull": "provider model workDoneToken",
    "model/delete": "provider model workDoneToken",
    "completion/create": "messages prompt model provider system tools toolChoice responseFormat parameters fallbacks streamId timeoutMs",
    "token/count": "model messages text",
    "embedding/create": "input model",
    "image/create": "prompt model size count",
    "moderation/create": "input model",
    "credential/set": "provider secret baseUrl",
    "credential/delete": "provider",
    "credential/list": "",
    "credential/login": "provider workDoneToken",
    "usage/summary": "since until groupBy thenBy",
    "usage/snapshot": "",
    "usage/delta": "before after",
    "usage/history": "since limit model",
    "usage/credits": "provider",
    "agent/discover": "level timeoutMs ids workDoneToken",
    "agent/connect": "id command cwd env",
    "agent/prompt": "sessionId prompt streamId",
    "agent/disconnect": "sessionId",
    "diagnostics/run": "",
}  # fmt: skip
SHAPES = {
    "Provider": "id displayName aliases adapter connectionType category baseUrl baseUrlEnvVar apiKeyEnvVars requiresApiKey freeTier status notice docsUrl keyUrl defaultModel exampleModels capabilities credential connected",
    "LocalServer": "provider baseUrl version models latencyMs evidence",
    "Connection": "provider model adapter baseUrl credential verified latencyMs",
    "CredentialStatus": "provider source location last4 baseUrl",
    "Model": "id provider displayName contextWindow maxOutputTokens inputModalities tools reasoning price source",
    "Message": "role content toolCalls toolCallId",
    "Tool": "name description parameters",
    "Completion": "text reasoning toolCalls finishReason provider model usage attempts",
    "ToolCall": "id name arguments argumentsText",
    "Attempt": "provider model outcome error latencyMs",
    "Usage": "inputTokens outputTokens cacheReadTokens cacheWriteTokens reasoningTokens latencyMs timeToFirstTokenMs usdMicros estimated",
    "Agent": "agentId displayName installed configured command version detail protocol transport argv url pid sources identity status protocolVersion agentInfo capabilities authMethods latencyMs installHint configuredIn",
    "ErrorData": "kind provider model httpStatus retryAfterMs retryable action requestId",
    "CompletionUpdateParams": "streamId seq update",
    "Check": "id status detail action",
}  # fmt: skip
ENUMS = {
    "ConnectionType": "local byok oauth cloud",
    "ProviderStatus": "active renamed retired",
    "CredentialSource": "keyring environment command file session none notRequired",
    "FinishReason": "stop length toolCalls contentFilter other",
    "Role": "system user assistant tool",
    "AttemptOutcome": "ok failed",
    "UsageGroupBy": "model provider client project day",
    "DiscoverLevel": "static probe verify",
    "CheckStatus": "ok warn fail",
    "Dialect": "openai_chat openai_responses anthropic_messages gemini ollama bedrock_converse mock",
    "ErrorKind": "auth_required auth_rejected keyring_unavailable forbidden rate_limited quota_exhausted budget_exceeded model_not_found context_too_long content_filtered provider_unavailable network tls timeout invalid_response unsupported agent_not_found agent_failed stream_interrupted unknown_provider unknown_model invalid_key_format",
}  # fmt: skip


@pytest.mark.parametrize("method", PINNED)
def test_the_params_that_clients_depend_on(method: str) -> None:
    kind = getattr(types, ENTRIES[method]["params"])
    assert set(PINNED[method].split()) <= {field.encode_name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shapes_that_clients_depend_on(shape: str) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(getattr(types, shape))}
    assert set(SHAPES[shape].split()) <= fields


@pytest.mark.parametrize("name", ENUMS)
def test_the_words_that_clients_depend_on(name: str) -> None:
    assert set(ENUMS[name].split()) <= set(get_args(getattr(types, name)))


@pytest.mark.parametrize(
    ("update", "fields"),
    [
        (types.TextUpdate(text="x"), {"kind": "text", "text": "x"}),
        (types.ReasoningUpdate(text="x"), {"kind": "reasoning", "text": "x"}),
        (types.ToolCallUpdate(index=0, arguments_delta=""), {"kind": "toolCall", "index": 0, "argumentsDelta": ""}),
        (types.AttemptUpdate(provider="p", model="m", reason="tls"), {"kind": "attempt", "provider": "p", "model": "m", "reason": "tls"}),
    ],
)  # fmt: skip
def test_the_updates_of_a_stream(update: Any, fields: dict[str, Any]) -> None:
    assert as_json(update) == fields


# check.py finds what does not fit.


def test_the_specification_the_examples_and_the_server_agree() -> None:
    assert check.problems() == []
    assert check.main() == 0


def with_methods(*more: dict[str, str]) -> Model:
    return replace(MODEL, methods=(*MODEL.methods, *more))


def test_a_method_without_a_handler_is_found() -> None:
    invented = ENTRIES["provider/status"] | {"method": "provider/invent"}
    assert check._handlers(with_methods(invented)) == ["provider/invent has no handler"]
    # One that is only planned needs none.
    assert check._handlers(with_methods(invented | {"status": "planned"})) == []


def test_a_handler_without_a_method_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def invent_provider(session: Any, params: Any) -> None:
        pass

    invent_provider.__module__ = "modelport.frontends.lsp.handlers.provider"
    monkeypatch.setitem(HANDLERS, "provider/invent", invent_provider)
    assert check._handlers(MODEL) == ["the handler of provider/invent has no method in model.json"]


def test_a_handler_of_another_name_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "provider/list", HANDLERS["provider/status"])
    assert check._handlers(MODEL) == ["the handler of provider/list must be list_provider in handlers/provider.py"]
    monkeypatch.setitem(HANDLERS, "provider/list", HANDLERS["usage/summary"])
    assert len(check._handlers(MODEL)) == 1


def test_a_handler_with_the_types_of_another_method_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def list_provider(session: Any, params: types.ListProviderParams) -> types.ListModelResult:
        raise NotImplementedError

    list_provider.__module__ = "modelport.frontends.lsp.handlers.provider"
    monkeypatch.setitem(list_provider.__annotations__, "return", types.ListModelResult)
    monkeypatch.setitem(list_provider.__annotations__, "params", types.ListProviderParams)
    monkeypatch.setitem(HANDLERS, "provider/list", list_provider)
    found = "the handler of provider/list must have {} as the type of its {}"
    assert check._handlers(MODEL) == [found.format("ListProviderResult", "return")]
    monkeypatch.setitem(list_provider.__annotations__, "params", types.ListModelParams)
    assert found.format("ListProviderParams", "params") in check._handlers(MODEL)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the specification that the scripts work on."""
    root = tmp_path / "project"
    shutil.copytree(PROTOCOL, root / "protocol", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROTOCOL.parent / "pyproject.toml", root)
    (root / "server" / "modelport" / "protocol").mkdir(parents=True)
    for script in (check, generate):
        monkeypatch.setattr(script, "HERE", root / "protocol")
    monkeypatch.setattr(generate, "ROOT", root)
    return root


def edit(path: Path, change: Any) -> None:
    """Changes a JSON file."""
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda e: (e / "usage.delta.json").unlink(), "usage/delta has no example"),
        (lambda e: (e / "usage.invent.json").write_text("{}"), "examples/usage.invent.json belongs to no message"),
        (lambda e: edit(e / "usage.delta.json", lambda v: v.pop("result")), "examples/usage.delta.json lacks ['result']"),
        (lambda e: edit(e / "usage.delta.json", lambda v: v["params"].update(befor={})), "fields that DeltaUsageParams does not have"),
        (lambda e: edit(e / "usage.delta.json", lambda v: v["params"].pop("before")), "missing required field `before`"),
        (lambda e: edit(e / "provider.list.json", lambda v: v["params"].update(connectionType="remote")), "Invalid enum value 'remote'"),
        (lambda e: edit(e / "completion.update.json", lambda v: v["params"].update(seq="0")), "Expected `int`, got `str`"),
    ],
)  # fmt: skip
def test_an_example_that_does_not_fit_is_found(copy: Path, change: Any, problem: str) -> None:
    assert check.problems() == []
    change(copy / "protocol" / "examples")
    found = check.problems()
    assert len(found) == 1
    assert problem in found[0]
    assert check.main() == 1


def test_a_specification_that_breaks_its_schema_is_found(copy: Path) -> None:
    edit(copy / "protocol" / "model.json", lambda model: model["methods"][0].update(status="maybe"))
    assert "methods[0].status" in check.problems()[0]


def test_a_type_that_is_not_generated_yet_is_found(copy: Path) -> None:
    path = copy / "protocol" / "model.json"
    edit(path, lambda model: model["types"].append({"name": "NewParams", "documentation": "New.", "fields": []}))
    edit(path, lambda model: model["methods"][0].update(params="NewParams"))
    assert check.problems() == ["the server has no NewParams yet: run make generate"]


# generate.py knows what is stale.


def test_everything_generated_is_up_to_date() -> None:
    assert generate.main(["--check"]) == 0


def test_what_is_stale_missing_or_left_over_is_found_and_mended(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    capsys.readouterr()
    methods = copy / "protocol" / "methods"
    module = copy / "server" / "modelport" / "protocol" / "types.py"
    for path, spoil in (
        (module, lambda: module.write_text("# stale")),
        (methods / "README.md", (methods / "README.md").unlink),
        (methods / "gone.md", lambda: (methods / "gone.md").write_text("left over")),
        (module, lambda: edit(copy / "protocol" / "model.json", rename)),
    ):
        spoil()
        assert generate.main(["--check"]) == 1
        assert str(path.relative_to(copy)) in capsys.readouterr().out
        assert generate.main([]) == 0
        assert generate.main(["--check"]) == 0
        capsys.readouterr()
    assert not (methods / "gone.md").exists()


def untag(model: dict[str, Any]) -> None:
    """A member of a union that does not say so."""
    next(t for t in model["types"] if t["name"] == "TextPart")["fields"].pop(0)


def field(model: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """A field of a type."""
    return next(f for t in model["types"] if t["name"] == kind for f in t["fields"] if f["name"] == name)


def rename(model: dict[str, Any]) -> None:
    """A new word in a type of the specification."""
    model["types"][0]["documentation"] += " Changed."


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda p: edit(p / "model.json", lambda m: m["methods"][0].update(params="ListParams")), "model.json: used and not defined: ListParams"),
        (lambda p: edit(p / "model.json", lambda m: m["types"].append(m["types"][0])), f"model.json: defined twice: {MODEL.structures[0].name}"),
        (lambda p: edit(p / "model.json", untag), 'model.json: TextPart needs the field type with the literal "text"'),
        (lambda p: edit(p / "model.json", lambda m: field(m, "Tool", "parameters").pop("holds")), "model.json: Tool.parameters needs holds"),
        (lambda p: edit(p / "model.json", lambda m: field(m, "Tool", "name").update(holds="x")), "model.json: Tool.name is no object, so it holds nothing"),
        (lambda p: edit(p / "model.json", lambda m: m["methods"][0].update(errors=["tired"])), "model.json: no kinds of ErrorKind: tired"),
        (lambda p: (p / "model.json").write_text("{"), "model.json: Expecting property name"),
        (lambda p: (p / "examples" / "usage.delta.json").unlink(), "usage/delta has no example"),
        (lambda p: (p / "examples" / "usage.delta.json").write_text("{"), "usage.delta.json: Expecting property name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("script", [generate.main, lambda _: check.main()], ids=["generate", "check"])
@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_source_that_is_not_sound_is_reported_in_a_sentence(
    copy: Path, capsys: pytest.CaptureFixture[str], script: Any, arguments: list[str], change: Any, problem: str
) -> None:
    change(copy / "protocol")
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert script(arguments) == 1
    assert capsys.readouterr().out.startswith(problem)
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def test_checking_writes_nothing(copy: Path) -> None:
    before = sorted(path for path in copy.rglob("*") if path.is_file())
    assert generate.main(["--check"]) == 1
    assert sorted(path for path in copy.rglob("*") if path.is_file()) == before


# The generator.


@pytest.mark.parametrize(
    ("spelling", "read"),
    [
        ("string", (TypeRef("string", 0, False),)),
        ("string[]", (TypeRef("string", 1, False),)),
        ("number[][]", (TypeRef("number", 2, False),)),
        ("map<secret>", (TypeRef("secret", 0, True),)),
        ("string | Part[]", (TypeRef("string", 0, False), TypeRef("Part", 1, False))),
    ],
)
def test_the_small_type_language(spelling: str, read: tuple[TypeRef, ...]) -> None:
    assert parse_type(spelling) == read


def test_a_name_that_is_defined_twice_or_never_is_refused(copy: Path) -> None:
    path = copy / "protocol" / "model.json"
    edit(path, lambda model: model["types"].append(model["types"][0]))
    with pytest.raises(ValueError, match="defined twice"):
        load(path)
    edit(path, lambda model: (model["types"].pop(), model["methods"][0].update(params="NobodyParams")))
    with pytest.raises(ValueError, match="NobodyParams"):
        load(path)


def test_generated_python_is_python_and_commands_are_dotted() -> None:
    for text in (python.types(MODEL), python.methods(MODEL), python.initialize(MODEL, "1.2.3")):
        ast.parse(text)
    assert python.command_name("usage/summary") == "modelport.usage.summary"


def test_generated_typescript_has_every_type_and_method() -> None:
    text = typescript.module(MODEL)
    for structure in MODEL.own_structures:
        assert f" {structure.name} " in text
    # A client has the LSP's types from elsewhere.
    assert "InitializeParams" not in text
    for method in ENTRIES:
        assert f'"{method}":' in text


def enumeration(name: str) -> dict[str, dict[str, Any]]:
    (found,) = (e for e in MODEL.enumerations if e["name"] == name)
    return {value["value"]: value for value in found["values"]}


def test_the_kinds_of_errors_are_retryable_as_the_specification_says() -> None:
    assert {kind for kind, value in enumeration("ErrorKind").items() if value["retryable"]} == RETRYABLE


def test_every_kind_of_error_has_its_codes_and_data() -> None:
    fields = {field.name for s in MODEL.structures if s.name == "ErrorData" for field in s.fields}
    for value in enumeration("ErrorKind").values():
        assert set(value["codes"]) <= {-32602, -32803}
        assert set(value["data"]) <= fields - {"kind", "retryable", "action"}
    # The page shows them.
    page = (PROTOCOL / "methods" / "errors.md").read_text(encoding="utf-8")
    assert "| `rate_limited` | too many requests; retryAfterMs says when to try again | -32803 | yes |" in page


def test_the_words_of_a_search_are_those_that_the_server_knows() -> None:
    assert set(enumeration("ModelSort")) == set(SORTS)
    assert set(enumeration("ModelRequirement")) == set(REQUIREMENTS)
    assert set(enumeration("ResponseFormatType")) == set(FORMATS)


def test_the_limits_are_those_of_the_server() -> None:
    limits = {(s.name, f.name): (f.limits, f.absent_means) for s in MODEL.structures for f in s.fields}
    assert limits["HistoryUsageParams", "limit"] == ((1, MAX_HISTORY_CALLS), DEFAULT_HISTORY_CALLS)
    assert limits["CreateImageParams", "count"] == ((1, MAX_IMAGES), 1)
    assert limits["CreateEmbeddingParams", "dimensions"] == ((1, MAX_DIMENSIONS), None)
    assert limits["DiscoverProviderParams", "timeoutMs"] == ((1, None), DEFAULT_MS)


def test_the_page_of_completions_lists_every_sampling_parameter() -> None:
    page = (PROTOCOL / "methods" / "completion.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)*) \|", page, re.MULTILINE))
    assert rows.keys() >= CHECKS.keys()
    for alias, name in ALIASES.items():
        assert f"`{alias}`" in rows[name]


def test_a_field_is_named_in_snake_case_in_python() -> None:
    names = {f.name: f.python_name for s in MODEL.structures for f in s.fields}
    assert names["inputUsdPerMtok"] == "input_usd_per_mtok"
    assert names["last4"] == "last4"
    assert all(name.isidentifier() for name in names.values())


def test_a_method_with_a_time_limit_may_run_out_of_it() -> None:
    requests = [entry for entry in MODEL.methods if entry["direction"] == "clientToServer" and not entry.get("lsp")]
    limited = [entry for entry in requests if "timeout_ms" in getattr(types, entry["params"]).__struct_fields__]
    assert len(limited) >= 4
    assert [entry["method"] for entry in limited if "timeout" not in entry["errors"]] == []
