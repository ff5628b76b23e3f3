import * as vscode from "vscode";

import type { CreditBalance, Model, Price, UsageTotals } from "../protocol";

/** A number of tokens, short: 131K. */
export function tokens(count: number): string {
  const options = { notation: "compact", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(vscode.env.language, options).format(count);
}

/** An amount of money, in dollars, with as many digits as small amounts need. */
export function money(usd: number): string {
  const digits = usd !== 0 && usd < 1 ? 4 : 2;
  const options = { style: "currency", currency: "USD", maximumFractionDigits: digits, minimumFractionDigits: 2 } as const;
  return new Intl.NumberFormat(vscode.env.language, options).format(usd);
}

/** An amount in a currency by its ISO 4217 code; in words where a provider has another word for it. */
function amountIn(currency: string, micros: number): string {
  const amount = micros / 1_000_000;
  const { language } = vscode.env;
  try {
    return new Intl.NumberFormat(language, { style: "currency", currency, minimumFractionDigits: 2 }).format(amount);
  } catch {
    return `${new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(amount)} ${currency}`;
  }
}

/** What is left of a credit, or what is known of it: $3.20 left of $10.00. */
export function balanceText({ currency, remainingMicros, totalMicros, usedMicros }: CreditBalance): string {
  const [left, total, used] = [remainingMicros, totalMicros, usedMicros].map((micros) =>
    typeof micros === "number" ? amountIn(currency, micros) : undefined,
  );
  if (left !== undefined) {
    return total === undefined ? vscode.l10n.t("{0} left", left) : vscode.l10n.t("{0} left of {1}", left, total);
  }
  if (used === undefined) {
    return total ?? "";
  }
  return total === undefined ? vscode.l10n.t("{0} spent", used) : vscode.l10n.t("{0} spent of {1}", used, total);
}

/** What calls cost; empty where no price is known, with a sign that it is more where some are not. */
export function cost(totals: UsageTotals): string {
  if (totals.totalCalls > 0 && totals.unpricedCalls >= totals.totalCalls) {
    return "";
  }
  const known = money(totals.usdMicros / 1_000_000);
  return totals.unpricedCalls > 0 ? vscode.l10n.t("at least {0}", known) : known;
}

/** A model's limits and price, as far as they are known. */
export function modelDetail(model: Model): string {
  return [limits(model), model.price === undefined ? "" : price(model.price)].filter(Boolean).join(" · ");
}

function limits({ contextWindow, maxOutputTokens }: Model): string {
  const parts: string[] = [];
  if (contextWindow !== undefined) {
    parts.push(vscode.l10n.t("{0} context", tokens(contextWindow)));
  }
  if (maxOutputTokens !== undefined) {
    parts.push(vscode.l10n.t("{0} output", tokens(maxOutputTokens)));
  }
  return parts.join(", ");
}

function price({ inputUsdPerMtok, outputUsdPerMtok }: Price): string {
  if (inputUsdPerMtok === undefined || outputUsdPerMtok === undefined) {
    return "";
  }
  if (inputUsdPerMtok === 0 && outputUsdPerMtok === 0) {
    return vscode.l10n.t("free");
  }
  return vscode.l10n.t("{0} in, {1} out per million tokens", money(inputUsdPerMtok), money(outputUsdPerMtok));
}
