"""The page that a browser shows at the end of a log-in: text alone, which loads nothing and tells nobody of it."""

from __future__ import annotations

from html import escape
from http import HTTPStatus

HEADERS = """\
Content-Type: text/html; charset=utf-8\r
Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r
Referrer-Policy: no-referrer\r
Cache-Control: no-store\r
X-Content-Type-Options: nosniff\r
Connection: close\r
"""
STYLE = "body{font:1rem/1.5 system-ui;margin:4rem auto;max-width:34rem;padding:0 1rem;color-scheme:light dark}"


def page(status: int, heading: str, sentence: str) -> bytes:
    """A whole response. Both texts may be the provider's: they are shown as they are, and nothing in them counts."""
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Modelport</title>'
        f"<style>{STYLE}</style><h1>{escape(heading)}</h1><p>{escape(sentence)}</p></html>\n"
    ).encode()
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return f"{line}{HEADERS}Content-Length: {len(body)}\r\n\r\n".encode() + body
