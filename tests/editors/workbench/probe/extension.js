// Another vendor's extension, which uses the models through the editor's public interface, and writes its
// observations to PROBE_FILE.

const { writeFile, rename } = require("node:fs/promises");
const vscode = require("vscode");

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const TOOL = {
  name: "weather",
  description: "Tells the weather of a city.",
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

exports.activate = ({ subscriptions }) => {
  subscriptions.push(
    vscode.commands.registerCommand("probe.ask", async () => {
      const seen = await look().catch((error) => ({ failed: String(error?.stack ?? error) }));
      const file = process.env.PROBE_FILE;
      await writeFile(`${file}.new`, JSON.stringify(seen));
      await rename(`${file}.new`, file);
    }),
  );
};

async function look() {
  const all = await vscode.lm.selectChatModels({ vendor: "modelport" });
  const [model] = await vscode.lm.selectChatModels({ vendor: "modelport", id: "study/study-1" });
  const { User } = vscode.LanguageModelChatMessage;
  const image = new vscode.LanguageModelDataPart(Buffer.from(PIXEL, "base64"), "image/png");
  const toolMode = vscode.LanguageModelChatToolMode.Required;
  return {
    models: all.map(({ id, vendor, name, family, version, maxInputTokens }) => ({
      id, vendor, name, family, version, maxInputTokens,
    })),
    text: await ask(model, [User("probe: tell")]),
    image: await ask(model, [User([new vscode.LanguageModelTextPart("probe: look"), image])]),
    tool: await ask(model, [User("probe: call")], { tools: [TOOL], toolMode }),
    thought: await ask(model, [User("probe: think")]),
    refused: await ask(model, [User("probe: refuse")]),
    filtered: await ask(model, [User("probe: filter")]),
    cancelled: await ask(model, [User("probe: wait")], {}, 1),
    options: await ask(model, [User("probe: warm")], { modelOptions: { temperature: 0.3 } }),
    tokens: await model.countTokens("Twelve words"),
  };
}

/** What came back, piece by piece, and how it ended; cancelled after so many pieces where that is wanted. */
async function ask(model, messages, options = {}, pieces = Number.POSITIVE_INFINITY) {
  const source = new vscode.CancellationTokenSource();
  const parts = [];
  try {
    const response = await model.sendRequest(messages, options, source.token);
    for await (const part of response.stream) {
      parts.push(described(part));
      if (parts.length === pieces) {
        source.cancel();
      }
    }
    return { parts };
  } catch (error) {
    const known = error instanceof vscode.LanguageModelError;
    return { parts, error: { known, code: error.code, name: error.name, message: error.message } };
  }
}

function described(part) {
  if (part instanceof vscode.LanguageModelTextPart) {
    return { text: part.value };
  }
  if (part instanceof vscode.LanguageModelToolCallPart) {
    return { call: part.name, id: part.callId, input: part.input };
  }
  return { other: part?.constructor?.name };
}
