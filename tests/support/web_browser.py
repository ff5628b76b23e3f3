"""A user in front of a browser: follows redirections, keeps cookies, fills in the forms of a page and sends them."""

from __future__ import annotations

import html
import re
import urllib.error
import urllib.request
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlencode, urljoin

MAX_PAGES = 10
FORM = re.compile(r"<form([^>]*)>(.*?)</form>", re.S)
INPUT = re.compile(r"<input([^>]*)>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class WebBrowser:
    """A browser of its own, without cookies."""

    def __init__(self) -> None:
        # Cookies of a literal address are kept as those of a name are.
        jar = CookieJar(DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainLiberal))
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar)
        )

    def load(self, url: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        """The address that a request ends at, and its page, whatever the status."""
        data = None if form is None else urlencode(form).encode()
        try:
            with self._opener.open(url, data=data, timeout=10) as page:
                return page.url, page.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.url or url, refused.read().decode()

    def log_in(self, url: str, *, refuses_with: dict[str, str] | None = None) -> str:
        """Logs in and allows everything, one form after the other; the last page.

        With ``refuses_with`` the first form that asks the user for anything is sent with these fields, and is the last.
        """
        at, page = self.load(url)
        for _ in range(MAX_PAGES):
            if (found := FORM.search(page)) is None:
                return page
            attributes = dict(ATTRIBUTE.findall(found[1]))
            action = urljoin(at, html.unescape(attributes.get("action", "")))
            fields = fields_of(found[2])
            if ".submit()" not in page:
                fields |= {name: "someone" for name in ("login", "password") if name in fields}
                if refuses_with is not None:
                    return self.load(action, fields | refuses_with)[1]
            at, page = self.load(action, fields)
        raise AssertionError(f"more than {MAX_PAGES} pages, the last is {page}")


def fields_of(form: str) -> dict[str, str]:
    """The fields of a form with their values."""
    found: dict[str, str] = {}
    for tag in INPUT.findall(form):
        attributes = dict(ATTRIBUTE.findall(tag))
        if name := attributes.get("name"):
            found[name] = html.unescape(attributes.get("value", ""))
    return found
