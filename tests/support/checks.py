"""Many checks in one test, each by its name: where a check is short, a test of its own takes several times as long."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Generic, ParamSpec, TypeVar

import pytest

P = ParamSpec("P")
Result = TypeVar("Result", None, Coroutine[Any, Any, None])


class Failures:
    """What fails among parts that all run, whichever fail."""

    def __init__(self) -> None:
        self._raised: dict[str, BaseException] = {}

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        """Keeps the failure of a part, under its name."""
        try:
            yield
        # An expected exception that is not raised fails with one that is no Exception.
        except (Exception, pytest.fail.Exception) as failure:
            self._raised[part] = failure

    def report(self) -> None:
        """Fails the test where a part failed.

        Raises:
            BaseExceptionGroup: of all failures; its text has the names of their parts.
        """
        if self._raised:
            raise BaseExceptionGroup(", ".join(self._raised), [*self._raised.values()])


@contextmanager
def together() -> Iterator[Failures]:
    """The parts of a test, reported at the end of the block."""
    failures = Failures()
    yield failures
    failures.report()


class Checks(Generic[P, Result]):
    """Checks that take the same case; used as a decorator, it adds one, which goes by the name of its function."""

    def __init__(self) -> None:
        self._checks: list[Callable[P, Result]] = []

    def __call__(self, check: Callable[P, Result]) -> Callable[P, Result]:
        self._checks.append(check)
        return check

    def run(self: Checks[P, None], *case: P.args, **more: P.kwargs) -> None:
        """Runs all checks on a case, and fails with those that fail."""
        with together() as failures:
            for check in self._checks:
                with failures.of(check.__name__):
                    check(*case, **more)

    async def wait(self: Checks[P, Coroutine[Any, Any, None]], *case: P.args, **more: P.kwargs) -> None:
        """As ``run``, with coroutines, one after the other."""
        with together() as failures:
            for check in self._checks:
                with failures.of(check.__name__):
                    await check(*case, **more)
