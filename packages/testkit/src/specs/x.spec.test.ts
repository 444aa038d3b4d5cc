import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { base64Encode, hmacSha256, type TestCall, testClient } from "@postd/connector-kit/simulator";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { type Exception, type Exchange, loadXDescription } from "./x-openapi.ts";

const specsDir = process.env.POSTD_SPECS_DIR ?? "";
const skip = specsDir === "" ? "POSTD_SPECS_DIR names no folder with official API descriptions" : false;

/** Both dialects with the description that speaks them. */
const dialects = [
  {
    dialect: "new",
    file: "openapi.json",
    parameter: "post.fields",
    expansions: "referenced_posts,author_id",
    exceptions: (): Exception[] => [
      {
        what: /processing_info( must NOT have additional|\.error is not described)/,
        source: "specs/x/SOURCE.md: known gap",
      },
    ],
  },
  {
    dialect: "old",
    file: "openapi-2.159-legacy-field-names.json",
    parameter: "tweet.fields",
    expansions: "referenced_tweets.id,author_id",
    exceptions: (): Exception[] => [
      { what: /processing_info\.error is not described/, source: "specs/x/SOURCE.md: known gap" },
      { what: /media.* required property 'meta'/, source: "openapi-2.159: required, and described nowhere" },
      { what: /processing_info must have required property 'type'/, source: "openapi-2.159: likewise" },
      { what: /data\.(image|video) is not described/, source: "openapi.json: FinalizeMediaUploadResponseData" },
      { what: /POST \/2\/tweets: body must NOT have additional/, source: "platforms/x.md §5: made_with_ai" },
      { what: /POST \/2\/tweets: answer.data.edit_history_tweet_ids/, source: "platforms/x.md §5" },
      { what: /non_public_metrics\.(url_link|user_profile)_clicks is not/, source: "platforms/x.md §9" },
      { what: /non_public_metrics\.engagements is not/, source: "platforms/x.md §9" },
      { what: /public_metrics\.media_count is not/, source: "platforms/x.md §9" },
      { what: /POST \/2\/webhooks: answer/, source: "platforms/x.md §10: data{id, url, valid, created_at}" },
      { what: /PUT \/2\/webhooks\/\{id\}: answer.data.valid/, source: "openapi.json: ValidateWebhooksResponseData" },
      { what: /subscriptions: body\/event_type/, source: "platforms/x.md §10: post.create" },
      { what: /POST \/2\/webhooks\/replay: answer/, source: "openapi.json: CreateWebhookReplayJobResponse" },
    ],
  },
] as const;

function setUp() {
  const definition = simulatorDefinitions.find(({ id }) => id === "x");
  assert.ok(definition);
  const client = testClient(definition, { startAt: "2026-11-26T12:00:00Z" });
  const { api_secret = "", bearer_token = "" } = definition.appCredentials.x ?? {};
  client.onAsk = (url) => {
    const response_token = `sha256=${base64Encode(hmacSha256(api_secret, url.searchParams.get("crc_token") ?? ""))}`;
    return { status: 200, text: JSON.stringify({ response_token }) };
  };
  const { accessToken, id: me } = client.simulator.createAccount({ kind: "premium" });
  const exchanges: Exchange[] = [];
  /** Calls, and remembers what was said. */
  async function call(method: string, path: string, more: Partial<TestCall> = {}, token = accessToken) {
    const url = `https://api.x.com/2/${path}`;
    const { status, json, text } = await client.ask({ url, method, token, ...more });
    const { pathname, searchParams: query } = new URL(url);
    const parts = more.multipart && Object.keys(more.multipart);
    exchanges.push({ method, path: pathname, query, body: more.json, status, answer: json, ...(parts && { parts }) });
    return { status, json, text };
  }
  const asApp = (method: string, path: string, json?: unknown) =>
    call(method, path, json === undefined ? {} : { json }, bearer_token);
  return { ...client, call, asApp, exchanges, me };
}

