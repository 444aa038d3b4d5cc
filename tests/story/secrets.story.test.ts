import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Provider } from "@postd/connector-kit";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { allProviders } from "@postd/connectors";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import type { JobQueue } from "@postd/core";
import { type ApiSession, grantThroughBrowser, openSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";
import { pkceProvider, pkceSimulator } from "./pkce-platform.ts";
import { type Find, findSecrets, formsOf, type Planted, plant, tapped } from "./secret-search.ts";

/** Answers whose purpose is to hand a secret to the one person it belongs to. */
const meantToShow = /^(POST \/api\/api-keys 201|POST \/api\/oauth\/\w+\/start 200)$/;

interface Watched {
  readonly planted: Planted;
  readonly places: Readonly<Record<string, string>>;
  readonly finds: readonly Find[];
  readonly refusals: number;
}

describe("secrets stay sealed", () => {
  it("the search finds a secret in every form it may have, in the middle of anything", () => {
    const value = "s3cret/with+signs=&long";
    const planted: Planted = new Map([["token", new Set([value])]]);
    for (const around of ["", "x", "xy", "xyz"]) {
      const text = `${around}${value}${around}`;
      const bytes = Buffer.from(text);
      const shown = [text, encodeURIComponent(text), bytes.toString("hex"), bytes.toString("hex").toUpperCase()];
      shown.push(bytes.toString("base64"), bytes.toString("base64url"));
      for (const form of shown) assert.notEqual(findSecrets({ log: `{"a":"${form}"}` }, planted).length, 0, form);
    }
    assert.equal(Object.keys(formsOf(value)).length, 9);
    assert.deepEqual(findSecrets({ log: "nothing to see" }, planted), []);
  });

  it("no secret is in any log line, answer, attempt, queue task or table, whatever went wrong on the way", async () => {
    const { finds, planted, places, refusals } = await watch({ leaks: false });
    const kinds = [...planted.keys()];
    for (const kind of [
      ...["access_token", "refresh_token", "code", "code_verifier", "client_secret", "Authorization"],
      ...["app password", "accessJwt", "refreshJwt", "session cookie", "API key", "app_secret", "oauth state"],
      "signed media URL",
    ])
      assert.ok(kinds.includes(kind), `${kind} was never used; seen: ${kinds.join(", ")}`);
    assert.ok(refusals >= 8, `only ${refusals} error answers were seen`);
    for (const [place, text] of Object.entries(places)) assert.ok(text.length > 100, `${place} is as good as empty`);
    assert.deepEqual(finds, []);
  });

  it("a connector that leaks is found out in each of these places", async () => {
    const { finds } = await watch({ leaks: true });
    const places = new Set(finds.map(({ place }) => place));
    for (const place of ["log", "answers", "publish_attempts", "pgboss.job waiting", "public.publish_jobs"])
      assert.ok(places.has(place), `nothing was found in ${place}; found in ${[...places].join(", ")}`);
  });

  it("a sealed value moved to another connection or tenant opens nowhere, and the API says what to do", async () => {
    const system = await startSystem();
    try {
      const [ada, bob] = [await system.signUp({ name: "Ada" }), await system.signUp({ name: "Bob" })];
      const [mine, second] = [await connectBluesky(system, ada), await connectBluesky(system, ada)];
      const [theirs, whole] = [await connectBluesky(system, bob), await connectBluesky(system, ada)];
      const job = async (connectionId: string) =>
        (
          await ada.must("POST", "/api/publish", {
            connectionId,
            payload: { content: "Not with these keys", scheduledFor: new Date(Date.now() + 60_000).toISOString() },
          })
        ).id;
      const jobs = [await job(mine.id), await job(whole.id)];
      for (const [to, from] of [
        [mine.id, second.id],
        [second.id, theirs.id],
      ])
        await system.query(
          `update encrypted_secrets s set nonce = o.nonce, ciphertext = o.ciphertext
             from encrypted_secrets o, connections mine, connections other
             where mine.id = $1 and other.id = $2 and o.name = s.name
               and (s.owner_id, o.owner_id) in ((mine.id, other.id), (mine.sign_in_id, other.sign_in_id))`,
          [to, from],
        );
      for (const { id } of [mine, second])
        for (const verb of ["check", "refresh"]) {
          const answer = await ada.call("POST", `/api/connections/${id}/${verb}`);
          assert.ok(answer.status < 500, `${verb}: ${answer.status} ${JSON.stringify(answer.body)}`);
          const { status, statusReason } = await ada.must("GET", `/api/connections/${id}`);
          assert.equal(status, "attention");
          assert.match(statusReason.message, /sign in again/i);
        }
      await system.clock.advance(61_000);
      await system.settle();
      const [held, sent] = await Promise.all(jobs.map((id) => ada.must("GET", `/api/publish/${id}`)));
      assert.deepEqual([held.state, held.heldReason], ["held", "attention"]);
      assert.equal(sent.state, "published");
      assert.equal((await system.sim("GET", "bluesky/posts")).posts.length, 1);
      // Disconnecting needs no token to work here.
      assert.equal((await ada.call("DELETE", `/api/connections/${mine.id}`)).status, 200);
    } finally {
      await system.close();
    }
  });
});

/** Runs every flow with secrets in it, then searches wherever they could have stayed. */
async function watch({ leaks }: { readonly leaks: boolean }): Promise<Watched> {
  const planted: Planted = new Map();
  const providers: readonly Provider[] = [...allProviders, pkceProvider({ leaks })];
  const simulators = [...simulatorDefinitions, pkceSimulator].map((definition) => tapped(definition, planted));
  for (const { appCredentials } of simulators)
    for (const values of Object.values(appCredentials))
      for (const [name, value] of Object.entries(values)) if (/secret|token/i.test(name)) plant(planted, name, value);
  let waiting = "";
  let system: System | undefined;
  const throughQueue = (engine: JobQueue): JobQueue => ({
    ...engine,
    async push(tasks) {
      const [token = ""] = planted.get("access_token") ?? [];
      await engine.push(leaks ? tasks.map(({ jobId }) => ({ jobId, tenantId: token })) : tasks);
      waiting += await rowsOf(system, "pgboss.job");
      if (leaks) await engine.push(tasks);
    },
  });
  system = await startSystem({ providers, simulators, throughQueue });
  const answers = recordAnswers(system.url);
  try {
    await runFlows(system, planted);
    const places: Record<string, string> = {
      log: system.log(),
      answers: answers.text(),
      publish_attempts: await rowsOf(system, "public.publish_attempts"),
      "pgboss.job waiting": waiting,
    };
    const dump = await dumpOf(system);
    const all = { ...places, ...dump };
    return { planted, finds: findSecrets(all, planted), places, refusals: answers.refusals() };
  } finally {
    answers.stop();
    await system.close();
  }
}

async function runFlows(system: System, planted: Planted): Promise<void> {
  const ida = await system.signUp({ name: "Ida" });
  for (const cookie of ida.cookies().split("; ")) {
    const value = decodeURIComponent(cookie.slice(cookie.indexOf("=") + 1));
    plant(planted, "session cookie", value);
    plant(planted, "session cookie", value.split(".")[0]);
  }
  const { scopes } = await ida.must("GET", "/api/me");
  const { key } = await ida.must("POST", "/api/api-keys", { name: "program", scopes }, { "idempotency-key": "once" });
  plant(planted, "API key", key);
  const program = openSession(system.url, { apiKey: key });
  await program.call("GET", "/api/connections");
  await openSession(system.url, { apiKey: `${key}x` }).call("GET", "/api/connections");
  await fetch(`${system.url}/api/connections`, { headers: { cookie: `${ida.cookies()}x` } });
  await pkceFlow(system, ida, planted);
  await blueskyFlow(system, program, planted);
  await metaFlow(system, ida, planted);
}

const send = async (system: System, session: ApiSession, connectionId: string, content: string, more: object = {}) => {
  const key = content.replaceAll(/\W/g, "-");
  await session.call(
    "POST",
    "/api/publish",
    { connectionId, payload: { content, ...more } },
    { "idempotency-key": key },
  );
  await system.settle();
};

/** PKCE, code, client secret, rotation; a platform that repeats all of them in its errors. */
async function pkceFlow(system: System, ida: ApiSession, planted: Planted): Promise<void> {
  const back = async (code: (challenge: string) => Promise<string>) => {
    const { authUrl, state } = await ida.must("POST", "/api/oauth/pkce/start", {});
    plant(planted, "oauth state", state);
    const given = await code(new URL(authUrl).searchParams.get("code_challenge") ?? "");
    plant(planted, "code", given);
    const query = new URLSearchParams({ state, code: given });
    return ida.call("GET", `/api/oauth/pkce/callback?${query}`, undefined, { accept: "application/json" });
  };
  const consent = async (challenge: string) =>
    (await system.sim("POST", "pkce/act", { action: "consent", challenge })).code;
  await back(async () => "code-that-was-never-given-0123456789");
  await back(() => consent("challenge-of-somebody-else-000000000"));
  const granted = await back(consent);
  const [used = ""] = [...(planted.get("oauth state") ?? [])].slice(-1);
  await ida.call(
    "GET",
    `/api/oauth/pkce/callback?${new URLSearchParams({ state: used, code: "code-given-once-0123456789" })}`,
  );
  const { connections } = await ida.must("POST", "/api/connections", {
    grantId: granted.body.grantId,
    accounts: [{ platform: "pkce", externalId: "person-1" }],
  });
  const [{ id }] = connections;
  for (const text of ["all well", "refuse this", "expire, then well", "break this", "drop this"])
    await send(system, ida, id, text);
  await system.clock.advance(20_000);
  await system.settle();
  await ida.call("POST", `/api/connections/${id}/refresh`);
  await ida.call("POST", `/api/connections/${id}/check`);
  // A started sign-in that nobody finishes leaves its sealed verifier behind.
  await ida.must("POST", "/api/oauth/pkce/start", {});
  // Another sign-in ends the tokens the connection has: check and renewal are refused with them repeated.
  await back(consent);
  await ida.call("POST", `/api/connections/${id}/check`);
  await ida.call("POST", `/api/connections/${id}/refresh`);
  await send(system, ida, id, "held now");
  await ida.call("DELETE", `/api/connections/${id}`);
}

/** App password, session tokens that rotate, faults around a post. */
async function blueskyFlow(system: System, program: ApiSession, planted: Planted): Promise<void> {
  const account = await connectBluesky(system, program);
  plant(planted, "app password", account.appPassword);
  await program.call("POST", "/api/connections", {
    platform: "bluesky",
    keys: { identifier: account.handle, appPassword: `${account.appPassword.slice(0, -4)}xxxx` },
  });
  plant(planted, "app password", `${account.appPassword.slice(0, -4)}xxxx`);
  for (const fault of ["tokenExpired", "serverError", "dropAfterAccept", "rateLimited"]) {
    await system.sim("POST", "bluesky/faults", { fault });
    await send(system, program, account.id, `With ${fault}`);
    await system.clock.advance(40_000);
    await system.settle();
  }
  await system.clock.advance(3 * 3_600_000);
  await send(system, program, account.id, "With renewed tokens");
  await system.sim("POST", "bluesky/faults", { fault: "tokenRevoked" });
  await send(system, program, account.id, "With revoked tokens");
  await program.call("POST", `/api/connections/${account.id}/refresh`);
}

/** Code, page tokens, app secret, media that the platform pulls, webhooks signed well and badly. */
async function metaFlow(system: System, ida: ApiSession, planted: Planted): Promise<void> {
  const { grantId } = await grantThroughBrowser(ida, "facebook");
  const { accounts } = await ida.must("GET", `/api/grants/${grantId}`);
  const usable = accounts.filter((account: { blocked?: string }) => !account.blocked);
  const chosen = ["facebook", "instagram"].map((platform) =>
    usable.find((account: { platform: string }) => account.platform === platform),
  );
  const { connections } = await ida.must("POST", "/api/connections", {
    grantId,
    accounts: chosen.map(({ platform, externalId }) => ({ platform, externalId })),
  });
  const media = await ida.upload(sampleJpeg({ width: 1080, height: 1080, seed: 7 }), "beans.jpg");
  for (const { id, platform } of connections) {
    await send(system, ida, id, `A picture on ${platform}`, { mediaIds: [media.id] });
    await ida.call("POST", `/api/connections/${id}/check`);
    await system.sim("POST", "meta/faults", { fault: "tokenExpired" });
    await send(system, ida, id, `An ended token on ${platform}`, { mediaIds: [media.id] });
  }
  const [{ externalId: pageId }] = chosen;
  const url = `${system.url}/api/webhooks/facebook`;
  await system.sim("POST", "meta/act", {
    action: "emit",
    object: "page",
    url,
    entry: [{ id: pageId, time: 1_795_000_000, changes: [{ field: "feed", value: { item: "comment", verb: "add" } }] }],
  });
  await system.sim("POST", "meta/act", { action: "settle" });
  const [proof = ""] = planted.get("appsecret_proof") ?? [];
  await fetch(url, { method: "POST", headers: { "x-hub-signature-256": `sha256=${proof}` }, body: "{}" });
  await system.settle();
}

/** Every answer of the API, as any client saw it. */
function recordAnswers(baseUrl: string) {
  const original = globalThis.fetch;
  const lines: string[] = [];
  let refusals = 0;
  globalThis.fetch = async (input, init) => {
    const response = await original(input, init);
    const url = new URL(input instanceof Request ? input.url : input);
    // Media are fetched by the simulators, by the signed address.
    if (url.origin !== baseUrl || url.pathname.startsWith("/media/")) return response;
    const name = `${init?.method ?? "GET"} ${url.pathname} ${response.status}`;
    if (response.status >= 400) refusals += 1;
    if (meantToShow.test(name)) return response;
    const headers = [...response.headers].filter(([header]) => header !== "set-cookie");
    lines.push(`${name} ${JSON.stringify(headers)} ${await response.clone().text()}`);
    return response;
  };
  return {
    text: () => lines.join("\n"),
    refusals: () => refusals,
    stop: () => {
      globalThis.fetch = original;
    },
  };
}

/** Every row of every table of every schema, as text; bytes come in hex. */
async function dumpOf(system: System): Promise<Record<string, string>> {
  const tables = await system.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1`,
  );
  assert.ok(tables.length > 30, `only ${tables.length} tables`);
  const entries: [string, string][] = [];
  for (const { name } of tables) entries.push([name, await rowsOf(system, name)]);
  return Object.fromEntries(entries);
}

async function rowsOf(system: System | undefined, table: string): Promise<string> {
  const rows = (await system?.query<{ row: string }>(`select t::text as row from ${table} t`)) ?? [];
  return rows.map(({ row }) => row).join("\n");
}
