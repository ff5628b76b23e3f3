"""Several checks in one test: none hides another, and each that fails is named."""

from __future__ import annotations

import pytest

from support.checks import Checks, together


def test_every_check_runs_and_each_failure_is_named() -> None:
    checks, seen = Checks[[int], None](), list[str]()

    @checks
    def is_small(number: int) -> None:
        seen.append("small")
        assert number < 5

    @checks
    def is_a_number(number: int) -> None:
        seen.append("number")

    @checks
    def is_refused(number: int) -> None:
        seen.append("refused")
        with pytest.raises(ValueError, match="no"):
            int(number)

    with pytest.raises(BaseExceptionGroup) as failed:
        checks.run(7)
    assert failed.value.message == "is_small, is_refused"
    assert [type(failure) for failure in failed.value.exceptions] == [AssertionError, pytest.fail.Exception]
    assert seen == ["small", "number", "refused"]
    with pytest.raises(BaseExceptionGroup) as failed:
        checks.run(3)
    assert failed.value.message == "is_refused"


async def test_checks_that_wait_run_one_after_the_other() -> None:
    checks, seen = Checks(), list[str]()

    @checks
    async def first(text: str) -> None:
        seen.append(text)
        raise ValueError

    @checks
    async def second(text: str) -> None:
        seen.append(text * 2)

    with pytest.raises(BaseExceptionGroup) as failed:
        await checks.wait("a")
    assert failed.value.message == "first"
    assert [type(failure) for failure in failed.value.exceptions] == [ValueError]
    assert seen == ["a", "aa"]


def test_what_ends_the_run_is_not_kept() -> None:
    checks = Checks[[], None]()

    @checks
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checks.run()


def test_every_case_of_a_loop_runs() -> None:
    def loop() -> None:
        with together() as failures:
            for case in range(4):
                with failures.of(f"case {case}"):
                    assert case % 2 == 0

    with pytest.raises(BaseExceptionGroup) as failed:
        loop()
    assert failed.value.message == "case 1, case 3"
