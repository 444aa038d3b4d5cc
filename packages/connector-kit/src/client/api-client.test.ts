import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { decodeAnswer, encodeRequest } from "../encode-request.ts";
import type { Effect, HttpRequest, HttpResponse } from "../http.ts";
import { secret } from "../secret.ts";
import { type ApiContext, apiClient, unlessGone } from "./api-client.ts";
import { failureTable } from "./failure-table.ts";

const failures = failureTable({ name: "Place", read: () => undefined, codes: {} });
const api = apiClient({
  base: "https://api.place.example/v2",
  headers: (ctx) => ({ "place-version": ctx.apiVersion }),
  failures,
});
const Id = z.object({ id: z.string() });

type Step = { status?: number; json?: unknown; fails?: "unexpected_response" | "unavailable" };

function world(steps: readonly Step[], effect: Effect = "visible") {
  const asked: HttpRequest[] = [];
  const waiting = [...steps];
  const request = async (given: HttpRequest) => {
    asked.push(given);
    const { status = 200, json, fails } = waiting.shift() ?? {};
    if (fails === "unavailable") return fail({ kind: fails, message: "not sent" });
    if (fails) return fail({ kind: fails, status: 200, message: "too long" });
    const bytes = new TextEncoder().encode(json === undefined ? "" : JSON.stringify(json));
    return ok(decodeAnswer({ status, headers: {}, bytes, effect: given.effect ?? effect }));
  };
  const ctx: ApiContext = {
    http: { request },
    clock: { now: () => new Date(0) },
    apiVersion: "202609",
    log: { debug: () => {}, info: () => {}, warn: () => {} },
    app: { value: () => undefined, secret: () => undefined },
    credentials: { accessToken: secret("tok") },
  };
  return { ctx, asked };
}
const kindOf = (answer: Awaited<ReturnType<typeof api.send>> | { ok: boolean; error?: { kind: string } }) =>
  "error" in answer && answer.error ? answer.error.kind : "ok";

describe("unlessGone", () => {
  it("takes a 404 for gone, of what an audience may see only in the platform's own words", async () => {
    const read = (res: HttpResponse) => (res.json === undefined ? undefined : { codes: ["GONE"] });
    const told = failureTable({ name: "Place", read, codes: { GONE: { kind: "missing" } } });
    const place = apiClient({ base: "https://api.place.example", failures: told });
    const ended = async (json: unknown, effect: Effect) =>
      unlessGone(await place.send(world([{ status: 404, json }], effect).ctx, { method: "DELETE", path: "posts/1" }))
        .ok;
    assert.ok(await ended({ code: "GONE" }, "visible"));
    assert.ok(await ended(undefined, "invisible"));
    assert.ok(!(await ended(undefined, "visible")));
  });
});

describe("apiClient", () => {
  it("puts version, token and escaped path into every call, and sends a written query as it is", async () => {
    const { ctx, asked } = world([{}, {}, {}]);
    await api.send(ctx, { method: "GET", path: ["posts", "urn:li:share:1/../2"], query: { count: 5 } });
    await api.send(ctx, { method: "GET", path: "/stats?shares=List(urn%3Ali%3A1,urn%3Ali%3A2)" });
    await api.send(ctx, {
      method: "PUT",
      base: "https://upload.place.example/x",
      path: "",
      unsigned: true,
      headers: { etag: "1" },
    });
    const wires = asked.map((request) => encodeRequest(request));
    assert.deepEqual(
      wires.map(({ url }) => url.href),
      [
        "https://api.place.example/v2/posts/urn%3Ali%3Ashare%3A1%2F..%2F2?count=5",
        "https://api.place.example/v2/stats?shares=List(urn%3Ali%3A1,urn%3Ali%3A2)",
        "https://upload.place.example/x",
      ],
    );
    assert.equal(wires[0]?.headers.authorization, "Bearer tok");
    assert.equal(wires[2]?.headers.authorization, undefined);
    assert.deepEqual([wires[2]?.headers["place-version"], wires[2]?.headers.etag], ["202609", "1"]);
  });

  it("a success nobody can read is open on a visible call, and our trouble on a read", async () => {
    for (const [effect, kind] of [
      ["visible", "outcome_unknown"],
      ["none", "unexpected_response"],
    ] as const) {
      const { ctx } = world([{ json: { name: "no id" } }], effect);
      assert.equal(kindOf(await api.read(ctx, { method: "POST", path: "posts" }, Id)), kind);
    }
  });

  it("a GET is a read, whatever the step it is made in, unless it says otherwise", async () => {
    const { ctx, asked } = world([{}, {}, {}]);
    await api.send(ctx, { method: "GET", path: "posts" });
    await api.send(ctx, { method: "POST", path: "posts" });
    await api.send(ctx, { method: "GET", path: "renew", effect: "invisible" });
    assert.deepEqual(
      asked.map(({ effect }) => effect),
      ["none", undefined, "invisible"],
    );
  });

  it("an answer too long to be read leaves a change open", async () => {
    const { ctx } = world([
      { fails: "unexpected_response" },
      { fails: "unexpected_response" },
      { fails: "unavailable" },
    ]);
    assert.equal(kindOf(await api.send(ctx, { method: "POST", path: "posts" })), "outcome_unknown");
    assert.equal(kindOf(await api.send(ctx, { method: "GET", path: "posts" })), "unexpected_response");
    assert.equal(kindOf(await api.send(ctx, { method: "POST", path: "posts" })), "unavailable");
  });

  it("reads a list to its end, and no further than asked", async () => {
    const Page = z.object({ items: z.array(z.string()), bookmark: z.string().nullable() });
    const paging = {
      rows: (page: z.output<typeof Page>) => page.items,
      next: ({ bookmark }: z.output<typeof Page>) => (bookmark === null ? undefined : { query: { bookmark } }),
    };
    const pages = [{ json: { items: ["a", "b"], bookmark: "2" } }, { json: { items: ["c"], bookmark: null } }];
    const first = world(pages, "none");
    assert.deepEqual(
      await api.readAll(first.ctx, { method: "GET", path: "boards" }, Page, paging),
      ok(["a", "b", "c"]),
    );
    assert.deepEqual(first.asked[1]?.query, { bookmark: "2" });
    const second = world(pages, "none");
    const one = await api.readAll(second.ctx, { method: "GET", path: "boards" }, Page, { ...paging, maxPages: 1 });
    assert.deepEqual(one, ok(["a", "b"]));
  });
});
