import assert from "node:assert/strict";
import { test } from "node:test";
import { createHttpAuth, type HttpAuthDeps } from "./http-auth.ts";

const cookie = new Headers({ cookie: "postd.session_token=x" });
/** What the sign-in library makes of every failed query. */
const hidden = new Error("INTERNAL_SERVER_ERROR");

function authWith(input: { readonly lookUps: readonly (object | null | Error)[]; readonly reached?: Error }) {
  const lookUps = [...input.lookUps];
  const deps = {
    auth: {
      api: {
        async getSession() {
          const next = lookUps.shift();
          if (next instanceof Error || next === undefined) throw next ?? new Error("asked too often");
          return { response: next, headers: new Headers() };
        },
      },
    },
    people: {
      async firstUserId() {
        if (input.reached) throw input.reached;
      },
      tenantsOf: async () => [],
    },
  };
  return createHttpAuth(deps as unknown as HttpAuthDeps);
}

const session = { session: { id: "s1" }, user: { id: "usr_0000000000000001", name: "Ida", email: "ida@example.com" } };

test("a session whose look-up met a database that was just coming back is looked up again", async () => {
  const found = await authWith({ lookUps: [hidden, session] }).resolve(cookie);
  assert.equal(found?.principal.name, "Ida");
});

test("a database that stays away is what a failed look-up is blamed on", async () => {
  const reached = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  await assert.rejects(authWith({ lookUps: [hidden, hidden], reached }).resolve(cookie), reached);
});

test("a look-up that fails twice beside a healthy database stays a fault of our own", async () => {
  await assert.rejects(authWith({ lookUps: [hidden, hidden] }).resolve(cookie), hidden);
});
