// What GitHub and GitLab answer, as far as a sign-in asks them. Their addresses differ, so that one server is both.
//
// Arguments: the port (0: a free one), and the callback that is registered at GitHub. Prints where it listens. The tests say
// by /control/person who is signed in there: { id, name, member, groups }.
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

const [port, registered] = process.argv.slice(2);
const SECRET = "client-secret-of-the-registry";
const codes = new Map();
const tokens = new Set();
let person = {};

const text = async (request) => {
  let text = "";
  for await (const part of request) text += part;
  return text;
};

const authorize = (url) => {
  const ask = (name) => url.searchParams.get(name);
  if (ask("client_id") !== "registry" || ask("code_challenge_method") !== "S256" || !ask("state")) return [400];
  const code = randomUUID();
  codes.set(code, ask("code_challenge"));
  const back = new URL(ask("redirect_uri") ?? registered);
  back.search = new URLSearchParams({ code, state: ask("state") });
  return [303, {}, { Location: back.href }];
};

const redeem = (form, more) => {
  const challenge = codes.get(form.get("code"));
  codes.delete(form.get("code"));
  const digest = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
  if (form.get("client_secret") !== SECRET || challenge !== digest) return [400, { error: "invalid_grant" }];
  const token = randomUUID();
  tokens.add(token);
  return [200, { access_token: token, token_type: "bearer", ...more }];
};

const answer = async (request) => {
  const url = new URL(request.url, "http://forge.invalid");
  const route = `${request.method} ${url.pathname}`;
  if (route === "POST /control/person") {
    person = JSON.parse(await text(request));
    return [200, {}];
  }
  if (/^GET (\/login)?\/oauth\/authorize$/.test(route)) return authorize(url);
  if (route === "POST /login/oauth/access_token") return redeem(new URLSearchParams(await text(request)), {});
  if (route === "POST /oauth/token") {
    return redeem(new URLSearchParams(await text(request)), { expires_in: 7200, refresh_token: randomUUID() });
  }
  if (!tokens.has((request.headers.authorization ?? "").replace("Bearer ", ""))) return [401, { message: "Bad credentials" }];
  const team = (slug) => ({ slug, organization: { login: "acme" }, parent: null });
  switch (route) {
    case "GET /api/v3/user": return [200, { id: person.id, login: person.name }];
    case "GET /api/v3/user/memberships/orgs/acme": return person.member ? [200, { state: "active" }] : [404, {}];
    case "GET /api/v3/user/teams": return [200, person.groups.map(team)];
    case "GET /api/v4/user": return [200, { id: person.id, username: person.name, state: "active" }];
    case "GET /api/v4/groups": return [200, person.member ? ["acme", ...person.groups.map((name) => `acme/${name}`), "dev"].map((full_path) => ({ full_path })) : []];
  }
  return [404, {}];
};

const server = createServer(async (request, response) => {
  const [status, content, headers] = await answer(request);
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(content ?? {}));
});
server.listen(Number(port), "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
