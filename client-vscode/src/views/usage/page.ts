import { randomBytes } from "node:crypto";

/** The addresses of the page's files. */
export interface PageFiles {
  readonly script: string;
  readonly style: string;
  /** The source for the content security policy, as the webview gives it. */
  readonly cspSource: string;
}

/**
 * The page's HTML, with a loading text until its script has drawn something. The policy allows the script with this
 * page's nonce and the extension's styles, and nothing else.
 */
export function pageHtml(files: PageFiles, language: string, title: string, loading: string): string {
  const nonce = randomBytes(18).toString("base64url");
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${files.cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="${escaped(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="${escaped(files.style)}">
</head>
<body>
<main id="usage"><h1>${escaped(title)}</h1><p class="state">${escaped(loading)}</p></main>
<script nonce="${nonce}" src="${escaped(files.script)}"></script>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
