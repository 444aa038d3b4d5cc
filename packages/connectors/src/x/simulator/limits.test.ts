import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setUp } from "./client-harness.ts";
import { documentedErrors } from "./documented-errors.ts";

const quarter = 900_000;

describe("limits", () => {
  it("are a hundred posts in 15 minutes, with the time when they end, for each person", async () => {
    const { tweet, advance, simulator, as, now } = setUp();
    for (let nth = 0; nth < 100; nth += 1) assert.equal((await tweet(`Post ${nth}`)).status, 201);
    const { status, headers, json } = await tweet("One more");
    assert.deepEqual(
      [status, headers["x-rate-limit-remaining"], json.title, json.status],
      [429, "0", "Too Many Requests", 429],
    );
    assert.equal(Number(headers["x-rate-limit-reset"]) * 1000, now().getTime() + quarter);
    assert.equal((await as(simulator.createAccount({}).accessToken).post("tweets", { text: "Hi" })).status, 201);
    advance(quarter);
    assert.equal((await tweet("One more")).status, 201);
  });

  it("of 24 hours are told by headers of their own, and may be worded as a code", async () => {
    const { tweet, act } = setUp();
    await act("set", { postsPerUserDay: 2, limitWords: "code88" });
    await tweet("One");
    const { headers } = await tweet("Two");
    assert.deepEqual([headers["x-user-limit-24hour-remaining"], headers["x-rate-limit-remaining"]], ["0", "98"]);
    const refused = await tweet("Three");
    assert.deepEqual([refused.status, refused.json.errors[0].code], [429, 88]);
    await act("set", { dayHeaders: false });
    assert.equal((await tweet("Four")).headers["x-user-limit-24hour-remaining"], undefined);
  });

  it("come with refusals of the platform too", async () => {
    const { tweet } = setUp();
    const { status, headers } = await tweet("x".repeat(281));
    assert.deepEqual([status, headers["x-rate-limit-remaining"]], [403, "99"]);
  });
});

describe("an empty wallet", () => {
  it("refuses every call, in one of two wordings", async () => {
    const { own, act, tweet } = setUp();
    await act("set", { credits: "none" });
    for (const answer of [await tweet("Hello"), await own.get("users/me")])
      assert.deepEqual(
        [answer.status, answer.json.title, answer.json.type],
        [402, "CreditsDepleted", "https://api.x.com/2/problems/credits"],
      );
    await act("set", { creditsWords: "Payment Required" });
    assert.equal((await tweet("Hello")).json.type, "https://api.x.com/2/problems/credits-depleted");
    await act("set", { credits: "some" });
    assert.equal((await tweet("Hello")).status, 201);
  });
});

describe("errors", () => {
  it("of the sheet can be armed and come with their status and body", async () => {
    for (const { status, body, headers } of documentedErrors) {
      const { mount, own } = setUp();
      mount.arm({ fault: "platformError", status, body, ...(headers && { headers }) });
      const answer = await own.get("users/me");
      assert.deepEqual([answer.status, answer.json ?? answer.text], [status, body]);
    }
  });

  it("can be made of the platform's own fields", async () => {
    const { mount, own } = setUp();
    mount.arm({ fault: "platformError", status: 403, type: "usage-capped", title: "UsageCapExceeded" });
    assert.equal((await own.get("users/me")).json.type, "https://api.x.com/2/problems/usage-capped");
    mount.arm({ fault: "platformError", status: 403, code: 261 });
    assert.equal((await own.get("users/me")).json.errors[0].code, 261);
  });
});
