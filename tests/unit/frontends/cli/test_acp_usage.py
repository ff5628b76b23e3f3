"""Wrong usage of ``acp-discover``: one sentence on standard error, and 2."""

from __future__ import annotations

import pytest

from modelport.frontends.cli.acp_discover import main


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--lvl"], "No such option '--lvl' (did you mean --level?): see acp-discover --help."),
        (["--zzz", "codex"], "No such option '--zzz': see acp-discover --help."),
        (["--timeout", "soon"], "argument --timeout: 'soon' is no number of seconds above 0: see acp-discover --help."),
        (["--timeout", "-1"], "argument --timeout: '-1' is no number of seconds above 0: see acp-discover --help."),
        (["--timeout"], "argument --timeout: expected one argument: see acp-discover --help."),
        (["--refresh"], "--refresh starts programs, which needs --level verify: see acp-discover --help."),
    ],
)
def test_wrong_usage_is_one_sentence_and_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err) == (2, "", f"acp-discover: {sentence}\n")


def test_names_may_stand_between_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    main(["codex-acp", "--all", "gemini"])
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines[1:] if not line.startswith(" ")} == {"codex-acp", "gemini"}
