import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, ok, operationsById } from "@postd/contracts";
import { once } from "./idempotency.ts";
import { memoryIdempotency } from "./testing/fake-app.ts";

const input = { operation: operationsById.createTenant, tenantId: "ten_1", key: "k", content: { name: "A" } };
const made = async () => ok({ body: { id: "ten_2" } });

test("a request that failed gives its key back", async () => {
  const store = memoryIdempotency();
  const refused = await once({ ...input, run: async () => fail({ code: "conflict", detail: "no" }) }, store);
  assert.ok(!refused.ok);
  await assert.rejects(
    once(
      {
        ...input,
        run: async () => {
          throw new Error("broke");
        },
      },
      store,
    ),
  );
  const again = await once({ ...input, run: made }, store);
  assert.ok(again.ok && !again.value.replayed);
});

test("two requests with one key at once create once", async () => {
  const store = memoryIdempotency();
  let count = 0;
  const run = async () => {
    count += 1;
    return made();
  };
  const both = await Promise.all([once({ ...input, run }, store), once({ ...input, run }, store)]);
  assert.equal(count, 1);
  assert.equal(both.filter(({ ok: isOk }) => isOk).length, 1);
});

test("what was made is not made again when its answer could not be kept", async () => {
  const store = memoryIdempotency();
  const lossy = {
    ...store,
    finish: async () => {
      throw new Error("connection lost");
    },
  };
  await assert.rejects(once({ ...input, run: made }, lossy));
  const again = await once({ ...input, run: made }, store);
  assert.ok(!again.ok);
  assert.equal(again.error.code, "state_conflict");
});
