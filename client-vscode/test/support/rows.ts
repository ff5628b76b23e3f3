import type { BudgetStatus, Circuit, Connection, CredentialStatus, Model, Provider, UsageTotals } from "../../src/protocol";

/** A provider that needs a key and has none, unless said otherwise. */
export function provider(id: string, differences: Partial<Provider> = {}): Provider {
  return {
    id,
    displayName: id.charAt(0).toUpperCase() + id.slice(1),
    aliases: [],
    adapter: "openai_compatible",
    dialect: "openai_chat",
    connectionType: "byok",
    category: "Model Hosts",
    baseUrl: `https://api.${id}.example/v1`,
    apiKeyEnvVars: [`${id.toUpperCase()}_API_KEY`],
    requiresApiKey: true,
    status: "active",
    docsUrl: `https://docs.${id}.example`,
    keyUrl: `https://${id}.example/keys`,
    exampleModels: [],
    capabilities: ["chat"],
    supported: true,
    credential: { provider: id, source: "none" },
    connected: false,
    ...differences,
  };
}

export function credential(id: string, differences: Partial<CredentialStatus> = {}): CredentialStatus {
  return { provider: id, source: "keyring", location: `modelport/${id}`, last4: "x7Qd", ...differences };
}

export function connection(id: string, differences: Partial<Connection> = {}): Connection {
  return {
    name: id,
    provider: id,
    adapter: "openai_compatible",
    dialect: "openai_chat",
    credential: credential(id),
    verified: true,
    ...differences,
  };
}

export function model(id: string, differences: Partial<Model> = {}): Model {
  return { id, provider: "groq", source: "live", ...differences };
}

export function totals(differences: Partial<UsageTotals> = {}): UsageTotals {
  return {
    totalCalls: 3,
    failedCalls: 0,
    cancelledCalls: 0,
    inputTokens: 12_000,
    outputTokens: 345,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    usdMicros: 41_500,
    unpricedCalls: 0,
    estimatedCalls: 0,
    ...differences,
  };
}

/** What rests at Groq until 15:00:30, as Zed has met it. */
export function circuit(given: Partial<Circuit> = {}): Circuit {
  return {
    state: "open",
    baseUrl: "https://api.groq.com/openai/v1",
    oneKey: false,
    background: false,
    until: new Date(2026, 10, 20, 15, 0, 30).toISOString(),
    retryAfterMs: 30_000,
    error: { kind: "rate_limited", message: "Groq says: slow down." },
    failures: 1,
    client: "Zed",
    ...given,
  };
}

/** A budget of five dollars a day that has some left, unless said otherwise. */
export function budget(differences: Partial<BudgetStatus> = {}): BudgetStatus {
  return {
    name: "daily",
    period: "day",
    limitUsdMicros: 5_000_000,
    spentUsdMicros: 4_210_000,
    reservedUsdMicros: 0,
    fraction: 0.5,
    unpricedCalls: 0,
    action: "refuse",
    warnAt: 0.8,
    scope: {},
    state: "ok",
    ...differences,
  };
}
