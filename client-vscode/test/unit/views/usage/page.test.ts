import { expect, test } from "vitest";

import { pageHtml } from "../../../../src/views/usage/page";

const FILES = { script: "https://w.test/usage.js", style: "https://w.test/usage.css", cspSource: "https://w.test" };

const policyOf = (page: string) => /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll("&#39;", "'");

test("the policy allows this page's script and the extension's styles, and nothing else", () => {
  const page = pageHtml(FILES, "en", "Usage", "Loading");
  const nonce = /script nonce="([\w-]{24})"/.exec(page)?.[1];
  expect(policyOf(page)).toBe(
    `default-src 'none'; script-src 'nonce-${nonce}'; style-src https://w.test; base-uri 'none'; form-action 'none'`,
  );
});

test("a nonce is used once", () => {
  expect(policyOf(pageHtml(FILES, "en", "Usage", "Loading"))).not.toBe(policyOf(pageHtml(FILES, "en", "Usage", "Loading")));
});

test("nothing in it is inline, and texts are texts", () => {
  const page = pageHtml(FILES, 'en"', `</title><script>alert('1')</script>`, "<b onclick='x'>&");
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).toContain("&#60;b onclick=&#39;x&#39;&#62;&#38;");
  expect(page).toContain('lang="en&#34;"');
  expect(page).not.toMatch(/<[a-z][^>]* (on\w+|style)=/);
});
