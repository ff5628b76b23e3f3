import { describe, expect, it } from "vitest";

import { informationOf, lineage, limits, priceText, type ProviderName } from "../../../src/models/information";
import type { Model } from "../../../src/protocol";

const NAMES = new Map<string, ProviderName>([
  ["acme", { displayName: "Acme", local: false }],
  ["box", { displayName: "Box", local: true }],
]);

function model(id: string, more: Partial<Model> = {}): Model {
  return { id, provider: "acme", source: "live", ...more };
}

function ids(...models: Model[]): string[] {
  return informationOf(models, NAMES).map((one) => one.id);
}

describe("what the picker shows of a model", () => {
  it("has what is known of it", () => {
    const [shown] = informationOf(
      [
        model("acme/wise-2-2026-01-31", {
          displayName: "Wise 2",
          contextWindow: 200_000,
          maxOutputTokens: 64_000,
          inputModalities: ["text", "image"],
          tools: true,
          reasoning: true,
          price: { inputUsdPerMtok: 0.25, outputUsdPerMtok: 2 },
          retiresOn: "2027-01-01",
          successor: "wise-3",
        }),
      ],
      NAMES,
    );
    expect(shown).toMatchObject({
      id: "acme/acme/wise-2-2026-01-31",
      name: "Wise 2",
      family: "wise-2",
      version: "2026-01-31",
      detail: "Acme · $0.25 in, $2.00 out per M",
      maxInputTokens: 136_000,
      maxOutputTokens: 64_000,
      capabilities: { imageInput: true, toolCalling: true },
      isUserSelectable: true,
      category: { label: "Acme", order: 0 },
    });
    expect(shown?.tooltip?.split("  \n")).toEqual([
      "acme/wise-2-2026-01-31 at Acme",
      "Context: 200,000 tokens",
      "Output: up to 64,000 tokens",
      "Price: $0.25 in, $2.00 out per M",
      "Tools: yes",
      "Thinks before it answers",
      "Retires on 2027-01-01; wise-3 replaces it",
    ]);
  });

  it("has the name of its connection, where that has one of its own", () => {
    const live = model("a", { connection: "work" });
    const shown = informationOf([model("a"), live, model("b", { connection: "work", source: "catalog" })], NAMES);
    expect(shown.map(({ id, category, detail }) => [id, category.label, category.order, detail])).toEqual([
      ["acme/a", "Acme", 0, "Acme"],
      ["work/a", "Acme (work)", 1, "Acme (work)"],
    ]);
  });

  it("says what it assumes where nothing is known", () => {
    const [shown] = informationOf([model("m", { provider: "new" })], NAMES);
    expect(shown).toMatchObject({
      name: "m",
      detail: "new",
      maxInputTokens: 119_808,
      maxOutputTokens: 8_192,
      capabilities: { imageInput: false, toolCalling: true },
    });
    expect(shown?.tooltip).toContain("Context: not known, 128,000 tokens assumed");
    expect(shown?.tooltip).toContain("Output: not known, 8,192 tokens assumed");
    expect(shown?.tooltip).toContain("Price: not known");
    expect(shown?.tooltip).toContain("Tools: not known, assumed");
  });

  it("says what a model cannot do, and how it is kept", () => {
    const told = model("m", { tools: false, quantization: "Q4_K_M", retiresOn: "2027-01-01" });
    const [shown] = informationOf([told], NAMES);
    expect(shown?.capabilities.toolCalling).toBe(false);
    expect(shown?.tooltip).toContain("Tools: no  \nQuantization: Q4_K_M  \nRetires on 2027-01-01");
  });

  it("groups by provider in the order of the list", () => {
    const shown = informationOf([model("a", { provider: "box" }), model("b"), model("c", { provider: "box" })], NAMES);
    expect(shown.map((one) => one.category)).toEqual([
      { label: "Box", order: 0 },
      { label: "Acme", order: 1 },
      { label: "Box", order: 0 },
    ]);
  });
});

describe("which models are offered", () => {
  it("leaves out what does not chat", () => {
    expect(
      ids(
        model("a", { capabilities: ["embeddings"] }),
        model("b", { capabilities: ["images"] }),
        model("c", { capabilities: ["moderation"] }),
        model("text-embedding-3-small"),
        model("whisper-1"),
        model("dall-e-3"),
        model("gpt-image-1"),
        model("gpt-4o-mini-tts"),
        model("qwen3-reranker:8b"),
      ),
    ).toEqual([]);
  });

  it("keeps what is known to call tools, whatever it is called and can do besides", () => {
    const named = model("m-image-2", { tools: true });
    expect(ids(named, model("n", { tools: true, capabilities: ["images", "json_mode"] }), model("imagine-1"))).toEqual([
      "acme/m-image-2",
      "acme/n",
      "acme/imagine-1",
    ]);
  });

  it("leaves out what is retired", () => {
    expect(ids(model("a", { retired: true }), model("b", { retiresOn: "2999-01-01" }))).toEqual(["acme/b"]);
  });

  it("takes names from elsewhere only where the provider has told none", () => {
    expect(ids(model("a", { source: "curated" }), model("b", { source: "catalog" }))).toEqual(["acme/a", "acme/b"]);
    expect(ids(model("a", { source: "curated" }), model("b"))).toEqual(["acme/b"]);
  });

  it("takes from a server of one's own only what it has", () => {
    const known = model("a", { provider: "box", source: "curated" });
    expect(ids(known)).toEqual([]);
    expect(ids(known, model("b", { provider: "box" }))).toEqual(["box/b"]);
  });
});

describe("limits", () => {
  it.each([
    // The window is shared: input and output fit it together.
    [{ contextWindow: 400_000, maxOutputTokens: 128_000 }, 272_000, 128_000],
    // No limit of its own below the window.
    [{ contextWindow: 131_072, maxOutputTokens: 131_072 }, 122_880, 8_192],
    [{ contextWindow: 4_096 }, 3_072, 1_024],
    [{ contextWindow: 8_192, maxOutputTokens: 8_000 }, 4_096, 4_096],
    [{ maxOutputTokens: 128_000 }, 128_000, 128_000],
    [{ maxOutputTokens: 4_096 }, 123_904, 4_096],
  ])("%j", (told, maxInputTokens, maxOutputTokens) => {
    expect(limits(model("m", told))).toEqual({ maxInputTokens, maxOutputTokens });
  });
});

describe("prices", () => {
  it.each([
    [undefined, undefined],
    [{}, undefined],
    [{ inputUsdPerMtok: 0, outputUsdPerMtok: 0 }, "free"],
    [{ inputUsdPerMtok: 3 }, "$3.00 in per M"],
    [{ outputUsdPerMtok: 0.1 + 0.2 }, "$0.30 out per M"],
    [{ inputUsdPerMtok: 0, outputUsdPerMtok: 12.5 }, "$0.00 in, $12.50 out per M"],
  ])("%j", (price, text) => {
    expect(priceText(price)).toBe(text);
  });
});

describe("family and version", () => {
  it.each([
    ["gpt-4o-2024-08-06", "gpt-4o", "2024-08-06"],
    ["openai/gpt-4.1", "gpt-4.1", "gpt-4.1"],
    ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5", "20250929"],
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5", "20250929"],
    ["claude-opus-4@20250514", "claude-opus-4", "20250514"],
    ["mistral-large-latest", "mistral-large", "latest"],
    ["qwen3:8b", "qwen3", "8b"],
    ["Qwen/Qwen3-0.6B", "qwen3-0.6b", "qwen3-0.6b"],
  ])("%s", (id, family, version) => {
    expect(lineage(id)).toEqual({ family, version });
  });
});
