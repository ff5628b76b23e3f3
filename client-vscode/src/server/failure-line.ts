import type { ErrorData } from "../protocol";

const MAX_CHARACTERS = 200;

/**
 * The line of the log about a request that failed. It has the fields by which a failure is found elsewhere, and never the
 * message or the params: either may repeat what was asked, or what a provider sent.
 */
export function failureLine(method: string, code: number, data: unknown): string {
  const { kind, provider, model, field, httpStatus, requestId, logId, attempts = [] } = fieldsOf(data);
  const failed = attempts.filter(({ outcome }) => outcome === "failed");
  const fields: readonly (readonly [string, unknown])[] = [
    ["code", code],
    ["kind", kind],
    ["provider", provider],
    ["model", model],
    ["field", field],
    ["status", httpStatus],
    ["request id", requestId],
    ["log id", logId],
    ["attempts", failed.length > 1 ? failed.map((one) => `${one.provider}/${one.model} (${one.error?.kind ?? "failed"})`).join(", ") : undefined],
  ];
  const known = fields.filter(([, value]) => value !== undefined && value !== null);
  return `${method} failed: ${known.map(([name, value]) => `${name} ${onOneLine(String(value))}`).join(", ")}`;
}

function fieldsOf(data: unknown): ErrorData {
  return typeof data === "object" && data !== null ? data : {};
}

/** Without what a terminal or the log would obey; ids are a provider's. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").slice(0, MAX_CHARACTERS);
}
