import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { samplePng } from "@postd/connector-kit/media-samples";
import { md5Hex } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { setUp } from "./client-harness.ts";
import { routes } from "./routes.ts";
import { apiPath, type Exchange, exchangeProblems, loadSwagger, routeProblems } from "./swagger-harness.ts";

const specsDir = process.env.POSTD_SPECS_DIR ?? "";
const skip = specsDir === "" ? "POSTD_SPECS_DIR names no folder with official API descriptions" : false;

/** What the fact sheet has and the contract 3.0.55 lacks, or the other way round. One that nothing needs fails the test. */
const exceptions = [
  {
    what: "PATCH /campaigns/{} body.settings: may be left out",
    source: "platforms/mailchimp.md, Publishing 3: re-PATCHing the same recipients made it count again",
  },
  { what: "PUT /lists/{}/members/{} body.tags: not described", source: "platforms/mailchimp.md, Lists: upsert … tags" },
  {
    what: "POST /lists/#/webhooks 200.signing_secret: not described",
    source: "platforms/mailchimp.md, Webhooks: once, in newer contracts",
  },
  {
    what: "POST /campaigns problem.errors: not described",
    source: "platforms/mailchimp.md, Errors: errors?[{field, message}]",
  },
];
const excepted = (problems: readonly string[]) =>
  problems.filter((one) => !exceptions.some(({ what }) => what === one));

/** Walks through everything once and writes down what was said. */
async function walk(): Promise<readonly Exchange[]> {
  const at = setUp({ kind: "premium" });
  const exchanges: Exchange[] = [];
  at.client.onAsk = () => ({ status: 200, text: "" });
  async function call(method: string, path: string, sent?: unknown) {
    const { status, text, json } = await at.send(method, path.slice(1), sent);
    exchanges.push({ method, path: path.split("?")[0] ?? "", sent, status, got: text === "" ? undefined : json });
    return json;
  }
  const get = (path: string) => call("GET", path);
  const { list, settings } = at;
  for (const path of ["/", "/ping", "/verified-domains"]) await get(path);
  const [template] = (await get("/templates")).templates;
  await get(`/templates/${template.id}/default-content`);
  for (const path of ["/lists", `/lists/${list}`]) await get(path);
  const segments = `/lists/${list}/segments`;
  await get(segments);
  const options = { match: "all", conditions: [{ field: "EMAIL", op: "contains", value: "@" }] };
  const { id: saved } = await call("POST", segments, { name: "All", options });
  await get(`${segments}/${saved}`);
  const members = `/lists/${list}/members`;
  const email_address = "new@example.com";
  const member = `${members}/${md5Hex(email_address)}`;
  await call("POST", members, { email_address, status: "subscribed", merge_fields: { FNAME: "Nora" }, tags: ["New"] });
  await get(members);
  await get(member);
  await get("/search-members?query=new@example.com");
  await call("PUT", member, { email_address, status_if_new: "subscribed", vip: true });
  await call("PATCH", member, { status: "unsubscribed" });
  await call("POST", `${member}/tags`, { tags: [{ name: "New", status: "active" }] });
  await get(`${member}/tags`);
  await call("POST", `/lists/${list}`, {
    members: [{ email_address: "x@example.com", status: "subscribed" }, { email_address }],
  });
  await call("DELETE", member);
  const hooks = `/lists/${list}/webhooks`;
  const hook = await call("POST", hooks, {
    url: "https://postd.example/h",
    events: { campaign: true },
    sources: { api: true },
  });
  for (const path of [hooks, `${hooks}/${hook.id}`]) await get(path);
  await call("DELETE", `${hooks}/${hook.id}`);
  const file_data = Buffer.from(samplePng({ width: 2, height: 2 })).toString("base64");
  await call("POST", "/file-manager/files", { name: "a.png", file_data });

  const make = async () => {
    const recipients = { list_id: list, segment_opts: { saved_segment_id: saved } };
    const tracking = { opens: true, google_analytics: "spring" };
    const { id } = await call("POST", "/campaigns", {
      type: "regular",
      recipients,
      settings,
      tracking,
      social_card: { title: "T" },
    });
    await call("PUT", `/campaigns/${id}/content`, {
      html: '<a href="https://northfold.example/">Beans</a>',
      plain_text: "Beans",
    });
    return `/campaigns/${id}`;
  };
  const one = await make();
  await get(`${one}/content`);
  await get(`${one}/send-checklist`);
  await call("POST", `${one}/actions/send`);
  at.advance(8_000);
  await call("PATCH", one, { settings, recipients: { list_id: list } });
  at.advance(8_000);
  await call("POST", `${one}/actions/test`, { test_emails: ["a@example.com"], send_type: "html" });
  await call("POST", `${one}/actions/schedule`, { schedule_time: "2026-11-27T12:15:00+00:00", timewarp: false });
  await call("POST", `${one}/actions/unschedule`);
  await call("POST", `${one}/actions/send`);
  await get(one);
  at.advance(30_000);
  await at.act("engage", {
    campaign_id: one.split("/")[2] ?? "",
    opens: 2,
    uniqueOpens: 1,
    clicks: [{ url: "https://northfold.example/", total: 1, unique: 1 }],
  });
  for (const path of [one, "/campaigns", one.replace("campaigns", "reports")]) await get(path);
  const copy = (await make()).split("/")[2];
  at.advance(8_000);
  await call("POST", `/campaigns/${copy}/actions/send`);
  at.advance(15_000);
  await get(`/campaigns/${copy}`);
  await call("POST", `/campaigns/${copy}/actions/cancel-send`);
  await get(`/campaigns/${copy}`);
  await call("DELETE", await make());
  await call("POST", "/campaigns", { type: "regular", recipients: { list_id: "none" } });
  await get("/campaigns/none");
  return exchanges;
}

