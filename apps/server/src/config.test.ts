import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import type { Provider } from "@postd/connector-kit";
import { appCredentialEnvName } from "./config/apps.ts";
import { ConfigError } from "./config/config-error.ts";
import { parseConfig } from "./config.ts";

const field = (name: string, secret: boolean) => ({ name, secret, required: true, help: `the app's ${name}` });
const sets = [{ id: "meta", fields: [field("clientId", false), field("client_secret", true)] }];
const provider = {
  id: "meta",
  apps: sets,
  apiVersion: { current: "v24.0", env: "POSTD_META_API_VERSION" },
} as unknown as Provider;
const parse = (env: Record<string, string>, argv: string[] = []) => parseConfig({ env, argv, providers: [provider] });
const problemsOf = (env: Record<string, string>, argv: string[] = []) => {
  try {
    parse(env, argv);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(({ variable }) => variable);
  }
};
const key = Buffer.alloc(32, 7).toString("base64");

test("an empty environment gives a laptop's config with simulators on", () => {
  const config = parse({});
  assert.equal(config.role, "all");
  assert.equal(config.host, "127.0.0.1");
  assert.equal(config.port, 3000);
  assert.equal(config.portIsFixed, false);
  assert.equal(config.dataDir, path.resolve("data"));
  assert.deepEqual(config.simulators, { mode: "own", except: [] });
  assert.equal(config.databaseUrl, undefined);
});

test("production has no simulators unless they are asked for", () => {
  assert.equal(parse({ NODE_ENV: "production" }).simulators.mode, "off");
  assert.equal(parse({ NODE_ENV: "production", POSTD_SIMULATORS: "on" }).simulators.mode, "own");
});

test("each kind of work has its own number of workers, and the older name of one still holds", () => {
  assert.deepEqual(parse({}).workers, { publish: 24, health: 10, refresh: 5 });
  const set = { POSTD_WORKERS_PUBLISH: "7", POSTD_WORKERS_HEALTH: "3", POSTD_WORKERS_REFRESH: "2" };
  assert.deepEqual(parse(set).workers, { publish: 7, health: 3, refresh: 2 });
  assert.equal(parse({ POSTD_WORKER_CONCURRENCY: "60" }).workers.publish, 60);
  assert.equal(parse({ POSTD_WORKER_CONCURRENCY: "7", POSTD_WORKERS_PUBLISH: "7" }).workers.publish, 7);
  const both = { POSTD_WORKER_CONCURRENCY: "60", POSTD_WORKERS_PUBLISH: "7" };
  assert.deepEqual(problemsOf(both), ["POSTD_WORKER_CONCURRENCY"]);
  assert.deepEqual(problemsOf({ POSTD_WORKERS_HEALTH: "0", POSTD_WORKERS_REFRESH: "many" }), [
    "POSTD_WORKERS_HEALTH",
    "POSTD_WORKERS_REFRESH",
  ]);
});

test("simulators can be elsewhere, and single platforms left out", () => {
  assert.deepEqual(parse({ POSTD_SIMULATORS: "http://127.0.0.1:4100/,-bluesky" }).simulators, {
    mode: "elsewhere",
    url: "http://127.0.0.1:4100",
    except: ["bluesky"],
  });
  assert.deepEqual(problemsOf({ POSTD_SIMULATORS: "yes" }), ["POSTD_SIMULATORS"]);
  assert.deepEqual(problemsOf({ POSTD_SIMULATORS: "on,bluesky" }), ["POSTD_SIMULATORS"]);
});

test("every wrong variable is named at once and no value is repeated", () => {
  const env = { POSTD_PORT: "http", DATABASE_URL: "mysql://u:hunter2@h/d", POSTD_MASTER_KEY: "aHVudGVyMg==" };
  assert.deepEqual(problemsOf(env, ["--role=boss"]).sort(), [
    "--role",
    "DATABASE_URL",
    "POSTD_MASTER_KEY",
    "POSTD_PORT",
  ]);
  assert.throws(
    () => parse(env),
    (error: Error) => !error.message.includes("hunter2") && !error.message.includes("aHVudGVyMg"),
  );
});

test("a sign-up rule or operator's address that is none is refused by name, and says what is possible", () => {
  assert.throws(() => parse({ POSTD_SIGN_UP: "yes" }), /POSTD_SIGN_UP must be open, invite or closed/);
  assert.throws(() => parse({ POSTD_OPERATOR_EMAILS: "ida" }), /POSTD_OPERATOR_EMAILS must be e-mail addresses/);
  assert.deepEqual(parse({ POSTD_OPERATOR_EMAILS: "Ida@Example.com, b@example.com" }).operatorEmails, [
    "ida@example.com",
    "b@example.com",
  ]);
});

test("an empty variable counts as not set", () => {
  assert.equal(parse({ DATABASE_URL: "", POSTD_PORT: " " }).port, 3000);
});

test("secrets do not show when a config is printed", () => {
  const config = parse({
    DATABASE_URL: "postgres://u:hunter2@h/d",
    POSTD_MASTER_KEY: `${key},${key}`,
    POSTD_AUTH_SECRET: `hunter2${"x".repeat(32)}`,
    POSTD_META_CLIENT_ID: "1",
    POSTD_META_CLIENT_SECRET: "hunter2",
  });
  const printed = inspect(config, { depth: 9 }) + JSON.stringify(config);
  assert.ok(!printed.includes("hunter2") && !printed.includes(key));
  assert.equal(config.masterKeys?.length, 2);
  assert.equal(config.apps.get("meta")?.secret("client_secret")?.reveal(), "hunter2");
  assert.equal(config.apps.get("meta")?.value("clientId"), "1");
});

test("half an app is a problem that names the missing variable", () => {
  assert.deepEqual(problemsOf({ POSTD_META_CLIENT_ID: "1" }), ["POSTD_META_CLIENT_SECRET"]);
});

test("an API version can be set without a release", () => {
  assert.equal(parse({ POSTD_META_API_VERSION: "v25.0" }).apiVersions.get("meta"), "v25.0");
});

test("a mistyped variable is reported and variables of other programs are not", () => {
  const { unknownVariables } = parse({ POSTD_MASTERKEY: "x", POSTD_TEST_PG_URL: "x", POSTD_META_API_VERSION: "v25.0" });
  assert.deepEqual(unknownVariables, ["POSTD_MASTERKEY"]);
});

test("hosts can be mapped and opened, and a bad pair is refused", () => {
  const config = parse({
    POSTD_HOST_MAP: "bsky.social=http://127.0.0.1:2583",
    POSTD_EGRESS_ALLOW: "Blog.lan, 10.0.0.9",
  });
  assert.deepEqual(config.hostMap, [{ host: "bsky.social", url: "http://127.0.0.1:2583" }]);
  assert.deepEqual(config.egressAllow, ["blog.lan", "10.0.0.9"]);
  for (const bad of ["bsky.social", "=http://x", "a b=http://x", "bsky.social=ftp://x", "bsky.social=nonsense"])
    assert.deepEqual(problemsOf({ POSTD_HOST_MAP: bad }), ["POSTD_HOST_MAP"], bad);
});

test("names of app credentials follow one rule", () => {
  assert.equal(appCredentialEnvName("google-business", "clientId"), "POSTD_GOOGLE_BUSINESS_CLIENT_ID");
});
