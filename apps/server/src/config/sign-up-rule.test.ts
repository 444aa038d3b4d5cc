import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry } from "@postd/connector-kit";
import { allProviders } from "@postd/connectors";
import { parseConfig } from "../config.ts";
import type { Env } from "./apps.ts";
import { connectorSettings } from "./connector-settings.ts";
import { signUpRule } from "./sign-up-rule.ts";

const registry = createRegistry(allProviders);
const platforms = registry.all().map(({ id }) => id);
function ruleWith(env: Env) {
  const config = parseConfig({ env, argv: [], providers: allProviders });
  const simulated = { platforms: new Set(config.simulators.mode === "off" ? [] : platforms), appCredentials: {} };
  return signUpRule(config.signUp, platforms, connectorSettings(config, registry, simulated).isSimulated);
}

test("sign-up is open only while every platform is simulated, else by invitation", () => {
  assert.equal(ruleWith({}), "open");
  assert.equal(ruleWith({ NODE_ENV: "production", POSTD_SIMULATORS: "on" }), "open");
  assert.equal(ruleWith({ NODE_ENV: "production" }), "invite");
  assert.equal(ruleWith({ POSTD_SIMULATORS: "off" }), "invite");
  assert.equal(ruleWith({ POSTD_SIMULATORS: "on,-bluesky" }), "invite");
  assert.equal(ruleWith({ POSTD_META_APP_ID: "1", POSTD_META_APP_SECRET: "s" }), "invite");
});

test("what the operator named holds", () => {
  for (const rule of ["open", "invite", "closed"] as const) {
    assert.equal(ruleWith({ POSTD_SIGN_UP: rule }), rule);
    assert.equal(ruleWith({ POSTD_SIGN_UP: rule, NODE_ENV: "production" }), rule);
  }
});
