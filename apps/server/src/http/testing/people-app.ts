import { secret } from "@postd/connector-kit";
import { type Mail, type OutgoingMail, type SignUpRule, throttledMail } from "@postd/core";
import pg from "pg";
import { pino } from "pino";
import { actAs } from "../../adapters/postgres/acting.ts";
import { createIdempotencyStore } from "../../adapters/postgres/idempotency-repo.ts";
import { openRolePool } from "../../adapters/postgres/pools.ts";
import { createThrottle } from "../../adapters/postgres/throttle.ts";
import { buildPeople } from "../../compose/build-people.ts";
import { createHttpApp } from "../app.ts";
import { fakeServices, testConfig } from "./fakes.ts";

export const authSecret = "a secret of at least thirty-two characters";

export interface PeopleAppOptions {
  /** A mail server is configured; mails are in `mails` in any case. */
  readonly hasMail?: boolean;
  readonly signUp?: SignUpRule;
  readonly operatorEmails?: readonly string[];
  readonly isProduction?: boolean;
  /** Proxies whose word about the client's address is believed. */
  readonly trustedProxies?: readonly string[];
}

/** The HTTP role with real people, keys and sessions on a database; every other service is a fake. */
/** Small, so that it is reached quickly. */
export const workspacesPerPerson = 4;

export async function startPeopleApp(url: string, options: PeopleAppOptions = {}) {
  const { hasMail = false, signUp = "open", operatorEmails = [], isProduction = false } = options;
  const app = openRolePool({ url, role: "postd_app", max: 5 });
  const admin = new pg.Pool({ connectionString: url, max: 2 });
  admin.on("error", () => {}); // dropping the database ends what is still connected
  const clock = { offsetMs: 0, now: () => new Date(Date.now() + clock.offsetMs) };
  const mails: OutgoingMail[] = [];
  const waiting: (() => void)[] = [];
  const mail: Mail = {
    send: async (sent) => {
      mails.push(sent);
      for (const wake of waiting.splice(0)) wake();
      return hasMail;
    },
  };
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
  const people = buildPeople({
    db: app.db,
    config: {
      smtpUrl: hasMail ? secret("smtp://127.0.0.1:1") : undefined,
      mailFrom: "POSTD <postd@example.com>",
      isProduction,
      operatorEmails,
      workspacesPerPerson,
    },
    log,
    clock,
    publicUrl: testConfig.publicUrl,
    authSecret: secret(authSecret),
    signUp,
    mail: throttledMail(mail, createThrottle(app.db, clock)),
  });
  const http = createHttpApp({
    services: { ...fakeServices(), people: people.service, signIn: people.rules },
    auth: people.auth,
    actAs,
    idempotency: createIdempotencyStore(app.db, clock),
    clock,
    log,
    config: { ...testConfig, trustedProxies: options.trustedProxies ?? [] },
  });
  await http.ready();
  return {
    http,
    mails,
    lines,
    clock,
    people,
    /**
     * Waits for a mail and the secret of its link: mails leave behind the answer, so that their time tells nothing.
     * `nth`: that many came before.
     */
    async mailTo(email: string, subject: RegExp, nth = 0) {
      for (;;) {
        const found = mails.filter((sent) => sent.to === email && subject.test(sent.subject))[nth];
        if (found) return { ...found, token: tokenOf(/http\S+/.exec(found.text)?.[0] ?? "") };
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    /** As the administrator of the database. */
    query: async <T extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await admin.query<T>(text, [...values])).rows,
    /** Every row of every table as text, as a thief with a dump would read it. */
    async dump(): Promise<string> {
      const { rows: tables } = await admin.query<{ name: string }>(
        "select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
      );
      const parts: string[] = [];
      for (const { name } of tables) {
        const { rows } = await admin.query<{ row: string }>(`select t::text as row from public.${name} t`);
        parts.push(...rows.map(({ row }) => row));
      }
      return parts.join("\n");
    },
    close: async () => {
      await http.close();
      await admin.end();
      await app.close();
    },
  };
}

export type PeopleApp = Awaited<ReturnType<typeof startPeopleApp>>;

type Headers = Readonly<Record<string, string>>;

/** A browser: keeps cookies, sends its origin. */
export function browserOf({ http }: PeopleApp, options: { readonly origin?: string } = {}) {
  const jar = new Map<string, string>();
  return {
    jar,
    async call(method: "GET" | "POST" | "PATCH" | "DELETE", url: string, body?: unknown, headers: Headers = {}) {
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

/** The secret in the last part of a link. */
export const tokenOf = (link: string): string => link.split(/[/=]/).at(-1) ?? "";

export const goodPassword = "correct horse battery";

/** People of a test: `name` is also the address at example.com. */
export function peopleOf(system: () => PeopleApp) {
  async function signUp(name: string, more: Readonly<Record<string, unknown>> = {}) {
    const browser = browserOf(system());
    const email = `${name}@example.com`;
    const body = { name, email, password: goodPassword, ...more };
    const answer = await browser.call("POST", "/api/auth/sign-up/email", body);
    if (answer.status !== 200) throw new Error(`${name} could not sign up: ${answer.text}`);
    return { ...browser, email };
  }
  return {
    signUp,
    async inviteAndJoin(owner: Person, name: string, role: string) {
      const invited = await owner.call("POST", "/api/members/invite", { email: `${name}@example.com`, role });
      const token = tokenOf(invited.json.link);
      const person = await signUp(name, { link: token });
      const joined = await person.call("POST", "/api/invitations/accept", { token });
      if (joined.status !== 200) throw new Error(`${name} could not join: ${joined.text}`);
      return person;
    },
    async memberIdOf(reader: Person, person: Person): Promise<string> {
      const { items } = (await reader.call("GET", "/api/members")).json;
      return items.find(({ email }: { email: string }) => email === person.email).id;
    },
    withKey(key: string) {
      const program = browserOf(system());
      return (method: "GET" | "POST", url: string, body?: unknown) =>
        program.call(method, url, body, { authorization: `Bearer ${key}` });
    },
  };
}

export type Person = ReturnType<typeof browserOf> & { readonly email: string };
