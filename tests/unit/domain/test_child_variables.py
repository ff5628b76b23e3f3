"""What programs that are started get of the variables of this process."""

from __future__ import annotations

import pytest

from modelport.domain.child_variables import without_log_ins


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("HTTP_PROXY", "http://me:pass@proxy.example:3128", "http://proxy.example:3128"),
        ("https_proxy", "http://me:p@ss/w@proxy.example:3128/", "http://proxy.example:3128/"),
        ("ALL_PROXY", "socks5h://token@proxy.example", "socks5h://proxy.example"),
        ("npm_config_https_proxy", "me:pass@proxy.example:3128", "proxy.example:3128"),
        ("HTTP_PROXY", "http://proxy.example:3128", "http://proxy.example:3128"),
        ("NO_PROXY", "localhost,.example", "localhost,.example"),
        ("EMAIL", "me@example.com", "me@example.com"),
    ],
)
def test_a_proxy_is_left_without_its_password(name: str, value: str, left: str) -> None:
    assert without_log_ins({name: value, "A": "b"}) == {name: left, "A": "b"}
