"""Fuzzes all sides of the server as long as it is told: ``make fuzz SECONDS=600 SEED=7``; exit 1 where anything fails."""

from __future__ import annotations

import argparse
import sys

from fuzz.campaign import Target, run
from fuzz.client_side import ClientSide
from fuzz.files_side import FilesSide
from fuzz.provider_side import ProviderSide

TARGETS: dict[str, type[Target]] = {"client": ClientSide, "providers": ProviderSide, "files": FilesSide}


def main() -> int:
    """Runs the targets one after the other, each with its share of the time."""
    options = argparse.ArgumentParser(prog="fuzz")
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", choices=TARGETS)
    given = options.parse_args()
    names = [given.only] if given.only else list(TARGETS)
    reports = [run(TARGETS[name](), given.seed, seconds=given.seconds / len(names)) for name in names]
    print(f"\n{'target':12}{'rounds':>8}{'cases':>8}{'seconds':>9}{'findings':>10}")
    for one in reports:
        print(f"{one.target:12}{one.rounds:8}{one.cases:8}{one.seconds:9.0f}{len(one.findings):10}")
    return 1 if any(one.findings for one in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
