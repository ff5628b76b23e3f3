"""Errors of providers in the shapes they really have, and what kind of failure each is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.http.refusal import (
    Refusal,
    is_page,
    kind_by_words,
    kind_of,
    one_line,
    page_words,
    read_refusal,
)
from modelport.domain.errors import ERROR_KINDS

SHAPES: list[tuple[str, int, Any, str, str]] = [
    # name, status, body, kind, words of the message
    ("openai key", 401, {"error": {"message": "Incorrect API key provided", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}}, "auth_rejected", "Incorrect API key"),
    ("openai quota", 429, {"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}}, "quota_exhausted", "exceeded your current quota"),
    ("openai rate", 429, {"error": {"message": "Rate limit reached for gpt-4o", "type": "tokens", "code": "rate_limit_exceeded"}}, "rate_limited", "Rate limit reached"),
    ("openai context", 400, {"error": {"message": "This model's maximum context length is 8192 tokens", "code": "context_length_exceeded"}}, "context_too_long", "8192 tokens"),
    ("openai model", 404, {"error": {"message": "The model `gpt-9` does not exist", "code": "model_not_found"}}, "model_not_found", "gpt-9"),
    ("openai policy", 400, {"error": {"message": "Rejected by our safety system", "code": "content_policy_violation"}}, "content_filtered", "safety system"),
    ("openai server", 500, {"error": {"message": "The server had an error", "type": "server_error"}}, "provider_unavailable", "The server had an error"),
    ("openai field", 400, {"error": {"message": "Unsupported parameter: 'max_tokens'", "param": "max_tokens", "code": "unsupported_parameter"}}, "unsupported", "max_tokens"),
    ("azure filter", 400, {"error": {"code": "content_filter", "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy"}}, "content_filtered", "filtered"),
    ("azure number", 429, {"error": {"code": "429", "message": "Requests have exceeded call rate limit"}}, "rate_limited", "call rate limit"),
    ("openrouter's provider", 400, {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": '{"error":{"message":"prompt is too long"}}', "provider_name": "x"}}}, "context_too_long", "prompt is too long"),
    ("a wrong field that speaks of a model", 400, {"error": {"message": "model field missing", "type": "invalid_request_error"}}, "unsupported", "model field"),
    ("anthropic key", 401, {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}, "auth_rejected", "invalid x-api-key"),
    ("anthropic overloaded", 529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "provider_unavailable", "Overloaded"),
    ("anthropic long", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}}, "context_too_long", "210000"),
    ("anthropic credit", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}}, "quota_exhausted", "credit balance"),
    ("anthropic model", 404, {"type": "error", "error": {"type": "not_found_error", "message": "model: claude-9"}}, "model_not_found", "claude-9"),
    ("anthropic permission", 403, {"type": "error", "error": {"type": "permission_error", "message": "Not allowed"}}, "forbidden", "Not allowed"),
    ("anthropic size", 413, {"type": "error", "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}, "context_too_long", "maximum size"),
    ("gemini key in a list", 400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}], "auth_rejected", "API key not valid"),
    ("gemini long", 400, {"error": {"code": 400, "message": "The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).", "status": "INVALID_ARGUMENT"}}, "context_too_long", "1250074"),
    ("gemini quota of a minute", 429, {"error": {"code": 429, "message": "You exceeded your current quota. Please retry in 48.9s.", "status": "RESOURCE_EXHAUSTED"}}, "rate_limited", "current quota"),
    ("gemini quota", 429, [{"error": {"code": 429, "message": "Resource exhausted", "status": "RESOURCE_EXHAUSTED"}}], "rate_limited", "Resource exhausted"),
    ("deepseek money", 402, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}, "quota_exhausted", "Insufficient Balance"),
    ("openrouter credits", 402, {"error": {"message": "Insufficient credits", "code": 402}, "user_id": "u"}, "quota_exhausted", "Insufficient credits"),
    ("openrouter model", 400, {"error": {"message": "x/y is not a valid model ID", "code": 400}}, "model_not_found", "x/y"),
    ("mistral list of details", 422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, "unsupported", "Extra inputs"),
    ("mistral plain", 401, {"message": "Unauthorized", "request_id": "r"}, "auth_rejected", "Unauthorized"),
    ("mistral object", 400, {"object": "error", "message": "Invalid model: mistral-9", "type": "invalid_model", "code": "1500"}, "model_not_found", "mistral-9"),
    ("cohere", 404, {"id": "x", "message": "model 'command-9' not found"}, "model_not_found", "command-9"),
    ("ollama text", 404, {"error": 'model "qwen9" not found, try pulling it first'}, "model_not_found", "qwen9"),
    ("ollama plain 400", 400, {"error": "invalid option"}, "unsupported", "invalid option"),
    ("llama.cpp long", 400, {"error": {"code": 400, "message": "the request exceeds the available context size", "type": "exceed_context_size_error", "n_ctx": 4096}}, "context_too_long", "exceeds the available context"),
    ("llama.cpp loading", 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "provider_unavailable", "Loading model"),
    ("vllm", 404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "param": None, "code": 404}, "model_not_found", "does not exist"),
    ("tgi", 422, {"error": "Input validation error", "error_type": "validation"}, "unsupported", "Input validation error"),
    ("tgi busy", 429, {"error": "Model is overloaded", "error_type": "overloaded"}, "rate_limited", "overloaded"),
    ("hugging face list", 503, {"error": ["Model is currently loading"], "estimated_time": 20.0}, "provider_unavailable", "loading"),
    ("minimax", 200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "quota_exhausted", "insufficient balance"),
    ("dashscope", 400, {"code": "DataInspectionFailed", "message": "Input data may contain inappropriate content", "request_id": "r"}, "content_filtered", "inappropriate"),
    ("dashscope arrears", 400, {"code": "Arrearage", "message": "Access denied, please make sure your account is in good standing"}, "quota_exhausted", "good standing"),
    ("dashscope throttling", 429, {"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded"}, "rate_limited", "rate limit"),
    ("cloudflare", 400, {"result": None, "success": False, "errors": [{"code": 7003, "message": "Could not route to /x"}], "messages": []}, "unsupported", "Could not route"),
    ("fastapi", 404, {"detail": "Not Found"}, "invalid_response", "Not Found"),
    ("spring", 405, {"timestamp": 1, "status": 405, "error": "Method Not Allowed", "path": "/x"}, "invalid_response", "Method Not Allowed"),
    ("problem details", 400, {"type": "about:blank", "title": "Bad Request", "status": 400}, "unsupported", "Bad Request"),
    ("oauth", 401, {"error": "invalid_token", "error_description": "The token expired"}, "auth_rejected", "invalid_token"),
    ("aws", 400, {"__type": "ValidationException", "message": "Malformed input"}, "unsupported", "Malformed input"),
    ("bedrock model", 400, {"message": "The provided model identifier is invalid."}, "model_not_found", "identifier"),
    ("bedrock profile", 400, {"message": "Invocation of model ID anthropic.claude-sonnet-4-20250514-v1:0 with on-demand throughput isn't supported. Retry your request with the ID or ARN of an inference profile that contains this model."}, "model_not_found", "inference profile"),
    ("bedrock long", 400, {"message": "The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum length."}, "context_too_long", "Exceeded"),
    ("bedrock too long", 400, {"message": "Input is too long for requested model."}, "context_too_long", "too long"),
    ("bedrock throttling", 429, {"message": "Too many tokens, please wait before trying again."}, "rate_limited", "please wait"),
    ("bedrock stream", 424, {"message": "The system encountered an unexpected error during processing."}, "provider_unavailable", "unexpected"),
    ("bedrock key", 403, {"Message": "Authentication failed: Please make sure your API Key is valid."}, "auth_rejected", "API Key"),
    ("bedrock signature", 403, {"message": "The security token included in the request is invalid."}, "auth_rejected", "token"),
    ("bedrock expired", 403, {"message": "The security token included in the request is expired"}, "auth_rejected", "expired"),
    ("bedrock clock", 403, {"message": "Signature not yet current: 20261120T120000Z is still later than 20261120T110000Z"}, "auth_rejected", "not yet"),
    ("bedrock key of another kind", 403, {"Message": "Invalid API Key format: Must start with pre-defined prefix"}, "auth_rejected", "prefix"),
    ("bedrock name", 403, {"__type": "com.amazon.coral.service#UnrecognizedClientException", "message": "No"}, "auth_rejected", "No"),
    ("bedrock list", 403, {"Message": "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:ListFoundationModels because no identity-based policy allows the bedrock:ListFoundationModels action"}, "forbidden", "ListFoundationModels"),
    ("bedrock rights", 403, {"Message": "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel"}, "forbidden", "not authorized"),
    ("plain text", 502, "upstream connect error", "provider_unavailable", "upstream connect error"),
    ("nothing at all", 503, "", "provider_unavailable", ""),
    ("json text", 400, '"just a text"', "unsupported", "just a text"),
    ("null", 500, "null", "provider_unavailable", ""),
    ("empty object", 500, {}, "provider_unavailable", ""),
    ("empty error", 400, {"error": {}}, "unsupported", ""),
    ("a proxy", 407, "Proxy Authentication Required", "network", "Proxy"),
    ("request timeout", 408, {"error": {"message": "timed out"}}, "timeout", "timed out"),
    ("gone", 410, {"error": {"message": "This model is gone"}}, "model_not_found", "This model is gone"),
    ("gone for good", 410, {"message": "Gone"}, "invalid_response", "Gone"),
    ("teapot", 418, {"message": "short and stout"}, "unsupported", "short and stout"),
    ("llama.cpp template", 500, {"error": {"code": 500, "message": "Value is not callable: null at row 58, column 25", "type": "server_error"}}, "unsupported", "not callable"),
    ("vllm template", 500, {"error": {"message": "Conversation roles must alternate user/assistant/user/assistant/...", "type": "InternalServerError"}}, "unsupported", "alternate"),
    ("lm studio template", 500, {"error": "Error rendering prompt with jinja template: No user query found in messages."}, "unsupported", "jinja"),
    ("qwen's template", 500, {"error": {"message": "raise_exception: System message must be at the beginning."}}, "unsupported", "beginning"),
    ("gemma's template", 500, {"error": {"message": "System role not supported", "code": 500}}, "unsupported", "System role"),
    ("a text with an error in it", 400, {"message": '{"error":{"message":"prompt is too long","type":"invalid_request_error"}}'}, "context_too_long", "prompt is too long"),
    ("llama.cpp context", 500, {"error": {"code": 500, "message": "Context size has been exceeded.", "type": "server_error"}}, "context_too_long", "exceeded"),
    ("long input as 500", 500, {"error": {"message": "context length exceeded"}}, "context_too_long", "context length"),
    ("model word in a 500", 500, {"error": {"message": "rate limit"}}, "provider_unavailable", "rate limit"),
    ("words of a key in a 403", 403, {"error": {"code": "invalid_api_key", "message": "no"}}, "forbidden", "no"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "words"), [s[1:] for s in SHAPES], ids=[s[0] for s in SHAPES])
def test_errors_as_they_come(status: int, body: Any, kind: str, words: str) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    refusal = read_refusal(text)
    assert words in refusal.message
    assert kind_of(status, refusal) == kind


def test_a_parsed_error_is_read_as_its_text_is() -> None:
    for _, _, body, _, _ in SHAPES:
        if not isinstance(body, str):
            assert read_refusal(body) == read_refusal(json.dumps(body))


def test_the_code_of_the_outer_object_counts_when_the_inner_one_has_none() -> None:
    assert read_refusal({"type": "error", "error": {"message": "m"}}).code == "error"
    assert read_refusal({"code": 5, "error": "text"}) == Refusal("text", "5")


def test_several_codes_are_all_kept() -> None:
    assert read_refusal({"error": {"message": "m", "code": 429, "type": "quota"}}).code == "429 quota"


def test_an_object_without_a_message_is_shown_whole() -> None:
    assert read_refusal({"reason": "because"}).message == '{"reason":"because"}'


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["error", "errors", "message", "code", "detail", "x"]), inner, max_size=3)), st.integers(400, 599))  # fmt: skip
def test_any_json_is_some_refusal_on_one_line(body: Any, status: int) -> None:
    refusal = read_refusal(json.dumps(body))
    assert "\n" not in refusal.message
    assert kind_of(status, refusal) in ERROR_KINDS


@given(st.text(max_size=60))
def test_any_text_is_some_refusal(body: str) -> None:
    assert one_line(read_refusal(body).message) == read_refusal(body).message


@pytest.mark.parametrize("endless", ["[" * 60_000, '{"error":' * 60_000])
def test_an_error_nested_without_end_is_some_refusal(endless: str) -> None:
    assert kind_of(500, read_refusal(endless)) == "provider_unavailable"


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("<!DOCTYPE html><html>", True),
        ("  \n<html>", True),
        ("\ufeff<HTML>", True),
        ("<?xml version='1.0'?>", True),
        ("<title>502</title>", True),
        ('{"error": "<html>"}', False),
        ("upstream error", False),
        ("", False),
    ],
)
def test_pages(text: str, page: bool) -> None:
    assert is_page(text) is page


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<html><head><title>T</title></head><body><h1>Corporate</h1> Gateway</body></html>", "Corporate Gateway"),
        ("<html><body><script>no()</script><style>x{}</style>Gateway</body>", "Gateway"),
        ("<html><body>Gateway<script>cut in the mid", "Gateway"),
        ("<title>502 Bad Gateway</title>", "502 Bad Gateway"),
    ],
)
def test_the_words_of_a_page_are_what_a_person_reads(page: str, words: str) -> None:
    assert one_line(page_words(page)) == words


def test_one_line() -> None:
    assert one_line(" a\r\n\tb\x00\x1b[31m  c\u2028d ") == "a b [31m c d"


def test_words_are_found_in_any_case() -> None:
    assert kind_by_words(Refusal("RATE LIMIT exceeded", "")) == "rate_limited"
    assert kind_by_words(Refusal("", "Model_Not_Found")) == "model_not_found"
    assert kind_by_words(Refusal("nothing special", "7")) is None
