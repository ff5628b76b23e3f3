"""The matrix of ``docs/conversations.md``: what becomes of each thing that readers of conversations differ in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from modelport.domain.completions.fitting.rules import HistoryRules

Cell = Literal["native", "fitted", "does not apply"]


class Rule(Struct, frozen=True):
    """One thing that conversations hold and readers differ in; ``cell`` says what becomes of it by a reader's rules."""

    name: str
    what: str
    cell: Callable[[HistoryRules], Cell]


def _fitted(condition: bool) -> Cell:  # noqa: FBT001
    return "fitted" if condition else "native"


MATRIX: tuple[Rule, ...] = (
    Rule(
        "ids",
        "ids of calls that another provider made are given the reader's form",
        lambda r: "does not apply" if r.call_ids == "absent" else _fitted(r.call_ids != "any"),
    ),
    Rule("unique", "an id that comes twice names one call only", lambda _: "fitted"),
    Rule(
        "results", "a call without a result gets one that says so; results stand behind their calls", lambda _: "fitted"
    ),
    Rule("blank", "blank text, and turns of nothing else or of reasoning alone, are left out", lambda _: "fitted"),
    Rule("output", "a tool's empty result is told as no output", lambda _: "fitted"),
    Rule(
        "system",
        "several system messages, or one further back, become one at the beginning",
        lambda r: "native" if r.system in ("anywhere", "apart") else "fitted",
    ),
    Rule("neighbours", "messages of one role in a row are joined", lambda r: _fitted(r.neighbours == "joined")),
    Rule(
        "begin",
        "a conversation that the assistant begins gets a turn of the user",
        lambda r: _fitted(r.begins_with_user),
    ),
    Rule(
        "after_tool",
        "the user behind a tool's result follows a turn of the assistant",
        lambda r: _fitted(not r.user_after_tool),
    ),
    Rule(
        "images",
        "images in a tool's result are shown by the user once all results are given",
        lambda r: "does not apply" if r.tool_images == "refused" else _fitted(r.tool_images == "after_results"),
    ),
    Rule(
        "spoken_images",
        "images of the assistant and of system messages are shown by the user",
        lambda r: "does not apply" if r.tool_images == "refused" else _fitted(r.spoken_images == "by_user"),
    ),
    Rule(
        "definitions",
        "tools that were called are defined, also where the request has none",
        lambda r: _fitted(r.called_tools == "defined"),
    ),
    Rule(
        "end",
        "a conversation that the assistant ends gets a turn of the user where no answer can be gone on with",
        lambda r: _fitted(r.ends_with_user),
    ),
    Rule(
        "continued",
        "an answer that broke off goes on where it stopped, where the configuration says so",
        lambda r: "native" if r.prefill else "does not apply",
    ),
    Rule("prefill", "the answer to go on with ends without white space", lambda r: _fitted(not r.trailing_space)),
    Rule(
        "names",
        "a tool's name that the reader refuses is replaced by one that it takes, and turned back in the answer",
        lambda r: _fitted(r.tool_names != "any"),
    ),
    Rule("schemas", "the schema of a tool describes an object with properties", lambda _: "fitted"),
    Rule(
        "unions",
        "a union at the top of a schema is rewritten, or the tool is refused by name",
        lambda r: _fitted(r.top_unions == "refused"),
    ),
    Rule(
        "property_names",
        "a tool with a parameter whose name is refused is refused by name",
        lambda r: _fitted(r.property_names != "any"),
    ),
    Rule(
        "closed_answers",
        "the schema of a strict answer is closed where that loses nothing, else the answer is not strict or refused",
        lambda r: _fitted(r.closed_answers != "no"),
    ),
    Rule(
        "references",
        "references, constants and lists of types in the schema of a tool are written out",
        lambda r: _fitted(r.references != "taken"),
    ),
    Rule(
        "schema_words",
        "a word of JSON Schema that the reader does not know is rewritten, or told in the description",
        lambda r: _fitted(r.schema_subset != "all"),
    ),
    Rule(
        "context",
        "a context length that the request cannot set is left out, and the reply says so",
        lambda r: _fitted(not r.sets_context),
    ),
    Rule("empty_reasoning", "an empty reasoning_content stands where none came", lambda r: _fitted(r.empty_reasoning)),
    Rule(
        "signed_loops",
        "in a loop of calls that did not begin with the reader's own reasoning none is asked for, or an effort and no "
        "budget, and the reply says so",
        lambda r: _fitted(r.signed_loops != "no"),
    ),
    Rule(
        "exclusive_reasoning",
        "sampling parameters beside reasoning, and reasoning beside a forced call, are left out, and the reply says so",
        lambda r: _fitted(r.exclusive_reasoning != "no"),
    ),
    Rule(
        "signed_calls",
        "calls that another model made carry what stands for a signature",
        lambda r: _fitted(r.signed_calls),
    ),
    Rule(
        "encrypted_reasoning",
        "reasoning that may have to go back is asked for in a form that needs no storage",
        lambda r: _fitted(r.encrypted_reasoning),
    ),
    Rule(
        "prompt_cache",
        "what may be kept for the next request is marked, or the cache is named",
        lambda r: "does not apply" if r.prompt_cache == "none" else "fitted",
    ),
    Rule("state", "what another provider keeps in its answers is left out", lambda _: "fitted"),
)
"""Every rule; ``docs/conversations.md`` shows the cells of each dialect."""
