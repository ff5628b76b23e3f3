// The authorization server oidc-provider from npm, with a public client for the device and the code flow; prints its
// address once it listens. DEVICE_CODE_S is how long a code of the device flow lasts. DELETE /tokens/TOKEN makes an
// access token worthless and nothing else: its revocation (RFC 7009) would end the refresh token, too.

import http from "node:http";
import Provider from "oidc-provider";

const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const server = http.createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "modelport-tests",
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token", DEVICE],
      // A native client's port is free: RFC 8252, 7.3.
      redirect_uris: ["http://127.0.0.1/callback"],
    },
    {
      client_id: "the-api",
      client_secret: "a-secret-of-tests",
      grant_types: [],
      response_types: [],
      redirect_uris: [],
    },
  ],
  features: {
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
  },
  cookies: { keys: ["a-key-of-tests"] },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
  expiresWithSession: () => false,
  rotateRefreshToken: true,
  ttl: {
    AccessToken: 3600,
    DeviceCode: Number(process.env.DEVICE_CODE_S ?? 60),
    Grant: 3600,
    IdToken: 3600,
    Interaction: 600,
    RefreshToken: 3600,
    Session: 3600,
  },
});
provider.on("server_error", (_, error) => console.error(error));
const answer = provider.callback();
server.on("request", async (request, response) => {
  if (request.method !== "DELETE") {
    answer(request, response);
    return;
  }
  const token = await provider.AccessToken.find(request.url.split("/").at(-1));
  await token.destroy();
  response.writeHead(204).end();
});
console.log(`listening on ${issuer}`);
