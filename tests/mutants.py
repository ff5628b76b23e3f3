"""Changes the domain and the engine, a mutant at a time, and prints which of the changes no test has noticed.

mutmut makes the mutants and runs each against the tests that execute the changed function. It expects the package in
``src``, so it works on a copy in ``.cache/mutants``, where its own commands show more: ``mutmut browse``. Which tests
may run, and for how long, is in ``[tool.mutmut]`` of pyproject.toml. Constants of a module and decorated functions,
such as properties, are never changed.

Usage: python tests/mutants.py [--sample N] [--seed N] [PATH ...]
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "server"
STAGE = ROOT / ".cache" / "mutants"
LINKS = {"src": "server", "tests": "tests", "protocol": "protocol", "pyproject.toml": "pyproject.toml"}
LAYERS = ("server/modelport/domain", "server/modelport/engine")
SKIPPED = 34
"""mutmut's exit code for a mutant that is not to be run."""
OUTCOMES = ("killed", "survived", "timeout", "no tests", "other")
HUNK = re.compile(r"@@ -(\d+)")


def main() -> int:
    """Runs the sample and prints the table and the survivors; returns 1 where mutmut could not run."""
    if os.name == "nt":
        sys.exit("mutmut forks a process per mutant, which Windows cannot: run make mutants on Linux, macOS or in WSL.")
    options = arguments()
    among = paths(options.paths)
    with stage():
        generate()
        chosen = choose(among, options.sample, options.seed)
        if not run():
            return 1
        outcomes = read_outcomes(chosen)
        print_table(outcomes)
        print_survivors({name: outcome for name, outcome in outcomes.items() if outcome not in ("killed", "timeout")})
    return 0


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, help="how many mutants, chosen at random; all without it, for hours")
    parser.add_argument("--seed", type=int, default=1, help="the same seed chooses the same mutants of the same code")
    parser.add_argument("paths", nargs="*", default=LAYERS, metavar="PATH", help="folders and modules of both layers")
    return parser.parse_args()


def paths(given: list[str]) -> list[Path]:
    """Absolute paths of folders and modules.

    Raises:
        SystemExit: one is not there, or in another layer.
    """
    found = [(ROOT / path).resolve() for path in given]
    for path in found:
        if not path.exists() or not any(path.is_relative_to(ROOT / layer) for layer in LAYERS):
            sys.exit(f"{path} is no folder or module of {' or '.join(LAYERS)}.")
    return found


@contextlib.contextmanager
def stage() -> Generator[None]:
    """An empty folder as working directory that looks to mutmut like a project with its package in ``src``."""
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    for name, target in LINKS.items():
        (STAGE / name).symlink_to(ROOT / target)
    with contextlib.chdir(STAGE):
        yield


def tool(module: str) -> Any:
    """A module of mutmut, which is not there when the types are checked."""
    return importlib.import_module(f"mutmut.{module}")


def generate() -> None:
    """Writes all mutants of both layers, so that a sample can be drawn."""
    print("Generating the mutants ...", flush=True)
    with contextlib.redirect_stdout(None):
        tool("utils.file_utils").copy_src_dir()
        tool("__main__").create_mutants(1)


def records() -> Iterator[tuple[str, Path, dict[str, Any]]]:
    """Module as a path below the stage, the file of its mutants, and what it says: exit codes by mutant among it."""
    for path in sorted(Path("mutants/src").rglob("*.py.meta")):
        yield path.relative_to("mutants").as_posix().removesuffix(".meta"), path, json.loads(path.read_text("utf-8"))


def choose(among: list[Path], sample: int | None, seed: int) -> dict[str, str]:
    """The module of each mutant that is to be run, by its name; the others are marked as skipped."""
    every: dict[str, str] = {}
    for module, _, record in records():
        path = SERVER / module.removeprefix("src/")
        if any(path.is_relative_to(folder) for folder in among):
            every |= dict.fromkeys(record["exit_code_by_key"], module)
    names = sorted(every)
    names = names if sample is None else random.Random(seed).sample(names, min(sample, len(names)))
    print(f"{len(names)} of {len(every)} mutants")
    chosen = {name: every[name] for name in names}
    for _, path, record in records():
        codes: dict[str, int | None] = record["exit_code_by_key"]
        record["exit_code_by_key"] = {name: None if name in chosen else SKIPPED for name in codes}
        path.write_text(json.dumps(record), encoding="utf-8")
    return chosen


def run() -> bool:
    """Runs the mutants that are not skipped, until it is interrupted; False where mutmut could not run.

    On a terminal mutmut shows its progress, elsewhere only a failure.
    """
    # Its module has to be imported by name, which python -m does not do; the processes of mutants would import it again.
    command = [sys.executable, "-c", "from mutmut.__main__ import cli; cli()", "run", "--max-children", "1"]
    shown = None if sys.stdout.isatty() else subprocess.PIPE
    try:
        done = subprocess.run(command, stdout=shown, text=True, encoding="utf-8", check=False)
    except KeyboardInterrupt:
        return True
    if done.returncode:
        print(done.stdout or "")
    return done.returncode == 0


def read_outcomes(chosen: dict[str, str]) -> dict[tuple[str, str], str]:
    """Outcome by module and mutant, in mutmut's words; an interrupted run has not judged every mutant."""
    words: dict[int | None, str] = tool("stats").status_by_exit_code
    return {
        (module, name): words[code]
        for module, _, record in records()
        for name, code in record["exit_code_by_key"].items()
        if name in chosen and code is not None
    }


def print_table(outcomes: dict[tuple[str, str], str]) -> None:
    """Prints how many mutants of each folder were killed; the score counts those that timed out with them."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for (module, _), outcome in outcomes.items():
        folder = Path(module.removeprefix("src/modelport/")).parent.as_posix()
        layer = f"{folder.partition('/')[0]}, all of it"
        for row in (folder, layer, "together"):
            rows[row][outcome if outcome in OUTCOMES else "other"] += 1
    print(f"\n{'':32}{''.join(f'{column:>10}' for column in OUTCOMES)}{'score':>10}")
    for name in sorted(rows, key=lambda name: (name == "together", "," in name, name)):
        counts = rows[name]
        score = (counts["killed"] + counts["timeout"]) / counts.total()
        print(f"{name:32}{''.join(f'{counts[column]:10}' for column in OUTCOMES)}{score:10.0%}")


def print_survivors(survivors: dict[tuple[str, str], str]) -> None:
    """Prints place, name and diff of each mutant that no test has failed on."""
    for (module, name), outcome in survivors.items():
        diff = tool("mutation.diff_apply").get_diff_for_mutant(name, path=module)
        lines: list[str] = diff.splitlines()[2:]
        path = SERVER / module.removeprefix("src/")
        print(f"\n{path.relative_to(ROOT).as_posix()}:{line_of(path, name, lines)}: {outcome} ({name})")
        print("\n".join(lines))


def line_of(path: Path, mutant: str, diff: list[str]) -> int:
    """The number of the first changed line; ``diff`` counts from the head of the mutated function."""
    tree = ast.parse(path.read_text("utf-8"))
    function, owner = tool("utils.format_utils").orig_function_and_class_names_from_key(mutant)
    body = tree.body
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == owner:
            body = node.body
    starts = [
        min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
    ]
    hunk = HUNK.match(diff[0])
    context = next((index for index, line in enumerate(diff[1:]) if line.startswith(("-", "+"))), 0)
    return starts[0] + int(hunk[1]) - 1 + context if starts and hunk else 1


if __name__ == "__main__":
    sys.exit(main())
