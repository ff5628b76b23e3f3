"""The part of an answer that an attempt has sent before it broke off, and how the next one goes on."""

from __future__ import annotations

import msgspec

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.fitting.rules import history_rules
from modelport.domain.completions.keyless_answer import KeylessAnswer
from modelport.domain.completions.listener import Listener
from modelport.domain.completions.request import CompletionRequest
from modelport.domain.failover.steps import Way
from modelport.protocol.types import Message


class ContinuedAnswer(KeylessAnswer):
    """An answer that goes on with a text.

    Some readers strip white space from the end of the text, so that a model begins with it again: it comes once.
    """

    def __init__(self, listener: Listener, call: ModelCall, begun: str) -> None:
        super().__init__(listener, call)
        self._seam = begun[len(begun.rstrip()) :]

    def text(self, text: str) -> None:
        """More of the answer's text, without what the text before it has ended with."""
        while self._seam and text:
            if text[0] != self._seam[0]:
                self._seam = ""
                break
            text, self._seam = text[1:], self._seam[1:]
        super().text(text)


class PartialAnswer:
    """Text and reasoning that the listener has since the last reset, from attempts that have ended."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.text = ""
        self.reasoning = ""

    def take(self, answer: Answer, way: Way) -> None:
        """Takes over what an attempt has sent, as the way in which the next one begins needs it.

        A tool call that is not complete is dropped; so that the client drops it too, the rest is sent again.
        """
        if way == "restart":
            self.text = self.reasoning = ""
            self._listener.reset()
        elif way == "continue":
            self.text += answer.whole_text()
            self.reasoning += answer.whole_reasoning()
            if answer.has_tool_calls():
                self._listener.reset()
                self._send()

    def next_answer(self, call: ModelCall) -> Answer:
        """The answer to a call that was made of ``continued``."""
        endpoint = call.endpoint
        keeps_space = history_rules(endpoint.provider, endpoint.dialect, call.model).trailing_space
        if keeps_space or not self.text:
            return KeylessAnswer(self._listener, call)
        return ContinuedAnswer(self._listener, call, self.text)

    def continued(self, request: CompletionRequest) -> CompletionRequest:
        """The request with the text so far as the beginning of its answer."""
        if not self.text:
            return request
        begun = Message(role="assistant", content=self.text)
        return msgspec.structs.replace(request, messages=(*request.messages, begun))

    def _send(self) -> None:
        if self.reasoning:
            self._listener.reasoning(self.reasoning)
        if self.text:
            self._listener.text(self.text)


def can_continue(call: ModelCall) -> bool:
    """Whether the model of a call goes on with the beginning of an answer.

    Not while it reasons, and not in an answer of a given form.
    """
    endpoint, parameters = call.endpoint, call.parameters
    reasons = parameters.get("reasoning_effort", "none") != "none" or parameters.get("reasoning_budget", 0)
    rules = history_rules(endpoint.provider, endpoint.dialect, call.model)
    return rules.prefill and not rules.ends_with_user and not reasons and call.answer_format is None
