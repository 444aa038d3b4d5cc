import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { testClient } from "@postd/connector-kit/simulator";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import {
  type DescribedMethod,
  type Exchange,
  exchangeProblems,
  loadDiscovery,
  loadOpenApi,
} from "./google-discovery.ts";

const specsDir = process.env.POSTD_SPECS_DIR ?? "";
const skip = specsDir === "" ? "POSTD_SPECS_DIR names no folder with official API descriptions" : false;

const day = { year: 2026, month: 12, day: 1 };
const event = {
  title: "Cupping",
  schedule: { startDate: day, startTime: { hours: 19 }, endDate: day, endTime: { hours: 22, minutes: 30 } },
};

/** A simulated Google that writes down every call that went well. */
function createRecorder() {
  const definition = simulatorDefinitions.find(({ id }) => id === "google");
  assert.ok(definition);
  const client = testClient(definition);
  const account = client.simulator.createAccount({});
  const exchanges: Exchange[] = [];
  async function call(method: string, address: string, json?: unknown) {
    const url = `https://${address}`;
    const more = json === undefined ? {} : { json };
    const answer = await client.ask({ method, url, token: account.accessToken, ...more });
    assert.equal(answer.status, 200, `${method} ${address}: ${answer.text}`);
    const { host, pathname, searchParams } = new URL(url);
    exchanges.push({ method, host, path: pathname, query: searchParams, input: json, output: answer.json });
    return answer.json;
  }
  const [group = "", place = ""] = /^(accounts\/\d+)\/(locations\/\d+)$/.exec(account.id)?.slice(1) ?? [];
  return { ...client, account, group, place, call, exchanges };
}

function assertDescribed(exchanges: readonly Exchange[], methods: readonly DescribedMethod[], used: readonly string[]) {
  const seen = new Set<string>();
  assert.deepEqual(
    exchanges.flatMap((exchange) => exchangeProblems(exchange, methods, seen)),
    [],
  );
  assert.deepEqual([...seen].sort(), [...used].sort(), "every method that is played was called");
}

describe("the Google simulator against Google's discovery documents", { skip }, () => {
  it("takes and answers accounts, locations, numbers and notification settings as they are described", async () => {
    const { call, exchanges, group, place, act, account } = createRecorder();
    await act("addAccounts", { person: String(account.extra?.subject), names: ["Two", "Three"] });
    await act("addLocations", { account: group, titles: ["Two"], hasVoice: false });
    const { nextPageToken } = await call("GET", "mybusinessaccountmanagement.googleapis.com/v1/accounts?pageSize=2");
    await call("GET", `mybusinessaccountmanagement.googleapis.com/v1/accounts?pageToken=${nextPageToken}`);
    await call("GET", `mybusinessaccountmanagement.googleapis.com/v1/${group}`);
    const mask = "readMask=name,title,languageCode,storefrontAddress,metadata,websiteUri";
    await call("GET", `mybusinessbusinessinformation.googleapis.com/v1/${group}/locations?${mask}&pageSize=1`);
    await call("GET", `mybusinessbusinessinformation.googleapis.com/v1/${place}?${mask}`);
    await call("GET", `mybusinessverifications.googleapis.com/v1/${place}/VoiceOfMerchantState`);
    await act("setVoice", { location: place, hasVoice: false });
    await call("GET", `mybusinessverifications.googleapis.com/v1/${place}/VoiceOfMerchantState`);
    const ends = (end: string, of: number) =>
      `dailyRange.${end}.year=2026&dailyRange.${end}.month=11&dailyRange.${end}.day=${of}`;
    const metrics = "dailyMetrics=CALL_CLICKS&dailyMetrics=BUSINESS_IMPRESSIONS_MOBILE_MAPS";
    const numbers = "businessprofileperformance.googleapis.com/v1";
    const days = `${metrics}&${ends("startDate", 2)}&${ends("endDate", 19)}`;
    await call("GET", `${numbers}/${place}:fetchMultiDailyMetricsTimeSeries?${days}`);
    const setting = `${group}/notificationSetting`;
    await call(
      "PATCH",
      `mybusinessnotifications.googleapis.com/v1/${setting}?updateMask=pubsubTopic,notificationTypes`,
      { name: setting, pubsubTopic: "projects/p/topics/t", notificationTypes: ["NEW_REVIEW", "UPDATED_REVIEW"] },
    );
    await call("GET", `mybusinessnotifications.googleapis.com/v1/${setting}`);
    const official = [
      "mybusinessaccountmanagement.v1",
      "mybusinessbusinessinformation.v1",
      "mybusinessverifications.v1",
      "mybusinessnotifications.v1",
      "businessprofileperformance.v1",
    ].flatMap((name) => loadDiscovery(specsDir, name));
    assertDescribed(exchanges, official, [
      "mybusinessaccountmanagement.accounts.list",
      "mybusinessaccountmanagement.accounts.get",
      "mybusinessbusinessinformation.accounts.locations.list",
      "mybusinessbusinessinformation.locations.get",
      "mybusinessverifications.locations.getVoiceOfMerchantState",
      "mybusinessnotifications.accounts.getNotificationSetting",
      "mybusinessnotifications.accounts.updateNotificationSetting",
      "businessprofileperformance.locations.fetchMultiDailyMetricsTimeSeries",
    ]);
  });

  it("knows a field nobody described, a wrong word and an unknown parameter", () => {
    const methods = loadDiscovery(specsDir, "mybusinessaccountmanagement.v1");
    const listed = (output: unknown, query = "") =>
      exchangeProblems(
        {
          method: "GET",
          host: "mybusinessaccountmanagement.googleapis.com",
          path: "/v1/accounts",
          query: new URLSearchParams(query),
          input: undefined,
          output,
        },
        methods,
        new Set(),
      ).length;
    assert.equal(listed({ accounts: [{ name: "accounts/1", type: "PERSONAL" }] }, "pageSize=2"), 0);
    assert.equal(listed({ accounts: [{ name: "accounts/1", type: "HUMAN" }] }), 1);
    assert.equal(listed({ accounts: [{ title: "x" }] }), 1);
    assert.equal(listed({}, "pageSize=two&fly=1"), 2);
  });
});

