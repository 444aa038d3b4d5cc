import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apis, setUp } from "../client-harness.ts";

const span = (from: string, to: string) =>
  [["startDate", from] as const, ["endDate", to] as const]
    .map(([end, date]) => {
      const [year, month, day] = date.split("-").map(Number);
      return `dailyRange.${end}.year=${year}&dailyRange.${end}.month=${month}&dailyRange.${end}.day=${day}`;
    })
    .join("&");

describe("numbers of a profile", () => {
  it("come for several metrics and days, as text, without a value where there was none", async () => {
    const { get, bare, act, location } = setUp();
    await act("setMetric", { location, metric: "CALL_CLICKS", day: "2026-11-02", value: 0 });
    await act("setMetric", { location, metric: "CALL_CLICKS", day: "2026-11-03", value: 12 });
    const url = `${apis.performance}/${bare}:fetchMultiDailyMetricsTimeSeries?dailyMetrics=CALL_CLICKS&dailyMetrics=WEBSITE_CLICKS&${span("2026-11-02", "2026-11-03")}`;
    const { json } = await get(url);
    const [calls, clicks] = json.multiDailyMetricTimeSeries[0].dailyMetricTimeSeries;
    assert.deepEqual(calls, {
      dailyMetric: "CALL_CLICKS",
      timeSeries: {
        datedValues: [
          { date: { year: 2026, month: 11, day: 2 } },
          { date: { year: 2026, month: 11, day: 3 }, value: "12" },
        ],
      },
    });
    assert.equal(clicks.timeSeries.datedValues.length, 2);
    assert.deepEqual((await get(url)).json, json, "the same each time");
  });

  it("lag three days: later ones are missing, or have no value where Google shows them so", async () => {
    const { get, bare, act } = setUp();
    const days = async () => {
      const query = `dailyMetrics=CALL_CLICKS&${span("2026-11-14", "2026-11-20")}`;
      const { json } = await get(`${apis.performance}/${bare}:fetchMultiDailyMetricsTimeSeries?${query}`);
      return json.multiDailyMetricTimeSeries[0].dailyMetricTimeSeries[0].timeSeries.datedValues;
    };
    assert.deepEqual(
      (await days()).map(({ date }: { date: { day: number } }) => date.day),
      [14, 15, 16],
    );
    await act("set", { lateDays: "empty" });
    const all = await days();
    assert.equal(all.length, 7);
    assert.ok(all.slice(3).every((one: { value?: string }) => one.value === undefined));
  });

  it("are refused for unknown metrics, halves of dates, other people's places and paths with an account", async () => {
    const { get, bare, location, client } = setUp();
    const at = (place: string, query: string, verb = "fetchMultiDailyMetricsTimeSeries") =>
      get(`${apis.performance}/${place}:${verb}?${query}`);
    const good = `dailyMetrics=CALL_CLICKS&${span("2026-11-02", "2026-11-03")}`;
    assert.equal((await at(bare, good)).status, 200);
    for (const bad of [
      good.replace("CALL_CLICKS", "VIEWS"),
      good.replace("endDate.month=11&", "endDate.month=13&"),
      good.split("&").slice(0, 4).join("&"),
      `dailyMetrics=CALL_CLICKS&${span("2026-11-03", "2026-11-02")}`,
      `dailyMetrics=CALL_CLICKS&${span("2026-02-30", "2026-03-02")}`,
    ])
      assert.equal((await at(bare, bad)).json.error.status, "INVALID_ARGUMENT", bad);
    assert.equal((await at(location, good)).json, undefined);
    assert.equal((await at(bare, good, "fetchPosts")).json, undefined);
    const foreign = client.simulator.createAccount({}).id.replace(/^accounts\/\d+\//, "");
    assert.equal((await at(foreign, good)).status, 404);
  });
});
