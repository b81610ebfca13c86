// A certified OpenID Connect provider with one client, whose people and faults the tests choose.
//
// Arguments: the port (0: a free one), and the redirect URIs of the client. Prints where it listens. Below /control/ the
// tests say what it does; everything else is the provider's.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Provider } from "oidc-provider";

const [port, ...redirectUris] = process.argv.slice(2);
const people = new Map();
let mode = {};
let asked = [];

// What the provider takes for the time.
const now = Date.now;
Date.now = () => now() + (mode.skew ?? 0) * 1000;

const jwk = (type, options, more) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), use: "sig", ...more });
const keys = [
  jwk("rsa", { modulusLength: 2048 }, { alg: "RS256", kid: `rsa-${process.pid}` }),
  jwk("ec", { namedCurve: "P-256" }, { alg: "ES256", kid: `ec-${process.pid}` }),
];

const configuration = (issuer) => ({
  clients: [{
    client_id: "registry",
    client_secret: "client-secret-of-the-registry",
    redirect_uris: redirectUris,
    grant_types: ["authorization_code", "refresh_token"],
    id_token_signed_response_alg: "RS256",
  }],
  jwks: { keys },
  cookies: { keys: ["tests"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups", "realm_access", "hd", "preferred_username"] },
  scopes: ["openid", "email", "groups", "offline_access"],
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: true }, userinfo: { enabled: true }, revocation: { enabled: true } },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client, code) => client.grantTypeAllowed("refresh_token") && code.scopes.has("offline_access"),
  ttl: { AccessToken: 3600, IdToken: 3600, RefreshToken: 86400, Interaction: 600, Session: 86400, Grant: 86400, AuthorizationCode: 60 },
  async findAccount(ctx, sub) {
    const claims = people.get(sub);
    return claims && { accountId: sub, claims: async () => ({ sub, ...claims }) };
  },
});

const body = async (request) => {
  let text = "";
  for await (const part of request) text += part;
  return text === "" ? {} : JSON.parse(text);
};

// A refresh token, as if someone had signed in through another program of the same client.
const grant = async ({ sub }) => {
  const client = await provider.Client.find("registry");
  const scope = "openid email groups offline_access";
  const grant = new provider.Grant({ accountId: sub, clientId: client.clientId });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  const authTime = Math.floor(Date.now() / 1000);
  const token = new provider.RefreshToken({ accountId: sub, authTime, client, grantId, gty: "authorization_code", rotations: 0, scope });
  return { refresh_token: await token.save() };
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://provider.invalid");
  if (url.pathname.startsWith("/control/")) {
    const content = await body(request);
    let answer = {};
    switch (url.pathname) {
      case "/control/person": people.set(content.sub, content.claims); break;
      case "/control/remove": people.delete(content.sub); break;
      case "/control/grant": answer = await grant(content); break;
      case "/control/mode": mode = content; break;
      case "/control/asked": answer = asked; asked = []; break;
    }
    response.setHeader("Content-Type", "application/json").end(JSON.stringify(answer));
    return;
  }
  asked.push(`${request.method} ${url.pathname}`);
  // { "at": "/token", "status": 503 } and the like: what is answered instead of the provider.
  if (mode.at !== undefined && url.pathname.startsWith(mode.at)) {
    if (mode.wait) await sleep(mode.wait);
    if (mode.status !== undefined) {
      response.writeHead(mode.status, { "Content-Type": mode.type ?? "application/json" }).end(mode.body ?? "");
      return;
    }
    // Edits the provider's own answer.
    if (mode.replace !== undefined) {
      const end = response.end.bind(response);
      response.end = (content) => {
        const edited = String(content).replaceAll(mode.replace, mode.by);
        response.setHeader("Content-Length", Buffer.byteLength(edited));
        return end(edited);
      };
    }
  }
  callback(request, response);
});

let provider, callback;
server.listen(Number(port), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, configuration(issuer));
  callback = provider.callback();
  console.log(`listening on ${issuer}`);
});
