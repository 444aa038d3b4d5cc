import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sampleHeic, samplePng } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

interface Note {
  readonly field: string;
  readonly code: string;
  readonly severity: string;
}
interface File {
  readonly mediaId: string;
  readonly madeFrom: string;
  readonly changes: readonly { readonly code: string; readonly message: string }[];
}
interface Job {
  readonly id: string;
  readonly connectionId: string;
  readonly state: string;
  readonly files?: readonly File[];
}

describe("one picture, as each platform takes it", () => {
  let system: System;
  let ida: ApiSession;
  /** Ids of connections by platform. */
  const to: Record<string, string> = {};

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    to.bluesky = (await connectBluesky(system, ida)).id;
    const meta = await grantThroughBrowser(ida, "facebook");
    const { accounts } = await ida.must("GET", `/api/grants/${meta.grantId}`);
    const { externalId } = accounts.find(
      (one: { platform: string; blocked?: string }) => one.platform === "instagram" && !one.blocked,
    );
    to.instagram = await chosen(meta.grantId, "instagram", externalId);
    const creator = await system.sim("POST", "tiktok/accounts", { kind: "public" });
    const { grantId } = await grantThroughBrowser(ida, "tiktok", "tiktok", { person: creator.extra.subject });
    to.tiktok = await chosen(grantId, "tiktok", creator.id);
  });
  after(() => system?.close());

  async function chosen(grantId: string, platform: string, externalId: string): Promise<string> {
    const made = await ida.must("POST", "/api/connections", { grantId, accounts: [{ platform, externalId }] });
    return made.connections[0].id;
  }
  const names = ["bluesky", "instagram", "tiktok"] as const;
  const body = (text: string, more: object, versions: object = {}) => ({
    text,
    targets: names.map((name) => ({ connectionId: to[name] })),
    versions: { tiktok: { options: { privacyLevel: "PUBLIC_TO_EVERYONE", consent: true } }, ...versions },
    ...more,
  });
  const codes = (notes: readonly Note[] = []) => notes.map(({ field, code }) => `${field} ${code}`);
  const jobsOf = async (id: string): Promise<readonly Job[]> => (await ida.must("GET", `/api/posts/${id}`)).jobs;
  const jobOf = (jobs: readonly Job[], name: string) => jobs.find(({ connectionId }) => connectionId === to[name]);
  async function published(id: string): Promise<readonly Job[]> {
    for (let turn = 0; turn < 30; turn += 1) {
      await system.settle();
      const jobs = await jobsOf(id);
      if (jobs.every(({ state }) => state === "published")) return jobs;
      await system.clock.advance(30_000);
    }
    assert.fail(JSON.stringify(await jobsOf(id)));
  }
  const shown = async (simulator: string, text: string) =>
    (await system.sim("GET", `${simulator}/posts`)).posts.find((post: { text: string }) => post.text.includes(text));
  // 3:4, over Bluesky's bytes, wider than TikTok likes, and a type that Instagram and TikTok do not take.
  const picture = (seed: number) => samplePng({ width: 1_500, height: 2_000, grain: 3, seed });

  it("is told before what will be done to it, sent as each takes it, and stays the same over a retry", async () => {
    const source = await ida.must("GET", `/api/media/${(await ida.upload(picture(1), "beans.png", "Beans")).id}`);
    assert.ok(source.sizeBytes > 2_000_000, "the sample is small");
    const post = body("As each takes it", { mediaIds: [source.id] });
    const told = await ida.must("POST", "/api/posts/validate", post);
    assert.equal(told.ok, true, JSON.stringify(told));
    assert.deepEqual(
      told.targets.map(({ problems }: { problems: Note[] }) => codes(problems)),
      [
        ["media.0 media_converted", "media.0 media_made_smaller"],
        ["media.0 media_cropped", "media.0 media_converted"],
        ["media.0 media_converted", "media.0 media_scaled", "media.0.altText alt_text_not_shown"],
      ],
    );
    await system.sim("POST", "bluesky/faults", { fault: "serverError" });
    const { id } = await ida.must("POST", "/api/posts", post);
    const planned = await jobsOf(id);
    const made: Record<string, { sha256: string; mimeType: string; width: number; height: number; sizeBytes: number }> =
      {};
    for (const name of names) {
      const [file] = jobOf(planned, name)?.files ?? [];
      assert.ok(file && file.madeFrom === source.id, name);
      const view = await ida.must("GET", `/api/media/${file.mediaId}`);
      assert.deepEqual([view.mimeType, view.madeFrom], ["image/jpeg", source.id]);
      made[name] = view;
    }
    assert.deepEqual([made.instagram?.width, made.instagram?.height], [1_500, 1_875]);
    assert.deepEqual([made.tiktok?.width, made.tiktok?.height], [1_080, 1_440]);
    assert.ok((made.bluesky?.sizeBytes ?? 0) <= 2_000_000);

    const jobs = await published(id);
    for (const name of names) {
      const live = await shown(name === "instagram" ? "meta" : name, "As each takes it");
      assert.deepEqual(
        live?.media.map(({ sha256 }: { sha256: string }) => sha256),
        [made[name]?.sha256],
        name,
      );
      assert.deepEqual(jobOf(jobs, name)?.files, jobOf(planned, name)?.files, "planned once, and nothing made since");
    }
    const { media } = await shown("bluesky", "As each takes it");
    assert.equal(media[0].altText, "Beans", "its words go with it");
  });

  it("is made once for the same bytes and the same rule, and cannot go while a post waits for it", async () => {
    const [one, two] = [await ida.upload(picture(2), "a.png"), await ida.upload(picture(2), "b.png")];
    const scheduledFor = new Date(system.clock.now().getTime() + 3_600_000).toISOString();
    const plan = async (id: string, text: string) => {
      const { id: post } = await ida.must("POST", "/api/posts", {
        text,
        mediaIds: [id],
        targets: [{ connectionId: to.bluesky }],
        scheduledFor,
      });
      const [file] = (await jobsOf(post))[0]?.files ?? [];
      assert.ok(file);
      return { post, made: file.mediaId };
    };
    const first = await plan(one.id, "First");
    const second = await plan(two.id, "Second");
    assert.equal(first.made, second.made);
    for (const id of [one.id, first.made]) {
      const refused = await ida.call("DELETE", `/api/media/${id}`);
      assert.equal(refused.status, 409, JSON.stringify(refused.body));
      assert.match(refused.body.detail, new RegExp(first.post));
    }
    await ida.must("DELETE", `/api/posts/${first.post}`);
    await ida.must("DELETE", `/api/media/${one.id}`);
    assert.equal((await ida.must("GET", `/api/media/${first.made}`)).madeFrom, two.id, "the twin's post needs it");
    await ida.must("DELETE", `/api/posts/${second.post}`);
    await ida.must("DELETE", `/api/media/${two.id}`);
    assert.equal((await ida.call("GET", `/api/media/${first.made}`)).status, 404, "it goes with its source");
  });

  it("is cropped as its author says, for one account otherwise than for the others", async () => {
    const { id: file } = await ida.upload(picture(3), "c.png");
    const lower = { x: 0, y: 0.5, width: 1, height: 0.5 };
    const draft = await ida.must(
      "POST",
      "/api/posts",
      body("Cropped", { mediaIds: [file], mode: "draft" }, { instagram: { media: [{ id: file, crop: lower }] } }),
    );
    assert.deepEqual(draft.versions.instagram.media, [{ id: file, crop: lower }]);
    const read = await ida.must("GET", `/api/posts/${draft.id}`);
    const notes = read.targets.map(({ notes: all }: { notes?: Note[] }) => codes(all));
    assert.deepEqual(notes[1], ["media.0 media_cropped", "media.0 media_converted"]);
    assert.deepEqual(notes[2], ["media.0 media_converted", "media.0 media_scaled"]);
    const sent = await ida.must("PATCH", `/api/posts/${draft.id}`, { mode: "publish" });
    const [made] = jobOf(sent.jobs, "instagram")?.files ?? [];
    const view = await ida.must("GET", `/api/media/${made?.mediaId}`);
    assert.deepEqual([view.width, view.height], [1_500, 1_000]);
    const jobs = await published(draft.id);
    assert.deepEqual((await shown("meta", "Cropped")).media[0].sha256, view.sha256);
    // Words of a live post change without another file being made for it.
    const edited = await ida.must("PATCH", `/api/posts/${draft.id}`, { text: "Cropped!" });
    assert.deepEqual(jobOf(edited.jobs, "instagram")?.files, jobOf(jobs, "instagram")?.files);
  });

  it("an approver sees what will be done, and it is done on their word", async () => {
    const { id: file } = await ida.upload(picture(5), "e.png");
    const asked = await ida.must("POST", "/api/posts", body("Asked", { mediaIds: [file], mode: "ask" }));
    const files = async () =>
      Number((await system.query("select count(*) as n from media_assets where derived_from = $1", [file]))[0]?.n);
    const read = await ida.must("GET", `/api/posts/${asked.id}`);
    assert.match(read.targets[1].notes[0].message, /cropped to 4:5 for Instagram.* 1500 x 1875 of 1500 x 2000 pixels/);
    assert.equal(await files(), 0, "nothing is made for what may never go out");
    const approved = await ida.must("POST", `/api/posts/${asked.id}/approve`, { hash: read.hash });
    assert.equal(jobOf(approved.jobs, "instagram")?.files?.[0]?.madeFrom, file);
    assert.equal(await files(), 3);
    await published(asked.id);
  });

  it("a live post outlives its files: they go, and a change of its words says what becomes of it", async () => {
    const { id: file } = await ida.upload(picture(6), "f.png");
    const { id } = await ida.must("POST", "/api/posts", body("Outlived", { mediaIds: [file] }));
    await published(id);
    await ida.must("DELETE", `/api/media/${file}`);
    const { body: changed, status } = await ida.call("PATCH", `/api/posts/${id}`, { text: "Outlived!" });
    assert.equal(status, 200, JSON.stringify(changed));
    const changes = new Set(changed.changes.map(({ change }: { change: string }) => change));
    assert.deepEqual(changes, new Set(["too_late"]), JSON.stringify(changed.changes));
  });

  it("a crop out of range, and one of what cannot be cropped, is refused by its field", async () => {
    const { id: file } = await ida.upload(picture(4), "d.png");
    const asked = (crop: object) => body("Beyond", { media: [{ id: file, crop }] });
    for (const [crop, field] of [
      [{ x: 0.6, y: 0, width: 0.5, height: 1 }, "media.0.crop.width"],
      [{ x: 0, y: 0.2, width: 1, height: 0.9 }, "media.0.crop.height"],
      [{ x: -0.1, y: 0, width: 1, height: 1 }, "media.0.crop.x"],
      [{ x: 0, y: 0, width: 0, height: 1 }, "media.0.crop.width"],
    ] as const) {
      const { status, body: problem } = await ida.call("POST", "/api/posts/validate", asked(crop));
      assert.deepEqual([status, problem.field ?? problem.problems?.[0]?.field], [400, field], JSON.stringify(problem));
    }
    const both = await ida.call("POST", "/api/posts", {
      ...asked({ x: 0, y: 0, width: 1, height: 1 }),
      mediaIds: [file],
    });
    assert.equal(both.status, 400);
  });

  it("a HEIC goes out as JPEG like any other picture", async () => {
    const { id: file } = await ida.upload(sampleHeic(), "IMG_1.HEIC");
    assert.equal((await ida.must("GET", `/api/media/${file}`)).mimeType, "image/jpeg");
    const { id } = await ida.must("POST", "/api/posts", {
      text: "From a phone",
      mediaIds: [file],
      targets: [{ connectionId: to.bluesky }],
    });
    const [job] = await published(id);
    assert.equal(job?.files, undefined, "it is taken as it is");
    assert.equal((await shown("bluesky", "From a phone")).media[0].mimeType, "image/jpeg");
  });
});
