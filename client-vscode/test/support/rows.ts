import type { Connection, CredentialStatus, Model, Provider, UsageTotals } from "../../src/protocol";

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
    ...differences,
  };
}
