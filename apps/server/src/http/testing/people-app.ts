import { secret } from "@postd/connector-kit";
import { asId, type IdKind, idPrefixes } from "@postd/contracts";
import { createPeopleService, type Mail, type OutgoingMail } from "@postd/core";
import { pino } from "pino";
import { v7 } from "uuid";
import { apiKeySecrets } from "../../adapters/auth/api-key-secrets.ts";
import { createAuth } from "../../adapters/auth/create-auth.ts";
import { createHttpAuth } from "../../adapters/auth/http-auth.ts";
import { createApiKeysRepo } from "../../adapters/postgres/api-keys-repo.ts";
import { createIdempotencyStore } from "../../adapters/postgres/idempotency-repo.ts";
import { createPeopleRepo } from "../../adapters/postgres/people-repo.ts";
import { openRolePool } from "../../adapters/postgres/pools.ts";
import { createHttpApp } from "../app.ts";
import { clientAddressHeader } from "../auth-routes.ts";
import { fakeServices, testConfig } from "./fakes.ts";

export const authSecret = "a secret of at least thirty-two characters";

/** The HTTP role with real people, keys and sessions on a database; every other service is a fake. */
export async function startPeopleApp(url: string) {
  const app = openRolePool({ url, role: "postd_app", max: 5 });
  const clock = { offsetMs: 0, now: () => new Date(Date.now() + clock.offsetMs) };
  const mails: OutgoingMail[] = [];
  const mail: Mail = {
    send: async (sent) => {
      mails.push(sent);
      return true;
    },
  };
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
  const repo = createPeopleRepo(app.db);
  const keys = createApiKeysRepo(app.db);
  const people = createPeopleService({
    repo,
    keys,
    keySecrets: apiKeySecrets,
    mail,
    clock,
    newId: <K extends IdKind>(kind: K) => asId(kind, `${idPrefixes[kind]}_${v7().replaceAll("-", "")}`),
    publicUrl: testConfig.publicUrl,
    operatorEmails: [],
  });
  const auth = createAuth({
    db: app.db,
    secret: secret(authSecret),
    publicUrl: testConfig.publicUrl,
    trustedOrigins: [],
    mail,
    welcome: people.welcome,
    log,
    clientAddressHeader,
    limitSignIns: false,
  });
  const http = createHttpApp({
    services: { ...fakeServices(), people },
    auth: createHttpAuth({ auth, people: repo, keys, keySecrets: apiKeySecrets, clock }),
    idempotency: createIdempotencyStore(app.db, clock),
    clock,
    log,
    config: testConfig,
  });
  await http.ready();
  return {
    http,
    mails,
    lines,
    clock,
    close: async () => {
      await http.close();
      await app.close();
    },
  };
}

export type PeopleApp = Awaited<ReturnType<typeof startPeopleApp>>;

/** A browser: keeps cookies, sends its origin. */
export function browserOf({ http }: PeopleApp, options: { readonly origin?: string } = {}) {
  const jar = new Map<string, string>();
  return {
    jar,
    async call(method: "GET" | "POST" | "PATCH" | "DELETE", url: string, body?: unknown, headers = {}) {
      const response = await http.inject({
        method,
        url,
        headers: {
          ...(method === "GET" ? {} : { origin: options.origin ?? testConfig.publicUrl }),
          ...(jar.size > 0 ? { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") } : {}),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      for (const { name, value, maxAge } of response.cookies)
        if (maxAge === 0 || value === "") jar.delete(name);
        else jar.set(name, encodeURIComponent(value));
      return {
        status: response.statusCode,
        headers: response.headers,
        text: response.body,
        json: jsonOf(response.body),
      };
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: tests read answers by name; shapes are checked against the contracts.
function jsonOf(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
