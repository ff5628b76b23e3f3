"""The table of log-ins."""

from __future__ import annotations

import pytest

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.table import MODULES, LogIns
from modelport.domain.providers.rows import OWN_LOG_INS, Auth
from support.builders import endpoint, row


def test_every_log_in_of_a_row_has_a_module() -> None:
    missing = OWN_LOG_INS - MODULES.keys()
    assert not missing, f"MODULES in adapters/log_ins/table.py has no entry for {sorted(missing)}"
    assert MODULES.keys() == OWN_LOG_INS


@pytest.mark.parametrize("auth", MODULES)
async def test_every_log_in_can_be_loaded(auth: Auth) -> None:
    log_ins = LogIns(HttpPool())
    asked = endpoint(row(auth=auth))
    log_in = await log_ins.get(asked)
    assert log_in is not None
    for name in ("authenticate", "sign", "discard_token"):
        assert callable(getattr(log_in, name))
    assert await log_ins.get(asked) is log_in


@pytest.mark.parametrize("auth", ["bearer", "key", "none"])
async def test_a_plain_key_needs_no_log_in(auth: Auth) -> None:
    assert await LogIns(HttpPool()).get(endpoint(row(auth=auth))) is None
