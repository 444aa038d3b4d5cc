import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { provider } from "../provider.ts";
import { connect, simulator } from "./connect-harness.ts";
import { businessNumbers } from "./numbers.ts";
import { businessProfile } from "./platform.ts";

const DAY_MS = 86_400_000;

async function read(tamper?: (text: string) => string, set: JsonObject = {}) {
  const world = createWorld({ provider, platform: businessProfile }, simulator);
  const connected = await connect(world);
  const location = `${connected.account.extras.account}/${connected.account.externalId}`;
  await world.sim.simulator.act?.("set", set);
  await world.sim.simulator.act?.("addReview", { location });
  const until = world.clock.now();
  const since = new Date(until.getTime() - 14 * DAY_MS);
  const changed = (text: string) => ({ text, json: JSON.parse(text) });
  const ctx = world.context(connected, "none", {
    effectCalls: 0,
    tamper: (answer) => (tamper ? { ...answer, ...changed(tamper(answer.text)) } : answer),
  });
  const told = await businessNumbers.account?.({ since, until }, ctx);
  assert.ok(told?.ok, JSON.stringify(told));
  return { metrics: told.value, now: until, since };
}

test("each number is of one whole day that is over, and within the range", async () => {
  const { metrics, now, since } = await read();
  const daily = metrics.filter((metric) => metric.since !== undefined);
  assert.ok(daily.length > 0);
  for (const { at, since: from } of daily) {
    assert.equal(at.getTime() - (from?.getTime() ?? 0), DAY_MS);
    assert.ok(at <= now && from && from.getTime() > since.getTime() - DAY_MS);
  }
  assert.ok(businessNumbers.delayMs >= 3 * DAY_MS, "days are filled in late");
});

test("a day without a value had none of it, and one of unknown shape is left out", async () => {
  const day = (value: string) => `{"date":{"year":2026,"month":11,"day":10}${value}}`;
  const values = [day(""), day(',"value":"7"'), '{"date":"soon"}'].join(",");
  const series = `{"dailyMetric":"CALL_CLICKS","timeSeries":{"datedValues":[${values}]}}`;
  const { metrics } = await read((text) =>
    text.includes("multiDaily") ? `{"multiDailyMetricTimeSeries":[{"dailyMetricTimeSeries":[${series}]}]}` : text,
  );
  const calls = metrics.filter(({ name }) => name === "call_clicks");
  assert.deepEqual(
    calls.map(({ value, platformName, since }) => [value, platformName, since?.toISOString()]),
    [0, 7].map((value) => [value, "CALL_CLICKS", "2026-11-10T00:00:00.000Z"]),
  );
});

test("a day that may not be counted yet is left out and not none", async () => {
  for (const lateDays of ["missing", "empty"]) {
    const { metrics, now } = await read(undefined, { lateDays });
    const late = metrics.filter(({ since, at }) => since && now.getTime() - at.getTime() < 3 * DAY_MS);
    assert.deepEqual(late, [], lateDays);
  }
});

test("the rating and the number of reviews are those of now", async () => {
  const { metrics, now } = await read();
  const totals = metrics.filter(({ since }) => since === undefined);
  assert.deepEqual(
    totals.map(({ name, at }) => [name, at.getTime()]),
    ["rating", "reviews"].map((name) => [name, now.getTime()]),
  );
});
