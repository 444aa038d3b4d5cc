import assert from "node:assert/strict";
import { test } from "node:test";
import { noteFailure } from "./hidden-failures.ts";
import { createHttpAuth, type HttpAuthDeps } from "./http-auth.ts";

const cookie = new Headers({ cookie: "postd.session_token=x" });
/** What the sign-in library makes of every failed query. */
const hidden = new Error("INTERNAL_SERVER_ERROR");
const lost = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });

function authWith(input: { readonly logged?: Error; readonly reached?: Error }) {
  const fail = async () => {
    if (input.logged) noteFailure(["a remark", input.logged]);
    return hidden;
  };
  const deps = {
    auth: {
      api: { getSession: () => fail().then((error) => Promise.reject(error)) },
      handler: () => fail().then(() => new Response("", { status: 500 })),
    },
    people: {
      async tenantsOf() {
        if (input.reached) throw input.reached;
      },
    },
  };
  return createHttpAuth(deps as unknown as HttpAuthDeps);
}

const signIn = () => new Request("https://postd.example/api/auth/sign-in/email", { method: "POST" });

test("a database that is back when asked is blamed all the same for the query that failed", async () => {
  await assert.rejects(authWith({ logged: lost }).resolve(cookie), lost);
  await assert.rejects(authWith({ logged: lost }).handle(signIn()), lost);
});

test("where nothing was heard, a database that is away is blamed", async () => {
  await assert.rejects(authWith({ reached: lost }).resolve(cookie), lost);
  await assert.rejects(authWith({ reached: lost }).handle(signIn()), lost);
});

test("beside a healthy database a failure stays the library's own", async () => {
  await assert.rejects(authWith({}).resolve(cookie), hidden);
  assert.equal((await authWith({}).handle(signIn())).status, 500);
});

test("failures of one request are not heard by another", async () => {
  const [one, other] = await Promise.allSettled([
    authWith({ logged: lost }).resolve(cookie),
    authWith({}).resolve(cookie),
  ]);
  assert.deepEqual(
    [one, other].map((settled) => settled.status === "rejected" && settled.reason),
    [lost, hidden],
  );
});
