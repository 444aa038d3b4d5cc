import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pacificDayEnds, pacificMidnight } from "@postd/connector-kit/simulator/graph";
import { fb, testClient } from "./test-client.ts";

const at = (text: string) => Date.parse(text);
const texts = (ends: readonly number[]) => ends.map((end) => new Date(end).toISOString().slice(0, 13));

describe("days of insights", () => {
  it("run from midnight to midnight in the Pacific zone, also where the clocks change", () => {
    assert.equal(pacificMidnight(at("2026-07-01T06:59:59Z")), at("2026-06-30T07:00:00Z"));
    assert.equal(pacificMidnight(at("2026-07-01T07:00:00Z")), at("2026-07-01T07:00:00Z"));
    assert.equal(pacificMidnight(at("2026-12-31T23:00:00Z")), at("2026-12-31T08:00:00Z"));
    assert.deepEqual(texts(pacificDayEnds(at("2026-10-31T07:00:00Z"), at("2026-11-03T08:00:00Z"))), [
      "2026-11-01T07",
      "2026-11-02T08",
      "2026-11-03T08",
    ]);
    assert.deepEqual(texts(pacificDayEnds(at("2026-03-07T08:00:00Z"), at("2026-03-09T07:00:00Z"))), [
      "2026-03-08T08",
      "2026-03-09T07",
    ]);
    assert.deepEqual(pacificDayEnds(at("2026-07-01T07:00:00Z"), at("2026-07-02T06:59:59Z")), []);
    const year = pacificDayEnds(at("2026-01-01T08:00:00Z"), at("2027-01-01T08:00:00Z"));
    assert.equal(year.length, 365);
  });

  it("give one value each, the first a day after the window began, with links to the windows beside it", async () => {
    const { simulator, get } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    const [since, until] = [at("2026-11-10T08:00:00Z") / 1000, at("2026-11-13T08:00:00Z") / 1000];
    const ask = `${id}/insights?metric=page_media_view&period=day`;
    const { data, paging } = (await get(fb(`${ask}&since=${since}&until=${until}`), token)).json;
    assert.deepEqual(
      data[0].values.map(({ end_time }: { end_time: string }) => end_time),
      ["2026-11-11T08:00:00+0000", "2026-11-12T08:00:00+0000", "2026-11-13T08:00:00+0000"],
    );
    const before = (await get(paging.previous)).json;
    assert.equal(before.data[0].values.at(-1).end_time, "2026-11-10T08:00:00+0000");
    assert.deepEqual((await get(before.paging.next)).json.data, data);
    const shift = `since=${at("2026-10-31T07:00:00Z") / 1000}&until=${at("2026-11-03T08:00:00Z") / 1000}`;
    const links = (await get(fb(`${ask}&${shift}`), token)).json.paging;
    for (const link of [links.previous, links.next]) assert.equal((await get(link)).json.data[0].values.length, 3);
    const dated = await get(fb(`${ask}&since=2026-11-10T08:00:00Z&until=-7 days`), token);
    assert.equal(dated.json.data[0].values.length, 3);
  });

  it("come for all periods where none is asked for, and not at all without read_insights", async () => {
    const { simulator, get, post } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    const all = (await get(fb(`${id}/insights?metric=page_follows`), token)).json.data;
    assert.deepEqual(
      all.map(({ period }: { period: string }) => period),
      ["day", "week", "days_28"],
    );
    const scopes = ["pages_read_engagement", "pages_manage_posts"];
    const blind = simulator.createAccount({ kind: "page", scopes });
    const none = await get(fb(`${blind.id}/insights?metric=page_follows`), blind.accessToken);
    assert.deepEqual([none.status, none.json], [200, { data: [] }]);
    const made = await post(fb(`${blind.id}/feed`), blind.accessToken, { message: "Hi" });
    const posts = await get(fb(`${made.json.id}/insights?metric=post_clicks`), blind.accessToken);
    assert.deepEqual([posts.status, posts.json], [200, { data: [] }]);
  });

  it("have no end on a post, whose numbers have links all the same", async () => {
    const { simulator, get, post } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    const made = (await post(fb(`${id}/feed`), token, { message: "Hi" })).json.id;
    const { data, paging } = (await get(fb(`${made}/insights?metric=post_clicks`), token)).json;
    assert.deepEqual(Object.keys(data[0].values[0]), ["value"]);
    assert.deepEqual((await get(paging.previous)).json.data, data);
  });

  it("give Instagram's series one value each as well", async () => {
    const { simulator, get } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "instagram" });
    const window = `since=${at("2026-11-10T08:00:00Z") / 1000}&until=${at("2026-11-13T08:00:00Z") / 1000}`;
    const { data } = (await get(fb(`${id}/insights?metric=reach&period=day&${window}`), token)).json;
    assert.equal(data[0].values.length, 3);
  });
});
