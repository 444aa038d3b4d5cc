import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Format, Provider } from "@postd/connector-kit";
import { allProviders } from "@postd/connectors";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { fail } from "@postd/contracts";
import { type System, startSystem } from "@postd/testkit/system";
import { exitCodeOf, reportOf, tableOf } from "../../tools/connectors/report.ts";
import { stageOf } from "../../tools/connectors/simulated-stage.ts";
import { validateAll } from "../../tools/connectors/validate-all.ts";

const tried = ["bluesky", "google"];
const simulators = simulatorDefinitions.filter(({ id }) => tried.includes(id));
const providers = allProviders.filter(({ id }) => tried.includes(id));

async function validate(system: System, only: readonly string[] = []) {
  const rows = await validateAll(stageOf(system), { only });
  const report = reportOf(rows, { mode: "simulated", ranAt: new Date() });
  return { report, row: (name: string) => report.platforms.find(({ platform }) => platform === name) };
}

describe("npm run connectors -- validate", () => {
  let system: System;
  before(async () => {
    system = await startSystem({ providers, simulators });
  });
  after(() => system?.close());

  it("connects, publishes, reads, deletes and breaks each platform, with a row for it and one for its provider", async () => {
    const { report, row } = await validate(system);
    assert.deepEqual(
      report.platforms.map(({ platform, kind }) => [platform, kind]),
      [
        ["bluesky", "platform"],
        ["google", "provider"],
        ["google_business_profile", "platform"],
      ],
    );
    for (const { platform, checks } of report.platforms)
      for (const [name, { status, detail }] of Object.entries(checks))
        assert.equal(status, "ok", `${platform} ${name}: ${detail}`);
    assert.equal(exitCodeOf(report), 0);
    assert.match(row("bluesky")?.checks.publish.detail ?? "", /^https:\/\/bsky\.app\/profile\//);
    assert.match(row("google_business_profile")?.checks.numbers.detail ?? "", /^\d+ numbers$/, "days that come late");
    assert.match(tableOf(report), /^ {2}bluesky +ok +ok +ok +ok +ok +ok +ok$/m);
  });

  it("takes the name of a provider for its platforms, and says which names there are", async () => {
    const { report } = await validate(system, ["google"]);
    assert.deepEqual(
      report.platforms.map(({ platform }) => platform),
      ["google", "google_business_profile"],
    );
    await assert.rejects(
      validateAll(stageOf(system), { only: ["orkut"] }),
      /no platform called orkut\. There are: bluesky, google_business_profile/,
    );
  });
});

/** Steps that refuse, in place of a format's own. */
const refusing = (step: Format["steps"][number]): Format["steps"][number] => ({
  ...step,
  run: async () => fail({ kind: "content_rejected", field: "text", reason: "broken", message: "It is broken." }),
});

describe("npm run connectors -- validate, with a connector that does not work", () => {
  let system: System;
  before(async () => {
    const broken = providers.map((provider): Provider => {
      const platforms = provider.platforms.map((platform) => {
        const { publishing } = platform;
        if (provider.id !== "bluesky" || !publishing) return platform;
        const formats = Object.entries(publishing.formats).map(([id, format]): [string, Format] => [
          id,
          { ...format, steps: format.steps.map(refusing) },
        ]);
        return { ...platform, publishing: { ...publishing, formats: Object.fromEntries(formats) } };
      });
      return { ...provider, platforms };
    });
    system = await startSystem({ providers: broken, simulators });
  });
  after(() => system?.close());

  it("fails, names the check and why, and tries the others all the same", async () => {
    const { report, row } = await validate(system);
    const { publish, health, delete: deleted } = row("bluesky")?.checks ?? {};
    assert.deepEqual(publish, { status: "failed", detail: "it is failed; content_rejected: It is broken." });
    assert.deepEqual([health?.status, deleted?.status], ["ok", "not_tried"]);
    assert.equal(row("google_business_profile")?.status, "ok");
    assert.equal(exitCodeOf(report), 1);
    assert.match(tableOf(report), /bluesky, publish: FAILED\. it is failed; content_rejected/);
  });
});
