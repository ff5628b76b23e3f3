// A server that speaks the base protocol of LSP and does what the method it is asked for says.
// Its argument says how it starts: "well", "badly" (it ends during initialize), "never" (it does not answer).

const [how] = process.argv.slice(2);
let bytes = Buffer.alloc(0);
/** @type {Set<unknown>} */
const waiting = new Set();
/** @typedef {{ id?: unknown, method?: string, params?: Record<string, unknown>, result?: unknown, error?: unknown }} Message */

process.stdin.on("data", (chunk) => {
  bytes = Buffer.concat([bytes, chunk]);
  for (;;) {
    const head = bytes.indexOf("\r\n\r\n");
    const length = Number(/Content-Length: (\d+)/i.exec(bytes.subarray(0, Math.max(head, 0)).toString())?.[1]);
    if (head < 0 || bytes.length < head + 4 + length) {
      return;
    }
    const body = bytes.subarray(head + 4, head + 4 + length).toString();
    bytes = bytes.subarray(head + 4 + length);
    /** @type {Message} */
    const message = JSON.parse(body);
    receive(message);
  }
});
process.stdin.on("end", () => process.exit(0));

/** @type {unknown} */
let clientInfo;
/** @type {unknown} */
let capabilities;
/**
 * The requests of this server that wait for the client, with what to do with the answer.
 * @type {Map<unknown, (answer: object) => void>}
 */
const asked = new Map();

/** @param {Message} message */
function receive({ id, method, params = {}, result, error }) {
  /** @param {unknown} result */
  const reply = (result) => send({ id, result });
  if (method === undefined) {
    asked.get(id)?.(error === undefined ? { result } : { error });
    asked.delete(id);
  }
  switch (method) {
    case "initialize":
      capabilities = params["capabilities"];
      clientInfo = params["clientInfo"];
      if (how === "badly") {
        process.stderr.write("no such thing\n");
        process.exit(3);
      }
      if (how !== "never") {
        reply({ capabilities: {} });
      }
      break;
    case "shutdown":
      reply(null);
      break;
    case "exit":
      process.exit(0);
    case "test/capabilities":
      reply(capabilities);
      break;
    case "test/ask": {
      // Sends the client the request that it is asked for, and replies with the answer.
      const own = `own-${asked.size}`;
      asked.set(own, reply);
      send({ id: own, ...params });
      break;
    }
    case "test/echo":
      reply(params);
      break;
    case "test/hello":
      reply({ clientInfo, cwd: process.cwd(), pid: process.pid, env: process.env["TEST_WORD"] });
      break;
    case "test/fail":
      send({ id, error: { code: -32803, message: "No key.", data: params["data"] ?? { kind: "auth" } } });
      break;
    case "test/die":
      process.exit(3);
    case "test/wait":
      waiting.add(id);
      break;
    case "test/tell":
      send({ method: "status/changed", params: { told: params } });
      reply(null);
      break;
    case "$/cancelRequest":
      if (waiting.delete(params["id"])) {
        send({ id: params["id"], error: { code: -32800, message: "Cancelled." } });
      }
      break;
  }
}

/** @param {object} message */
function send(message) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  process.stdout.write(`Content-Length: ${body.length}\r\n\r\n`);
  process.stdout.write(body);
}
