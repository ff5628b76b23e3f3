import type { Server } from "../client";
import type { CreditBalance, CreditsUsageResult, Health, Provider } from "../protocol";
import { isReady } from "./origin";

/** How long a credit is shown before the provider is asked again: each question is a request to it, with the key. */
const KEPT_MS = 300_000;

/** The credit of an account, or of a key only, in each of its currencies. */
export interface Credit {
  readonly scope: "account" | "key";
  readonly balances: readonly CreditBalance[];
}

/** The credits of providers, each requested at most once in five minutes. */
export class Credits {
  private readonly kept = new Map<string, { readonly at: number; readonly credit: Promise<Credit | undefined> }>();

  constructor(private readonly server: Pick<Server, "request">) {}

  /**
   * The credit of a provider that was called in this session, or that the user wants to be asked; undefined where it
   * reports none, or could not be asked. For a view that is merely opened no key is read and no provider is called.
   */
  async of(provider: Provider, health: Health | undefined, wanted = false): Promise<Credit | undefined> {
    if (provider.reportsCredits !== true || !provider.supported || !isReady(provider)) {
      return undefined;
    }
    const known = this.kept.get(provider.id);
    if (known === undefined && !wanted && (health?.calls ?? 0) === 0) {
      return undefined;
    }
    if (known !== undefined && Date.now() - known.at < KEPT_MS) {
      return known.credit;
    }
    const request = this.server.request("usage/credits", { provider: provider.id });
    const credit = request.then(creditOf).catch(() => undefined);
    this.kept.set(provider.id, { at: Date.now(), credit });
    return credit;
  }

  /** Requests each again when it is next shown. */
  clear(): void {
    this.kept.clear();
  }
}

function creditOf({ scope, balances, remainingUsdMicros, totalUsdMicros, usedUsdMicros }: CreditsUsageResult): Credit | undefined {
  const dollars: CreditBalance = {
    currency: "USD",
    ...(isNumber(remainingUsdMicros) && { remainingMicros: remainingUsdMicros }),
    ...(isNumber(totalUsdMicros) && { totalMicros: totalUsdMicros }),
    ...(isNumber(usedUsdMicros) && { usedMicros: usedUsdMicros }),
  };
  const reported = (balances ?? [dollars]).filter(({ remainingMicros, totalMicros, usedMicros }) =>
    [remainingMicros, totalMicros, usedMicros].some(isNumber),
  );
  return reported.length === 0 ? undefined : { scope: scope === "key" ? "key" : "account", balances: reported };
}

/** The wire may say null where the types say that it is not there. */
function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
