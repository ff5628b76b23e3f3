"""Streams: the cost of a request, the cost of a delta, and its latency.

Every number is CPU time of the measured process alone, over the interval in which it did the
work. Subjects take turns, so that a noisy moment hits all of them alike.
"""

from __future__ import annotations

import contextlib
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator

from client import Arrival, Client, reply_to, result, updated_text
from processes import NotMeasurable, percentile
from report import Row
from subjects import Subjects, Upstream, settle
from upstream import STAMP_DIGITS, WORD_LENGTH

Rounds = dict[str, list[float]]
TAIL_S = 0.02

REQUEST = "sequential requests over a warm connection; for this tree it includes the row of the usage ledger"
BURST = (
    "2,000 deltas a request, 20 in each write of the provider, each an HTTP chunk of its own; this tree and the floor "
    "write JSON-RPC frames, the peers parse only"
)
PACED = "each stream at its own place in the interval, so that hardly two deltas come together; the peers parse only"
LATENCY = "from the provider's write to the client's read; for the peers, to the delta inside their own process"
SATURATED = "200 deltas a stream, all at once; 1 / CPU of a delta, the requests themselves included"


class Streaming:
    """The subjects, connected to the provider and warm."""

    def __init__(self, subjects: Subjects, upstream: Upstream, stack: contextlib.ExitStack) -> None:
        self.subjects = subjects
        self.clients: dict[str, Client] = {}
        for name in subjects.names:
            client = self.clients[name] = stack.enter_context(subjects.start(name))
            with self._leaving_out(name):
                client.initialize()
                client.connect(upstream.base_url)
                run(client, "burst-5-5", 30, 1)
                run(client, "burst-200-20", 4, 2)

    def cpu_us(self, usual: int, work: Callable[[Client], int]) -> Rounds:
        """CPU time per unit in microseconds; ``work`` returns how many units it did."""
        rounds: Rounds = defaultdict(list)
        for name in self.subjects.turns(tuple(self.clients), usual):
            client = self.clients.get(name)
            if client is not None:
                with self._leaving_out(name):
                    rounds[name].append(_cpu_us(client, lambda client=client: work(client)))
        return rounds

    @contextlib.contextmanager
    def _leaving_out(self, name: str) -> Iterator[None]:
        """Goes on without an optional peer that fails; the fixed columns must not fail."""
        try:
            yield
        except NotMeasurable as error:
            if name in self.subjects.main:
                raise
            print(f"going on without {name}: {error}", file=sys.stderr)
            del self.clients[name]


def streams(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """The rows of requests and deltas, over processes that have been warmed up."""
    with contextlib.ExitStack() as stack:
        streaming = Streaming(subjects, upstream, stack)
        return [*_request(streaming), *_burst(streaming), *_paced(streaming), *_saturated(streaming)]


def run(client: Client, model: str, requests: int, at_once: int) -> list[Arrival]:
    """Completes requests, so many at once, and returns the messages; each answer must be whole."""
    arrivals: list[Arrival] = []
    for start in range(0, requests, at_once):
        numbers = [client.complete(model) for _ in range(min(at_once, requests - start))]
        arrivals += client.replies(numbers)
    expected = events(model) * (STAMP_DIGITS + 1 if model.startswith("paced") else WORD_LENGTH)
    for arrival in arrivals:
        if reply_to(arrival.body) and len(result(arrival.body)["text"]) != expected:
            raise NotMeasurable(f"an answer to {model} is not whole")
    return arrivals


def events(model: str) -> int:
    """How many deltas the provider sends for a model."""
    return int(model.split("-")[1])


def delays_ms(arrivals: list[Arrival]) -> list[float]:
    """How late each stamped delta came: from the replies where the server took the time itself, else from updates."""
    own = [result(arrival.body).get("delaysNs") for arrival in arrivals if reply_to(arrival.body)]
    if own and own[0]:
        return [delay / 1e6 for delays in own for delay in delays]
    found: list[float] = []
    for at_ns, body in arrivals:
        found += [(at_ns - int(stamp)) / 1e6 for stamp in updated_text(body).split()]
    return found


def _cpu_us(client: Client, work: Callable[[], int]) -> float:
    before = client.cpu_ns
    units = work()
    settle(TAIL_S)
    return (client.cpu_ns - before) / 1000 / units


def _request(streaming: Streaming) -> list[Row]:
    requests = 100 if streaming.subjects.quick else 200

    def work(client: Client) -> int:
        run(client, "burst-5-5", requests, 1)
        return requests

    rounds = {name: [us / 1000 for us in values] for name, values in streaming.cpu_us(7, work).items()}
    return [Row("request overhead, warm, 5 deltas, CPU", "ms", rounds, target=0.9, beyond=0.3, note=REQUEST)]


def _burst(streaming: Streaming) -> list[Row]:
    requests = 4 if streaming.subjects.quick else 8

    def work(client: Client) -> int:
        run(client, "burst-2000-20", requests, 1)
        return requests * 2000

    rounds = streaming.cpu_us(7, work)
    return [Row("a delta, socket → frame, burst, CPU", "µs", rounds, target=12, beyond=5, note=BURST)]


def _paced(streaming: Streaming) -> list[Row]:
    model = "paced-100-10" if streaming.subjects.quick else "paced-300-10"
    late: Rounds = defaultdict(list)

    def work(client: Client) -> int:
        arrivals = run(client, model, 50, 50)
        delays = delays_ms(arrivals)
        if len(delays) != 50 * events(model):
            raise NotMeasurable(f"{len(delays)} of {50 * events(model)} deltas came")
        late[_name(streaming, client)].append(percentile(delays, 99))
        return len(delays)

    rounds = streaming.cpu_us(6, work)
    return [
        Row("a delta, 50 streams of 100 deltas/s, CPU", "µs", rounds, target=80, beyond=20, note=PACED),
        Row("50 streams of 100 deltas/s, p99 added latency", "ms", late, target=5, note=LATENCY),
    ]


def _saturated(streaming: Streaming) -> list[Row]:
    def work(client: Client) -> int:
        run(client, "burst-200-20", 100, 100)
        return 100 * 200

    rounds = {name: [1000 / us for us in values] for name, values in streaming.cpu_us(7, work).items()}
    what = "100 streams saturated, chunks per core"
    return [Row(what, "k/s", rounds, target=50, beyond=200, more_is_better=True, note=SATURATED)]


def _name(streaming: Streaming, client: Client) -> str:
    return next(name for name, other in streaming.clients.items() if other is client)
