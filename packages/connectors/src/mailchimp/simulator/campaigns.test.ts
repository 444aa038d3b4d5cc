import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { samplePng } from "@postd/connector-kit/media-samples";
import { sha256Hex } from "@postd/connector-kit/simulator";
import { html, setUp } from "./client-harness.ts";

describe("a campaign", () => {
  it("goes from draft over counting and sending to its audience, with everything people see", async () => {
    const { get, post, draft, advance, list, simulator, settings } = setUp();
    const id = await draft();
    assert.equal(simulator.posts().length, 0);
    assert.deepEqual((await get(`campaigns/${id}?fields=status,recipients.recipient_count`)).json, {
      status: "save",
      recipients: { recipient_count: 4 },
    });
    assert.equal((await get(`campaigns/${id}/send-checklist`)).json.is_ready, true);
    const sent = await post(`campaigns/${id}/actions/send`);
    assert.deepEqual([sent.status, sent.text], [204, ""]);
    advance(15_000);
    const under = (await get(`campaigns/${id}`)).json;
    assert.deepEqual([under.status, under.emails_sent, under.long_archive_url], ["sending", 2, ""]);
    assert.deepEqual([under.delivery_status.status, under.delivery_status.emails_sent], ["delivering", 2]);
    advance(15_000);
    const out = (await get(`campaigns/${id}`)).json;
    assert.deepEqual([out.status, out.emails_sent, out.delivery_status.status], ["sent", 4, "delivered"]);
    const [live, ...others] = simulator.posts();
    assert.equal(others.length, 0);
    assert.equal(live?.permalink, out.long_archive_url);
    assert.equal(live?.text, "Fresh & washed\nBeans (https://northfold.example/beans)");
    assert.deepEqual(live?.details?.audience, { id: list, name: "Northfold Coffee letter" });
    assert.equal(live?.details?.subject, settings.subject_line);
    assert.match(String(live?.details?.html), /\*\|UNSUB\|\*/, "without a way out Mailchimp adds one");
    assert.equal(live?.details?.htmlSha256, sha256Hex(String(live?.details?.html)));
  });

  it("is refused while its recipients are counted, and when it was sent before", async () => {
    const { post, send, list, settings, sent, simulator } = setUp();
    const made = await post("campaigns", { type: "regular", recipients: { list_id: list }, settings });
    assert.equal(made.json.recipients.recipient_count, 0);
    await send("PUT", `campaigns/${made.json.id}/content`, { html });
    const early = await post(`campaigns/${made.json.id}/actions/send`);
    assert.equal(early.json.detail, "Your Campaign is not ready to send. recipients not ready");
    assert.equal(early.headers["content-type"], "application/problem+json; charset=utf-8");
    const id = await sent();
    assert.equal((await post(`campaigns/${id}/actions/send`)).status, 400);
    assert.equal(simulator.posts().length, 1);
  });

  it("names in the checklist what the send does not say", async () => {
    const { get, post, draft, act, account } = setUp();
    const id = await draft();
    await act("setDomain", { account: account.id, domain: "northfold.example", verified: false });
    const list = (await get(`campaigns/${id}/send-checklist`)).json;
    const [error] = list.items.filter(({ type }: { type: string }) => type === "error");
    assert.deepEqual(
      [list.is_ready, error.heading, error.details],
      [false, "Replies", "The domain of ida@northfold.example is not verified."],
    );
    const refused = await post(`campaigns/${id}/actions/send`);
    assert.equal(refused.json.detail, "Your Campaign is not ready to send. address(es) - ida@northfold.example");
  });

  it("goes to a segment, and to nobody where that is empty", async () => {
    const { get, post, list, draft, simulator } = setUp();
    const { segments } = (await get(`lists/${list}/segments`)).json;
    const saved = (name: string) => segments.find((one: { name: string }) => one.name === name).id;
    const to = (segment_opts: object) => draft({ recipients: { list_id: list, segment_opts } });
    const id = await to({ saved_segment_id: saved("Regulars") });
    await post(`campaigns/${id}/actions/send`);
    assert.deepEqual(
      simulator.posts().map(({ details }) => [details?.addressees, Object(details?.segment).name]),
      [[1, "Regulars"]],
    );
    const none = await to({ match: "all", conditions: [{ field: "EMAIL", op: "is", value: "nobody@example.com" }] });
    assert.match((await get(`campaigns/${none}/send-checklist`)).text, /Your advanced segment is empty\./);
    assert.equal((await post(`campaigns/${none}/actions/send`)).status, 400);
  });

  it("shows pictures of the file manager with their words", async () => {
    const { post, send, draft, simulator } = setUp();
    const bytes = samplePng({ width: 4, height: 3 });
    const file = await post("file-manager/files", {
      name: "beans.png",
      file_data: Buffer.from(bytes).toString("base64"),
    });
    assert.deepEqual([file.json.type, file.json.width, file.json.height], ["image", 4, 3]);
    const id = await draft();
    const page = `<body><img alt="A &quot;cup&quot;" src="${file.json.full_size_url}"><a href="*|UNSUB|*">Out</a> *|LIST:ADDRESS|*</body>`;
    await send("PUT", `campaigns/${id}/content`, { html: page });
    await post(`campaigns/${id}/actions/send`);
    const [live] = simulator.posts();
    assert.equal(live?.details?.html, page);
    assert.deepEqual(
      live?.media.map(({ sha256, altText }) => [sha256, altText]),
      [[sha256Hex(bytes), 'A "cup"']],
    );
  });

  it("can be changed while it is a draft, and only then; deleted mail stays with those who got it", async () => {
    const { send, get, sent, draft, settings, simulator } = setUp();
    const id = await draft();
    const changed = await send("PATCH", `campaigns/${id}`, { settings: { ...settings, subject_line: "Other" } });
    assert.equal(changed.json.settings.subject_line, "Other");
    assert.equal((await send("DELETE", `campaigns/${id}`)).status, 204);
    assert.equal((await get(`campaigns/${id}`)).json.title, "Resource Not Found");
    const out = await sent();
    assert.equal((await send("PATCH", `campaigns/${out}`, { settings })).json.title, "Invalid Action");
    assert.equal((await send("PUT", `campaigns/${out}/content`, { html: "<p>x</p>" })).status, 400);
    assert.equal((await send("DELETE", `campaigns/${out}`)).status, 204);
    assert.equal((await get(`campaigns/${out}`)).status, 404);
    assert.equal(simulator.posts().length, 1);
  });

  it("fills a template by its sections", async () => {
    const { get, send, draft } = setUp();
    const [{ id: template }] = (await get("templates")).json.templates;
    const id = await draft();
    const put = (sections: object) => send("PUT", `campaigns/${id}/content`, { template: { id: template, sections } });
    assert.match((await put({ body: "Words of ours" })).json.html, /<div mc:edit="body">Words of ours<\/div>/);
    assert.equal((await get(`campaigns/${id}`)).json.content_type, "template");
    assert.equal((await put({ nothing: "x" })).json.title, "Invalid Resource");
  });

  it("names a wrong or unknown field", async () => {
    const { post, list } = setUp();
    const answers = await Promise.all([
      post("campaigns", { type: "regular", recipient: {} }),
      post("campaigns", { type: "regular", recipients: { list_id: "none" } }),
      post("campaigns", {
        type: "regular",
        recipients: { list_id: list, segment_opts: { saved_segment_id: 1 } },
      }),
    ]);
    assert.deepEqual(
      answers.map(({ status, json }) => [status, json.errors[0].field]),
      [
        [400, "recipient"],
        [400, "recipients.list_id"],
        [400, "recipients.segment_opts.saved_segment_id"],
      ],
    );
  });
});
