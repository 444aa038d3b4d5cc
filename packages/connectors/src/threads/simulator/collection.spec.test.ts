import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { app } from "./app.ts";
import { setUp } from "./client-harness.ts";
import { containerParams } from "./container-rules.ts";
import { containerFields } from "./containers.ts";
import { mediaMetrics, userMetrics } from "./insights.ts";
import { mediaFields, placeFields, userFields } from "./media-fields.ts";

const specsDir = process.env.POSTD_SPECS_DIR ?? "";
const skip = specsDir === "" ? "POSTD_SPECS_DIR names no folder with official API descriptions" : false;

const Pair = z.object({ key: z.string(), value: z.string().nullish(), disabled: z.boolean().optional() });
const Url = z.object({ raw: z.string(), query: z.array(Pair).default([]) });
interface Item {
  readonly name: string;
  readonly item?: readonly Item[] | undefined;
  readonly request?: { readonly method: string; readonly url: z.output<typeof Url> } | undefined;
  readonly response?: readonly { readonly body?: string | null | undefined }[] | undefined;
}
const Item: z.ZodType<Item> = z.lazy(() =>
  z.object({
    name: z.string(),
    item: z.array(Item).optional(),
    request: z.object({ method: z.string(), url: Url }).optional(),
    response: z.array(z.object({ body: z.string().nullish() })).optional(),
  }),
);
const Collection = z.object({ item: z.array(Item), variable: z.array(Pair) });

const loaded = () => {
  const file = join(specsDir, "threads", "threads-api.postman_collection.json");
  return Collection.parse(JSON.parse(readFileSync(file, "utf8")));
};
const requestsIn = (items: readonly Item[]): readonly Item[] =>
  items.flatMap((item) => (item.request ? [item] : requestsIn(item.item ?? [])));

/** What the simulator does not play, since nothing here calls it. */
const notPlayed = ["/keyword_search", "/profile_lookup", "/profile_posts", "/oembed"];
/** What the fact sheet has and the collection of 2026-01-02 lacks (section 5). */
const newer = [
  "allowlisted_country_codes",
  "enable_reply_approvals",
  "crossreshare_to_ig",
  "crossreshare_to_ig_dark_mode",
];

/** Optional parameters whose samples are no longer good, or never were: Tenor ended, and the styling is no JSON. */
const repaired: Readonly<Record<string, string>> = {
  gif_attachment: '{"gif_id":"16185153483944881729","provider":"GIPHY"}',
  text_attachment: '{"plaintext":"this is a text attachment","link_attachment_url":"https://meta.com"}',
};

/** A simulator with everything the variables of the collection stand for. */
async function ready() {
  const all = setUp();
  const { client, container, publish, image, video, act } = all;
  const thread_id = await publish({ text: "A post" });
  const reply_thread_id = Object(await act("reply", { to: thread_id, text: "A reply" })).id;
  const item = { media_type: "IMAGE", image_url: image(7), is_carousel_item: "true" };
  const children = [await container(item), await container(item)];
  const container_id = await container({ text: "Waiting" });
  const authorize = new URLSearchParams({
    client_id: app.app_id,
    redirect_uri: "https://www.domain.com/login",
    response_type: "code",
    scope: "threads_basic",
  });
  const code = (await client.consent(`https://threads.net/oauth/authorize?${authorize}`)).get("code") ?? "";
  const form = { client_id: app.app_id, client_secret: app.app_secret, grant_type: "authorization_code" };
  const again = (await client.consent(`https://threads.net/oauth/authorize?${authorize}`)).get("code") ?? "";
  const redirect_uri = "https://www.domain.com/login";
  const exchange = { ...form, redirect_uri, code: again };
  const short = (await client.ask({ url: "https://graph.threads.net/oauth/access_token", form: exchange })).json;
  client.advance(60_000);
  const variables: Readonly<Record<string, string>> = {
    api_host: "https://graph.threads.net",
    app_id: app.app_id,
    app_secret: app.app_secret,
    code,
    redirect_uri,
    thread_id,
    reply_thread_id,
    quote_post_id: thread_id,
    container_id,
    carousel_children_ids: children.join(","),
    image_url: image(),
    video_url: video(),
    location_id: "106377336067638",
    input_token: all.token,
    reply_control: "followers_only",
    follower_demographics_breakdown: "country",
  };
  return { ...all, variables, short: String(short.access_token) };
}

