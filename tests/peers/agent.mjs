// An agent on the protocol's official library: `node agent.mjs [log-in] [v2]`.
import { Readable, Writable } from "node:stream";

const options = new Set(process.argv.slice(2));
const { agent, methods, ndJsonStream, RequestError } = options.has("v2")
  ? await import("@agentclientprotocol/sdk/experimental/v2")
  : await import("@agentclientprotocol/sdk");

const models = ["small", "large"].map((value) => ({ value, name: value.toUpperCase() }));
const model = { name: "Model", category: "model", type: "select", currentValue: "small", options: models };

/** What the client answers when it is asked for something: the code of its error. */
async function asked(client) {
  try {
    const options = [{ optionId: "yes", name: "Yes", kind: "allow_once" }];
    await client.request(methods.client.session.requestPermission, { sessionId: "s", toolCall: { toolCallId: "t" }, options });
    return "granted";
  } catch (error) {
    return `refused with ${error.code}`;
  }
}

const first = {
  initialize: async ({ params, client }) => ({
    protocolVersion: params.protocolVersion,
    agentInfo: { name: "peer", title: await asked(client), version: "1.0.0" },
    agentCapabilities: { loadSession: false, sessionCapabilities: { close: {} } },
    authMethods: params.clientCapabilities?.auth?.terminal ? [{ id: "terminal", name: "Terminal", type: "terminal" }] : [],
  }),
  configOptions: [{ id: "model", ...model }],
};
const second = {
  initialize: () => ({
    protocolVersion: 2,
    info: { name: "peer", version: "2.0.0" },
    capabilities: { session: {} },
    authMethods: [{ methodId: "agent", name: "Agent", type: "agent" }],
  }),
  configOptions: [{ configId: "model", ...model }],
};
const shape = options.has("v2") ? second : first;

const app = agent({ name: "peer" })
  .onRequest(methods.agent.initialize, shape.initialize)
  .onRequest(methods.agent.session.new, () => {
    if (options.has("log-in")) throw RequestError.authRequired();
    return { sessionId: "s1", configOptions: shape.configOptions };
  })
  .onRequest(methods.agent.session.close, () => ({}));
app.connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