for (const { dialect, file, parameter, expansions, exceptions: listed } of dialects)
  describe(`the X simulator against X's published description, ${dialect} names`, { skip }, () => {
    it("is asked and answers as described, but for listed exceptions", async () => {
      const exceptions = listed();
      const { call, asApp, exchanges, me, act, advance } = setUp();
      await act("set", { dialect });
      const send = async (bytes: Uint8Array, media_type: string, media_category: string): Promise<string> => {
        const json = { media_type, media_category, total_bytes: bytes.byteLength };
        const { id } = (await call("POST", "media/upload/initialize", { json })).json.data;
        const media = new Blob([Buffer.from(bytes)]);
        await call("POST", `media/upload/${id}/append`, { multipart: { media, segment_index: "0" } });
        await call("POST", `media/upload/${id}/finalize`, { json: {} });
        await call("GET", `media/upload?command=STATUS&media_id=${id}`);
        advance(10_000);
        await call("GET", `media/upload?media_id=${id}`);
        return id;
      };
      const post = async (json: object) => (await call("POST", "tweets", { json })).json.data?.id;
      const picture = sampleJpeg({ width: 40, height: 30 });
      const film = sampleMp4({ width: 640, height: 360, durationMs: 2000 });
      const image = await send(picture, "image/jpeg", "tweet_image");
      await call("POST", "media/upload", {
        multipart: { media: new Blob([Buffer.from(picture)]), media_category: "tweet_image" },
      });
      const video = await send(film, "video/mp4", "tweet_video");
      await act("failMedia");
      await send(film, "video/mp4", "tweet_video");
      const metadata = { alt_text: { text: "A grey field" } };
      await call("POST", "media/metadata", { json: { id: image, metadata } });
      const root = await post({
        text: "Fresh beans https://example.com #coffee $AAPL @jonas_berg",
        made_with_ai: true,
      });
      const reply = await post({ text: "Below", reply: { in_reply_to_tweet_id: root }, media: { media_ids: [image] } });
      const filmed = await post({ text: "Film", media: { media_ids: [video], tagged_user_ids: [me] } });
      await post({ text: "Quote", quote_tweet_id: root, reply_settings: "following" });
      const poll = await post({ text: "Poll", poll: { options: ["a", "b"], duration_minutes: 60 } });
      const edited = await post({
        text: "Film!",
        media: { media_ids: [video] },
        edit_options: { previous_post_id: filmed },
      });
      const long = await post({ text: "long ".repeat(100) });
      await post({ text: "Below", reply: { in_reply_to_tweet_id: root } });
      const theirs = (await act("postAs", { person: "jonas_berg", text: "Hi", reply_to: root })) as { id: string };
      await call("PUT", `tweets/${theirs.id}/hidden`, { json: { hidden: true } });

      const fields = "attachments,conversation_id,created_at,edit_controls,entities,non_public_metrics,public_metrics";
      const media = "alt_text,duration_ms,height,non_public_metrics,preview_image_url,public_metrics,type,url,width";
      const user = "created_at,profile_image_url,protected,public_metrics,subscription_type,verified,verified_type";
      const asking = `${parameter}=${fields}&expansions=attachments.media_keys,attachments.poll_ids,${expansions}&media.fields=${media}&user.fields=${user}`;
      await call("GET", `tweets?ids=${[root, reply, poll, edited, long, theirs.id, "1"].join()}&${asking}`);
      await call("GET", `tweets/${edited}?${asking}`);
      await call("GET", `tweets/${long}?${parameter}=${dialect === "old" ? "note_tweet" : "note_post"}`);
      await call("GET", "tweets/1");
      await call("GET", `users/${me}/tweets?max_results=5&exclude=replies&${asking}`);
      await call("GET", `users/${me}/mentions?${asking}`);
      await call("GET", `tweets/search/recent?query=conversation_id:${root}&max_results=10&${asking}`);
      await call("GET", `users/me?user.fields=${user}`);
      const hook = (await asApp("POST", "webhooks", { url: "https://postd.test/api/webhooks/x" })).json.data.id;
      await asApp("POST", "webhooks", { url: "nowhere" });
      await asApp("GET", "webhooks");
      await asApp("PUT", `webhooks/${hook}`);
      const wish = { event_type: "post.create", filter: { user_id: me }, tag: "ours", webhook_id: hook };
      const { subscription } = (await asApp("POST", "activity/subscriptions", wish)).json.data;
      await asApp("GET", "activity/subscriptions");
      await asApp("PUT", `activity/subscriptions/${subscription.subscription_id}`, { webhook_id: hook });
      await asApp("POST", "webhooks/replay", { webhook_id: hook, from_date: "202611261200", to_date: "202611261210" });
      await asApp("DELETE", `activity/subscriptions/${subscription.subscription_id}`);
      await asApp("DELETE", `webhooks/${hook}`);
      await call("DELETE", `tweets/${root}`);
      await call("DELETE", `tweets/${root}`);

      const description = loadXDescription(specsDir, file);
      const problems = exchanges.flatMap((exchange) => description.problemsOf(exchange, exceptions));
      assert.deepEqual([...new Set(problems)], []);
      assert.deepEqual(
        exceptions.filter(({ used }) => !used).map(({ what }) => String(what)),
        [],
        "every exception is needed",
      );
      assert.ok(exchanges.filter(({ status }) => status < 300).length > 40, "the story covers the simulator");
    });

    it("takes every described name of fields and expansions, and no other", async () => {
      const { call } = setUp();
      const description = loadXDescription(specsDir, file);
      const operation = description.operationOf("GET", "/2/tweets");
      assert.ok(operation);
      for (const one of operation.parameters) {
        const names = description.namesOf(one);
        if (names.length === 0) continue;
        const spoken = one.name === "expansions" ? `&${parameter}=text` : "";
        const { status, text } = await call("GET", `tweets?ids=1&${one.name}=${names.join()}${spoken}`);
        assert.equal(status, 200, `${one.name}: ${text}`);
        const invented = await call("GET", `tweets?ids=1&${one.name}=invented${spoken}`);
        if (!["poll.fields", "place.fields"].includes(one.name)) assert.equal(invented.status, 400, one.name);
      }
    });

    it("takes every described property of a post, and no other", async () => {
      const { call } = setUp();
      const names = loadXDescription(specsDir, file).bodyNamesOf("POST", "/2/tweets");
      assert.ok(names.length > 12);
      for (const name of names) {
        const { json } = await call("POST", "tweets", { json: { [name]: { invented: {} } } });
        assert.ok(!JSON.stringify(json).includes(`${name}: is not defined`), JSON.stringify(json));
      }
      const { json } = await call("POST", "tweets", { json: { text: "x", invented: true } });
      assert.ok(JSON.stringify(json).includes("invented: is not defined"), JSON.stringify(json));
    });

    it("would find an invented parameter, property and field, and a call nobody described", () => {
      const description = loadXDescription(specsDir, file);
      const asked = { method: "GET", path: "/2/tweets", query: new URLSearchParams("ids=1&colour=red"), status: 200 };
      const answer = { data: [{ id: "1", text: "Hello", colour: "red" }] };
      assert.deepEqual(description.problemsOf({ ...asked, answer }, []), [
        "GET /2/tweets: parameter colour is not described",
        "GET /2/tweets: answer.data[].colour is not described",
      ]);
      const query = new URLSearchParams();
      const sent = {
        method: "POST",
        path: "/2/tweets",
        query,
        status: 201,
        body: { text: 1 },
        answer: { data: { id: "x" } },
      };
      assert.ok(description.problemsOf(sent, []).length >= 3);
      assert.deepEqual(description.problemsOf({ ...asked, query, path: "/2/nothing", answer }, []), [
        "GET /2/nothing: is not described",
      ]);
    });
  });
