// A plain JSON-RPC client, made of vscode-jsonrpc alone, as an editor's extension would be.
// usage: node client.mjs SERVER ARGUMENT...
// Drives the server and prints what it saw as one JSON object.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  CancellationTokenSource,
  createMessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';

const seen = { errors: [], unhandled: [] };
const [command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const exited = once(server, 'exit');
const connection = createMessageConnection(
  new StreamMessageReader(server.stdout),
  new StreamMessageWriter(server.stdin),
);
connection.onError(([error]) => seen.errors.push(String(error)));
connection.onUnhandledNotification(({ method }) => seen.unhandled.push(method));

const updates = new Map();
let announce = () => {};
connection.onNotification('completion/update', ({ streamId, seq, update }) => {
  updates.set(streamId, [...(updates.get(streamId) ?? []), { seq, ...update }]);
  announce(streamId);
});
const calls = [];
connection.onNotification('usage/updated', ({ call }) => calls.push(call));
const statuses = [];
connection.onNotification('status/changed', ({ busy }) => statuses.push(busy));
connection.listen();

/** The first update of a stream. */
function begun(streamId) {
  return new Promise((resolve) => {
    announce = (id) => id === streamId && resolve();
  });
}

/** What a request was refused with. */
async function refusal(request) {
  try {
    return { result: await request };
  } catch (error) {
    const { code, message, data } = error;
    return { typed: error instanceof ResponseError, code, message, data };
  }
}

seen.initialize = await connection.sendRequest('initialize', {
  processId: process.pid,
  rootUri: null,
  capabilities: {},
  clientInfo: { name: 'plain' },
});
await connection.sendNotification('initialized', {});
seen.withoutParams = await connection.sendRequest('provider/status');

const ask = { model: 'mock/mock', prompt: 'Grüße, 東京 🦊', streamId: 'one' };
seen.completion = await connection.sendRequest('completion/create', ask);
// Everything that belongs to the stream has come before the reply.
seen.updates = updates.get('one');

const cancel = new CancellationTokenSource();
const first = begun('two');
const endless = { model: 'mock/mock:words=100000,delay=5', prompt: 'x', streamId: 'two' };
const cancelled = refusal(connection.sendRequest('completion/create', endless, cancel.token));
await first;
cancel.cancel();
seen.cancelled = await cancelled;
const after = updates.get('two').length;

seen.wrong = await refusal(connection.sendRequest('completion/create', { messages: [{ role: 'robot', content: 'x' }] }));
seen.failed = await refusal(
  // The wait is more than a quarter of the time, so it is told and not waited.
  connection.sendRequest('completion/create', { model: 'mock/mock:fail=rate_limited', prompt: 'x', timeoutMs: 3000 }),
);
seen.unknown = await refusal(connection.sendRequest('no/such', {}));
seen.many = (
  await Promise.all(
    Array.from({ length: 50 }, (_, number) =>
      connection.sendRequest('completion/create', { model: 'mock/mock', prompt: `number ${number}` }),
    ),
  )
).map(({ text }) => text);
seen.updatesAfterCancel = updates.get('two').length - after;
seen.statuses = statuses;
seen.outcomes = calls.map(({ outcome }) => outcome);

seen.shutdown = await connection.sendRequest('shutdown');
await connection.sendNotification('exit');
const [code, signal] = await exited;
seen.exit = { code, signal };
connection.dispose();
console.log(JSON.stringify(seen));
