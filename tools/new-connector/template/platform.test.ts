import assert from "node:assert/strict";
import { connectWithKeys, describeConnector, describeDocumentedErrors } from "@postd/connector-kit/conformance";
import { documentedErrors } from "./documented-errors.ts";
import { failures } from "./failures.ts";
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

const clock = { now: () => new Date("2026-11-20T12:00:00Z") };
describeDocumentedErrors("Sample platform", documentedErrors, (res) => failures.failureOf(res, clock));
