import { asId, fail, ok, operationsById as op, type Role, roleScopes, type Scope, scopes } from "@postd/contracts";
import type { IdempotencyStore, PeopleService, Principal, SignInRules } from "@postd/core";
import { pino } from "pino";
import { createHttpApp } from "../app.ts";
import type { HttpConfig, HttpServices } from "../deps.ts";
import { fakeServices, testConfig } from "./fakes.ts";

const hex = "0195a1b2c3d47e8f90a1b2c3d4e5f607";
const tenant = (role: Role) => ({
  id: asId("tenant", `ten_${hex}`),
  name: "Nordlys",
  slug: "nordlys",
  timeZone: "UTC",
  role,
});

/** `Authorization: Bearer session:<role>` is a person, `Bearer key:<scopes>` a program; anything else is nobody. */
function principalOf(headers: Headers): Principal | undefined {
  const [, kind, what = ""] = /^Bearer (session|key|newcomer):(.*)$/.exec(headers.get("authorization") ?? "") ?? [];
  const person = {
    kind: "session" as const,
    userId: asId("user", `usr_${hex}`),
    name: "Ida",
    email: "ida@example.com",
    emailVerified: true,
    operator: false,
    sessionId: "ses_1",
    sessionHash: "hash",
    secondFactor: false,
  };
  if (kind === "newcomer") return person;
  if (kind === "session") return { ...person, tenant: tenant(what as Role) };
  if (kind !== "key") return undefined;
  const granted = what === "all" ? scopes : (what.split(",") as Scope[]);
  return {
    kind: "key",
    keyId: asId("apiKey", `key_${hex}`),
    name: "Script",
    scopes: granted,
    sessionHash: "hash",
    tenant: tenant("viewer"),
  };
}

function fakePeople(): PeopleService {
  const answerOf = <T>(operation: { readonly example: { readonly response: unknown } }, id?: string) =>
    id?.endsWith("f".repeat(20))
      ? fail({ code: "not_found" as const, detail: "There is no such thing here." })
      : { ok: true as const, value: operation.example.response as T };
  return {
    listTenants: async () => answerOf(op.listTenants),
    createTenant: async () => answerOf(op.createTenant),
    switchTenant: async (_me, id) => answerOf(op.switchTenant, id),
    updateTenant: async () => answerOf(op.updateTenant),
    listMembers: async () => answerOf(op.listMembers),
    invite: async () => answerOf(op.inviteMember),
    changeRole: async (_me, id) => answerOf(op.changeMemberRole, id),
    removeMember: async (_me, id) => answerOf(op.removeMember, id),
    revokeInvitation: async (_me, id) => answerOf(op.revokeInvitation, id),
    getInvitation: async () => answerOf(op.getInvitation),
    acceptInvitation: async () => answerOf(op.acceptInvitation),
    deleteAccount: async () => answerOf(op.deleteMe),
    becomeOperator: async () => answerOf(op.becomeOperator),
    makeOperatorLink: async () => "http://localhost:3000/operator/token",
    census: async () => ({ people: 1, operators: 1 }),
    listApiKeys: async () => answerOf(op.listApiKeys),
    createApiKey: async () => answerOf(op.createApiKey),
    revokeApiKey: async (_me, id) => answerOf(op.revokeApiKey, id),
    welcome: async () => undefined,
    isOperator: async () => false,
  };
}

const fakeSignIn: SignInRules = {
  admit: async () => ok(undefined),
  passed: async () => undefined,
  openAgain: async () => undefined,
  sendConfirmation: async () => undefined,
  confirmationOf: async () => undefined,
  confirmAddress: async () => false,
};

/** Keeps first answers in memory, by the contract of the store. */
export function memoryIdempotency(): IdempotencyStore {
  const records = new Map<string, { bodyHash: string; status?: number; response?: unknown }>();
  const nameOf = (record: { tenantId: string; operation: string; key: string }) =>
    `${record.tenantId} ${record.operation} ${record.key}`;
  return {
    begin: async ({ bodyHash, ...record }) => {
      const first = records.get(nameOf(record));
      if (!first) {
        records.set(nameOf(record), { bodyHash });
        return { kind: "fresh" };
      }
      if (first.bodyHash !== bodyHash) return { kind: "conflict" };
      if (first.status === undefined) return { kind: "busy" };
      return { kind: "replay", status: first.status, response: first.response };
    },
    finish: async ({ status, response, ...record }) => {
      const first = records.get(nameOf(record));
      if (first) Object.assign(first, { status, response });
    },
    forget: async (record) => {
      records.delete(nameOf(record));
    },
  };
}

/** The HTTP role in memory: example answers, callers by header. */
export async function startFakeApp(
  change: { readonly config?: Partial<HttpConfig>; readonly services?: Partial<HttpServices> } = {},
) {
  const lines: string[] = [];
  const app = createHttpApp({
    services: { ...fakeServices(), people: fakePeople(), signIn: fakeSignIn, ...change.services },
    auth: {
      handle: async () => new Response(null, { status: 404 }),
      passwordFits: async () => false,
      resolve: async (headers) => {
        const principal = principalOf(headers);
        return principal && { principal, setCookies: [] };
      },
    },
    actAs: (_who, fn) => fn(),
    idempotency: memoryIdempotency(),
    clock: { now: () => new Date("2026-03-02T09:00:00Z") },
    log: pino({ level: "trace" }, { write: (line: string) => lines.push(line) }),
    config: { ...testConfig, ...change.config },
  });
  await app.ready();
  return { app, lines };
}

export const allRoles = Object.keys(roleScopes) as Role[];