describe("the Mailchimp simulator against Mailchimp's swagger contract", { skip }, () => {
  it("takes and answers what the contract describes, but for listed exceptions", async () => {
    const swagger = loadSwagger(specsDir);
    const described = routes.filter((route) => apiPath(route) !== undefined);
    const exchanges = await walk();
    const problems = [
      ...described.flatMap((route) => routeProblems(swagger, route)),
      ...exchanges.flatMap((exchange) => exchangeProblems(swagger, exchange)),
    ];
    assert.deepEqual(excepted(problems), []);
    assert.deepEqual(
      exceptions.map(({ what }) => what).filter((what) => !problems.includes(what)),
      [],
      "every exception is needed",
    );
    // A refusal elsewhere would hide a shape unseen.
    assert.deepEqual(
      exchanges.filter(({ status }) => status >= 400).map(({ method, status }) => [method, status]),
      [
        ["POST", 400],
        ["POST", 400],
        ["GET", 404],
      ],
    );
  });

  it("is walked through whole", async () => {
    const called = new Set(
      (await walk()).filter(({ status }) => status < 400).map(({ method, path }) => `${method} ${path}`),
    );
    const isCalled = (method: string, template: string) => {
      const pattern = new RegExp(`^${method} ${template.replaceAll("{}", "[^/]+")}$`);
      return [...called].some((one) => pattern.test(one));
    };
    const paths = routes.flatMap((route) =>
      apiPath(route) === undefined ? [] : [[route.method, apiPath(route) ?? ""]],
    );
    assert.deepEqual(
      paths.filter(([method = "", path = ""]) => !isCalled(method, path)),
      [],
    );
    assert.ok(paths.length > 30);
  });

  it("would notice a wrong request and a wrong answer", () => {
    const swagger = loadSwagger(specsDir);
    const route = (body: z.ZodType, query = z.strictObject({})) =>
      routeProblems(swagger, { method: "POST", paths: ["*.api.mailchimp.com/3.0/campaigns"], body, query });
    assert.deepEqual(route(z.strictObject({ type: z.enum(["regular", "letter"]), subject: z.string().optional() })), [
      "POST /campaigns body.type: takes letter",
      "POST /campaigns body.subject: not described",
    ]);
    assert.deepEqual(route(z.strictObject({ type: z.int().optional() }), z.strictObject({ limit: z.string() })), [
      "POST /campaigns query.limit: not described",
      "POST /campaigns body.type: may be left out",
      "POST /campaigns body.type: takes integer, not string",
    ]);
    const answered = (got: unknown, status = 200) =>
      exchangeProblems(swagger, { method: "GET", path: "/campaigns/0123456789", sent: undefined, status, got });
    assert.deepEqual(answered({ id: 1, status: "live", subject: "x", send_time: "" }), [
      "GET /campaigns/# 200.id: no string",
      'GET /campaigns/# 200.status: "live" is not one of the enum',
      "GET /campaigns/# 200.subject: not described",
      "GET /campaigns/# 200.send_time: no date-time",
    ]);
    assert.equal(answered({ title: "Resource Not Found" }, 404).length, 4);
    assert.deepEqual(
      exchangeProblems(swagger, {
        method: "POST",
        path: "/campaigns",
        sent: { type: "letter" },
        status: 204,
        got: undefined,
      }),
      ['POST /campaigns body.type: "letter" is not one of the enum', "POST /campaigns: 204 is not described"],
    );
    assert.deepEqual(routeProblems(swagger, { method: "GET", paths: ["*.api.mailchimp.com/3.0/letters"] }), [
      "GET /letters: not described",
    ]);
  });
});
