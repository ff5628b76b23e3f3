"""``modelport chat``: one question, streamed to the terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import anyio
import click

from modelport.app.session import App
from modelport.domain.completions.listener import NullListener
from modelport.engine.calls.recorder import Origin
from modelport.frontends.cli.running import print_json, with_app
from modelport.protocol.types import Call, Completion, CreateCompletionParams, FinishReason, Message, Usage

MOCK_NOTE = (
    "No provider is set up, so the embedded mock answers. To use a real one, set a key such as OPENAI_API_KEY "
    "or ANTHROPIC_API_KEY, run modelport keys set PROVIDER, or name a local server's model: -m ollama/qwen3:8b."
)

CUT_NOTES: Mapping[FinishReason, str] = {
    "length": "The answer is cut: it reached the model's output limit. Ask for less, or for the rest.",
    "contentFilter": "The answer is cut: the provider's filter ended it. Change the prompt.",
}


@click.command(name="chat")
@click.option("-m", "--model", help="provider/model, or a model that only one provider serves.")
@click.option("--system", help="Instructions for the model.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole completion as JSON when it is done.")
@click.argument("prompt", required=False)
def command(model: str | None, system: str | None, as_json: bool, prompt: str | None) -> None:  # noqa: FBT001
    """Sends PROMPT to a model and prints the answer as it arrives. Without PROMPT, standard input is read."""
    text = prompt if prompt is not None else _read_prompt()
    if not text.strip():
        raise click.UsageError("The prompt is empty: give one as an argument, or pipe it in.")
    terminal = _Terminal(quiet=as_json)

    async def complete(app: App) -> Completion:
        chosen, *others = [model] if model else await _choose(app)
        messages = (Message(role="user", content=text),)
        params = CreateCompletionParams(model=chosen, system=system, messages=messages, fallbacks=tuple(others))
        try:
            return await app.completions.create(params, terminal, Origin("modelport chat", Path.cwd().name or None))
        except anyio.get_cancelled_exc_class():
            terminal.stopped(as_json=as_json)
            raise

    completion = with_app(complete)
    if as_json:
        print_json(completion)
    else:
        terminal.finished(completion)


async def _choose(app: App) -> list[str]:
    """The models to try in turn: the configuration's, else those of the default chain, else the mock."""
    default = app.core.registry.default_target
    targets = [default] if default is not None and default.model else await app.defaults.targets()
    if not targets:
        click.echo(MOCK_NOTE, err=True)
    return [f"{target.provider.id}/{target.model}" for target in targets] or ["mock"]


def _read_prompt() -> str:
    if sys.stdin.isatty():
        click.echo("Type the prompt, then press Ctrl-D.", err=True)
    return sys.stdin.read()


class _Terminal(NullListener):
    """Prints deltas: the answer to stdout, the reasoning dimmed to stderr when that is a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._thinking = False
        self._show_reasoning = not quiet and sys.stderr.isatty()
        self._parts: list[str] = []

    def text(self, text: str) -> None:
        """Prints a delta of the answer."""
        self._parts.append(text)
        if not self._quiet:
            self._end_thinking()
            click.echo(text, nl=False)
            sys.stdout.flush()

    def reasoning(self, text: str) -> None:
        """Prints a delta of the reasoning."""
        if self._show_reasoning:
            self._thinking = True
            click.secho(text, nl=False, err=True, dim=True)

    def attempt(self, provider: str, model: str, reason: str) -> None:
        """Reports a failed attempt, after which another model is tried."""
        click.echo(f"{provider}/{model} failed ({reason}); trying the next model.", err=True)

    def progress(self, message: str) -> None:
        """Prints what delays the answer, such as a model that is being loaded."""
        if not self._quiet and sys.stderr.isatty():
            click.secho(f"{message} ...", err=True, dim=True)

    def recorded(self, call: Call) -> None:
        """Prints nothing: the completion holds the usage."""

    def stopped(self, *, as_json: bool) -> None:
        """Ends the output after Ctrl-C; the part of the answer that was printed stays."""
        if as_json:
            print_json({"text": "".join(self._parts), "cancelled": True})
        else:
            click.echo()
            click.echo("stopped", err=True)

    def finished(self, completion: Completion) -> None:
        """Ends the answer's line; prints whether it was cut, the tool calls, the model and the usage to stderr."""
        self._end_thinking()
        if not completion.text.endswith("\n"):
            click.echo()
        if note := CUT_NOTES.get(completion.finish_reason):
            click.echo(note, err=True)
        for call in completion.tool_calls:
            click.echo(f"wants to call {call.name}({call.arguments or call.arguments_text or ''})", err=True)
        click.echo(f"{completion.provider}/{completion.model} · {usage_line(completion.usage)}", err=True)

    def _end_thinking(self) -> None:
        if self._thinking:
            self._thinking = False
            click.echo("\n", err=True)


def usage_line(usage: Usage) -> str:
    """Tokens, time and money of a call in one line."""
    about = "about " if usage.estimated else ""
    cached = f" ({usage.cache_read_tokens} cached)" if usage.cache_read_tokens else ""
    money = "price unknown" if usage.usd_micros is None else f"${usage.usd_micros / 1e6:.6f}".rstrip("0").rstrip(".")
    return (
        f"{about}{usage.input_tokens} tokens in{cached}, {usage.output_tokens} out"
        f" · {usage.latency_ms / 1000:.1f} s · {money}"
    )
