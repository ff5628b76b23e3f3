"""An answer without the keys and tokens that it was requested with, should the provider repeat one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from typing_extensions import override

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.listener import Listener
from modelport.domain.providers.connection import Endpoint
from modelport.domain.redaction import Redactor, is_random
from modelport.domain.stream_redaction import SecretForms, StreamRedactor
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import FinishReason

TEXT, REASONING = -1, -2
"""Two of the texts of an answer; the others are the arguments of its calls, by their indexes."""


class KeylessAnswer(Answer):
    """Takes secrets out of text, reasoning, calls and state, but for what the conversation itself holds.

    Otherwise a file with the key in it, which the client has a model edit, would come back damaged.
    """

    def __init__(self, listener: Listener, call: ModelCall) -> None:
        super().__init__(listener)
        self._call = call
        # One that may be a word is no key, and occurs in answers.
        self._secrets = frozenset(filter(is_random, call.endpoint.secrets()))
        self._last = TEXT
        """Which of the texts has come last."""

    @override
    def sent_with(self, endpoint: Endpoint) -> None:
        """The request went out with this endpoint, whose secrets the answer is to be without too."""
        if endpoint is not self._call.endpoint:
            self._secrets |= frozenset(filter(is_random, endpoint.secrets()))
        # Made again with these; what an attempt that came to nothing has left in them is not of this one.
        for made in ("_stream", "_forms", "_unsaid", "_redactor"):
            self.__dict__.pop(made, None)

    @override
    def text(self, text: str) -> None:
        """More of the answer's text; the empty string is nothing."""
        super().text(self._clean(TEXT, text))

    @override
    def reasoning(self, text: str) -> None:
        """More of the reasoning; the empty string is nothing."""
        super().reasoning(self._clean(REASONING, text))

    @override
    def tool_call(
        self, index: int, *, call_id: str = "", name: str = "", arguments: str = "", partial: bool = False
    ) -> None:
        """A delta of the tool call with this index."""
        if self._secrets and (call_id or name):
            redact = self._redactor
            call_id, name = redact(call_id), redact(name)
        arguments = self._clean(index, arguments)
        super().tool_call(index, call_id=call_id, name=name, arguments=arguments, partial=partial)

    @override
    def whole_state(self) -> dict[str, Any]:
        """The state that the provider needs back with the next turn; empty for none."""
        state = super().whole_state()
        return self._clean_value(state) if state and self._secrets else state

    @override
    def finish(self, reason: FinishReason) -> None:
        """Sets the reason why the model stopped."""
        self._release()
        super().finish(reason)

    def _clean(self, which: int, text: str) -> str:
        """What may pass of one of the texts; what is held of another one passes before it."""
        if not self._secrets:
            return text
        if which != self._last:
            self._release()
            self._last = which
        clean = self._stream.feed(text)
        # Behind its end an answer is not waited for.
        return clean if self._finish_reason is None else clean + self._stream.end()

    def _release(self) -> None:
        held = self._stream.end() if self._secrets else ""
        if not held:
            return
        if self._last == TEXT:
            super().text(held)
        elif self._last == REASONING:
            super().reasoning(held)
        else:
            super().tool_call(self._last, arguments=held)

    def _clean_value(self, value: Any) -> Any:
        """A JSON value without secrets; one without any is the same object."""
        if isinstance(value, str):
            stream = StreamRedactor(self._forms, lambda: self._unsaid)
            return stream.feed(value) + stream.end()
        if is_object(value):
            return {self._clean_value(name): self._clean_value(one) for name, one in value.items()}
        return [self._clean_value(one) for one in value] if is_list(value) else value

    @cached_property
    def _unsaid(self) -> SecretForms:
        """The forms of what the conversation does not hold."""
        return self._forms.without("\n".join(map(str, (self._call.messages, self._call.tools))))

    @cached_property
    def _stream(self) -> StreamRedactor:
        """For one text after the other, each of which ends where another goes on."""
        return StreamRedactor(self._forms, lambda: self._unsaid)

    @cached_property
    def _forms(self) -> SecretForms:
        return SecretForms(self._secrets)

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor(self._secrets)
