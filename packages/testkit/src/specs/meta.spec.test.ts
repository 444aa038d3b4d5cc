import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mountInProcess } from "@postd/connector-kit/simulator";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { z } from "zod";
import {
  type Exception,
  fieldProblems,
  loadEnum,
  loadGraphSpec,
  operationProblems,
  specOfNode,
} from "./meta-graph-specs.ts";

const specsDir = process.env.POSTD_SPECS_DIR ?? "";
const skip = specsDir === "" ? "POSTD_SPECS_DIR names no folder with official API descriptions" : false;

/** What the fact sheet has and the description of 2026-04-15 lacks. An entry nothing needs fails the test. */
const exceptions: readonly Exception[] = [
  { what: "page POST photos source", source: "platforms/meta.md §5: multipart source; file parts are not described" },
  { what: "page.tasks", source: "platforms/meta.md §4: tasks of /me/accounts" },
  { what: "video POST title", source: "platforms/meta.md §8: video update accepts description, title" },
  { what: "igUser POST media is_ai_generated", source: "platforms/meta.md §6: since 2026-06-22" },
  { what: "igUser POST media is_paid_partnership", source: "platforms/meta.md §6: Facebook Login, 2026-06-01" },
  { what: "igUser POST media branded_content_sponsor_ids", source: "platforms/meta.md §6: Facebook Login, 2026-06-01" },
  { what: "igUser POST media audio_configuration", source: "platforms/meta.md §6: Facebook Login, 2026-06-01" },
  { what: "igUserOnly POST media is_ai_generated", source: "platforms/meta.md §6: since 2026-06-22" },
  {
    what: "igUserOnly POST media_publish",
    source: "platforms/meta.md §6: same path on both hosts; described as mediapublish",
  },
];

const Described = z.object({
  operations: z.array(
    z.object({ node: z.string(), method: z.string(), edge: z.string(), params: z.array(z.string()) }),
  ),
  fields: z.record(z.string(), z.array(z.string())),
  instagramMetrics: z.object({ media: z.array(z.string()), account: z.array(z.string()) }),
});

function mountMeta() {
  const definition = simulatorDefinitions.find(({ id }) => id === "meta");
  assert.ok(definition);
  return mountInProcess(definition, { clock: { now: () => new Date("2026-11-20T12:00:00Z") } });
}

async function described() {
  return Described.parse(await mountMeta().simulator.act?.("describe", {}));
}

describe("the Meta simulator against Meta's published API description", { skip }, () => {
  it("accepts only described parameters and answers only described fields, but for listed exceptions", async () => {
    const { operations, fields } = await described();
    const used = new Set<string>();
    const compared = operations.filter(({ node }) => specOfNode[node] !== undefined);
    assert.ok(compared.length > 60, "the comparison covers the simulator");
    const problems = [
      ...compared.flatMap((operation) =>
        operationProblems(operation, loadGraphSpec(specsDir, specOfNode[operation.node] ?? ""), exceptions, used),
      ),
      ...Object.entries(fields).flatMap(([node, names]) => {
        const spec = specOfNode[node];
        return spec === undefined ? [] : fieldProblems(node, names, loadGraphSpec(specsDir, spec), exceptions, used);
      }),
    ];
    assert.deepEqual(problems, []);
    assert.deepEqual(
      exceptions.map(({ what }) => what).filter((what) => !used.has(what)),
      [],
      "every exception is needed",
    );
  });

  it("leaves out only nodes without a stored description", async () => {
    const { operations } = await described();
    const others = new Set(operations.map(({ node }) => node).filter((node) => specOfNode[node] === undefined));
    assert.deepEqual([...others], ["business"]);
    assert.throws(() => loadGraphSpec(specsDir, "Business"));
  });

  it("finds an invented parameter, edge and field", () => {
    const page = loadGraphSpec(specsDir, "Page");
    const operation = { node: "page", method: "POST", edge: "feed", params: ["message", "invented"] };
    assert.deepEqual(operationProblems(operation, page, exceptions, new Set()), [
      "page POST feed: no such parameter invented",
    ]);
    assert.deepEqual(operationProblems({ ...operation, edge: "invented" }, page, exceptions, new Set()), [
      "page POST invented: no such edge",
    ]);
    assert.deepEqual(fieldProblems("page", ["name", "invented"], page, exceptions, new Set()), [
      "page: no such field invented",
    ]);
  });

  it("knows the Instagram metrics Meta lists, but for one the description lacks", async () => {
    const { instagramMetrics } = await described();
    const media = loadEnum(specsDir, "shadowigmediainsights_metric_enum_param") ?? [];
    const account = loadEnum(specsDir, "shadowiguserinsights_metric_enum_param") ?? [];
    // platforms/meta.md §10 names link_clicks for stories; the stored enum does not.
    assert.deepEqual(
      instagramMetrics.media.filter((name) => !media.includes(name)),
      ["link_clicks"],
    );
    assert.deepEqual(
      instagramMetrics.account.filter((name) => !account.includes(name)),
      [],
    );
  });

  it("answers video status, insights and tokens in the described shape", async () => {
    const mounted = mountMeta();
    const account = mounted.simulator.createAccount({ kind: "page" });
    const direct = mounted.simulator.createAccount({ kind: "instagram_login" });
    const call = async (method: string, url: string, token: string) => {
      const target = new URL(url);
      const headers = { authorization: `Bearer ${token}` };
      const request = {
        method,
        host: target.host,
        path: target.pathname,
        query: target.searchParams,
        headers,
        rawBody: new Uint8Array(),
      };
      const answer = await mounted.handle(request);
      assert.ok(typeof answer !== "string" && answer.status === 200, JSON.stringify(answer));
      return z.record(z.string(), z.unknown()).parse(answer.json);
    };
    const namesOf = (spec: string) => loadGraphSpec(specsDir, spec).fields.map((field) => field.name);
    const unknown = (value: unknown, spec: string) =>
      Object.keys(z.record(z.string(), z.unknown()).parse(value)).filter((name) => !namesOf(spec).includes(name));

    const graph = "https://graph.facebook.com/v25.0";
    const { video_id: videoId } = await call(
      "POST",
      `${graph}/${account.id}/video_reels?upload_phase=start`,
      account.accessToken,
    );
    const { status } = await call("GET", `${graph}/${videoId}?fields=status`, account.accessToken);
    const phases = z
      .object({ uploading_phase: z.unknown(), processing_phase: z.unknown(), publishing_phase: z.unknown() })
      .parse(status);
    assert.deepEqual(unknown(status, "VideoStatus"), []);
    // platforms/meta.md §5: "`bytes_transfered` really is spelled so".
    assert.deepEqual(unknown(phases.uploading_phase, "VideoStatusUploadingPhase"), ["bytes_transfered"]);
    assert.deepEqual(unknown(phases.processing_phase, "VideoStatusProcessingPhase"), []);
    assert.deepEqual(unknown(phases.publishing_phase, "VideoStatusPublishingPhase"), []);

    const insights = await call(
      "GET",
      `${graph}/${account.id}/insights?metric=page_follows&period=day`,
      account.accessToken,
    );
    assert.deepEqual(unknown(z.array(z.unknown()).parse(insights.data)[0], "InsightsResult"), []);

    const secret = direct.appSecret ?? "";
    const exchange = new URLSearchParams({
      grant_type: "ig_exchange_token",
      client_secret: secret,
      access_token: direct.accessToken,
    });
    const longLived = await call("GET", `https://graph.instagram.com/access_token?${exchange}`, direct.accessToken);
    assert.deepEqual(unknown(longLived, "IGAccessTokenForIGOnlyAPI"), []);
  });
});
