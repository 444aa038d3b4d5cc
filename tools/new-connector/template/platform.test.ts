import assert from "node:assert/strict";
import { test } from "node:test";
import { connectWithKeys, describeConnector } from "@postd/connector-kit/conformance";
import { failures } from "./failures.ts";
import fixture from "./fixtures/errors.json" with { type: "json" };
import { provider } from "./provider.ts";
import { simulators } from "./simulator.ts";

const [simulator] = simulators;
assert.ok(simulator);

describeConnector(provider, "sample_platform", simulator, {
  async connect(world) {
    const { accessToken } = world.sim.simulator.createAccount({ name: "Ida Holm" });
    return connectWithKeys(world, "access_token", { accessToken });
  },
  posts: { text: [{ text: "Hello ünïcode 👋 https://example.com/a" }] },
  asksPerson: [
    {
      step: "send_post",
      why: "The platform takes no key of ours, and a list of recent posts that lacks one proves nothing.",
      source: "NOTES.md section Publishing",
    },
  ],
});

for (const { status, code, kind } of fixture.cases)
  test(`${status} ${code} on a call that changes the platform is ${kind}`, () => {
    const clock = { now: () => new Date("2026-11-20T12:00:00Z") };
    const failure = failures.failureOf({ status, headers: {}, text: "", json: { code }, effect: "visible" }, clock);
    assert.equal(failure?.kind, kind);
    assert.notEqual(failure?.message, "");
  });