describe("the Google simulator against our own hand-compiled subset of v4, which proves nothing by itself", {
  skip,
}, () => {
  it("knows a field and a state that are not in the subset", () => {
    const methods = loadOpenApi(specsDir, "mybusiness.v4.subset.hand-compiled");
    const path = "/v4/accounts/1/locations/2/localPosts/3";
    const call = {
      method: "GET",
      host: "mybusiness.googleapis.com",
      path,
      query: new URLSearchParams(),
      input: undefined,
    };
    const told = (output: object) => exchangeProblems({ ...call, output }, methods, new Set()).length;
    assert.equal(told({ topicType: "STANDARD", state: "LIVE" }), 0);
    assert.equal(told({ topicType: "STANDARD", state: "SEEN", views: 3 }), 2);
  });

  it("takes and answers posts, reviews, replies and media as the subset has them", async () => {
    const { call, exchanges, account, act, host, advance, ask } = createRecorder();
    const base = `mybusiness.googleapis.com/v4/${account.id}`;
    const sourceUrl = host("a.jpg", sampleJpeg({ width: 2400, height: 1800 }), "image/jpeg");
    const media = [{ mediaFormat: "PHOTO", sourceUrl }];
    const button = { actionType: "BOOK", url: "https://x.example/" };
    const posts = `${base}/localPosts`;
    const post = await call("POST", posts, {
      topicType: "STANDARD",
      languageCode: "en",
      summary: "Fresh",
      media,
      callToAction: button,
    });
    await call("POST", posts, {
      topicType: "EVENT",
      summary: "Come",
      event,
      scheduledTime: "2026-11-25T10:00:00+01:00",
    });
    const offer = { couponCode: "X", redeemOnlineUrl: "https://x.example/", termsConditions: "One each" };
    await call("POST", posts, { topicType: "OFFER", event, offer });
    await call("POST", posts, { topicType: "ALERT", alertType: "COVID_19", summary: "Masks" });
    advance(60_000);
    await call("GET", `${posts}?pageSize=2`);
    await call("GET", posts);
    const name = `mybusiness.googleapis.com/v4/${post.name}`;
    await call("GET", name);
    // The subset marks what a whole post needs, and a change names only what changes.
    await call("PATCH", `${name}?updateMask=summary`, { topicType: "STANDARD", summary: "Fresher" });
    await call("DELETE", name);
    for (const comment of ["Nice", ""]) await act("addReview", { location: account.id, comment, stars: 4 });
    const { reviews } = await call("GET", `${base}/reviews?pageSize=1&orderBy=rating%20desc`);
    const review = `mybusiness.googleapis.com/v4/${reviews[0].name}`;
    await act("refuseReply", { policyViolation: "OFF_TOPIC" });
    await call("PUT", `${review}/reply`, { comment: "Thanks" });
    advance(60_000);
    await call("GET", review);
    await call("DELETE", `${review}/reply`);
    const { resourceName } = await call("POST", `${base}/media:startUpload`, {});
    const upload = `https://mybusiness.googleapis.com/upload/v1/media/${resourceName}?upload_type=media`;
    await ask({ url: upload, token: account.accessToken, bytes: sampleJpeg({ width: 2400, height: 1800 }) });
    const item = await call("POST", `${base}/media`, {
      mediaFormat: "PHOTO",
      locationAssociation: { category: "EXTERIOR" },
      dataRef: { resourceName },
      description: "The door",
    });
    await call("GET", `${base}/media?pageSize=1`);
    await call("GET", `mybusiness.googleapis.com/v4/${item.name}`);
    await call("DELETE", `mybusiness.googleapis.com/v4/${item.name}`);
    assertDescribed(exchanges, loadOpenApi(specsDir, "mybusiness.v4.subset.hand-compiled"), [
      "localPosts.create",
      "localPosts.list",
      "localPosts.get",
      "localPosts.patch",
      "localPosts.delete",
      "reviews.list",
      "reviews.get",
      "reviews.updateReply",
      "reviews.deleteReply",
      "media.startUpload",
      "media.create",
      "media.list",
      "media.get",
      "media.delete",
    ]);
  });
});