describe("the Threads simulator against the makers' collection", { skip }, () => {
  it("accepts every request of it, with each optional parameter too, but for what is not played", async () => {
    const { item, variable } = loaded();
    const defaults = Object.fromEntries(variable.map(({ key, value }) => [key, value ?? ""]));
    const requests = requestsIn(item);
    const refused: string[] = [];
    let asked = 0;
    for (const { name, request } of requests) {
      assert.ok(request);
      const optional = request.url.query.filter(({ disabled }) => disabled);
      for (const extra of [undefined, ...optional]) {
        // Another world each time: a code, a container and a post are used up.
        const { client, token, variables, short } = await ready();
        const fill = (text: string) =>
          text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => variables[key] ?? defaults[key] ?? "");
        const url = new URL(fill(request.url.raw.split("?")[0] ?? ""));
        if (notPlayed.includes(url.pathname)) continue;
        const params = [...request.url.query.filter(({ disabled }) => !disabled), ...(extra ? [extra] : [])];
        for (const { key, value } of params) url.searchParams.set(key, repaired[key] ?? fill(value ?? ""));
        if (extra?.key === "since" || extra?.key === "until") url.searchParams.set(extra.key, "1795176000");
        // Demographics need a breakdown, and follower numbers go with no other (fact sheet, section 9).
        if (url.pathname.endsWith("/threads_insights") && !extra) url.searchParams.set("metric", "views,likes,clicks");
        const isExchange = url.pathname === "/access_token";
        const answer = await client.ask({ url: url.href, method: request.method, token: isExchange ? short : token });
        asked += 1;
        if (answer.status !== 200) refused.push(`${name} ${extra?.key ?? ""}: ${answer.text}`);
      }
    }
    assert.deepEqual(refused, []);
    assert.ok(asked > 70, `${asked} requests`);
  });

  it("takes no parameter and answers no field the collection lacks, but for what is newer", async () => {
    const { item, variable } = loaded();
    const keys = new Set(requestsIn(item).flatMap(({ request }) => request?.url.query.map(({ key }) => key) ?? []));
    assert.deepEqual(
      containerParams.filter((name) => !keys.has(name)),
      newer,
    );
    const names = (key: string) =>
      (variable.find((one) => one.key === key)?.value ?? "").replace(/\{[^}]*\}/g, "").split(",");
    const unknown = (table: object, ...known: readonly string[]) =>
      Object.keys(table).filter((name) => !known.some((key) => names(key).includes(name)));
    assert.deepEqual(unknown(mediaFields, "fields_threads", "fields_replies"), []);
    assert.deepEqual(unknown(userFields, "fields_profile"), []);
    assert.deepEqual(unknown(placeFields, "fields_location"), []);
    assert.deepEqual(unknown(containerFields, "fields_container"), []);
    assert.deepEqual(mediaMetrics, names("metrics_post"));
    assert.deepEqual(userMetrics, names("metrics_account"));
  });

  it("answers with the members the collection's samples have", async () => {
    const { get, variables } = await ready();
    const sample = (name: string, nth = 0) => {
      const body = requestsIn(loaded().item).find((one) => one.name === name)?.response?.[nth]?.body ?? "{}";
      return z.record(z.string(), z.unknown()).parse(JSON.parse(body));
    };
    const { data } = sample("Get Account Insights");
    const [views, likes] = z.array(z.record(z.string(), z.unknown())).parse(data);
    const answer = (await get("me/threads_insights?metric=views,likes")).json.data;
    assert.deepEqual(Object.keys(answer[0]).sort(), Object.keys(views ?? {}).sort());
    assert.deepEqual(Object.keys(answer[1]).sort(), Object.keys(likes ?? {}).sort());
    const [post] = z.array(z.record(z.string(), z.unknown())).parse(sample("Get Post Insights").data);
    const own = (await get(`${variables.thread_id}/insights?metric=views`)).json.data[0];
    assert.deepEqual(Object.keys(own).sort(), Object.keys(post ?? {}).sort());
    const quota = (await get("me/threads_publishing_limit?fields=quota_usage,config,reply_quota_usage,reply_config"))
      .json;
    assert.deepEqual(
      Object.keys(quota.data[0]),
      Object.keys(z.array(z.object({}).loose()).parse(sample("Retrieve Publishing Quota Limit").data)[0] ?? {}),
    );
    const removed = await get(`${variables.container_id}/?fields=id,status`);
    assert.deepEqual(Object.keys(removed.json).sort(), ["id", "status"]);
  });
});
