import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { Platform, Provider } from "@postd/connector-kit";
import { provider as bluesky } from "../../packages/connectors/src/bluesky/provider.ts";
import { provider as meta } from "../../packages/connectors/src/meta/provider.ts";
import { configurationDoc } from "./configuration-doc.ts";
import { connectorsDoc, platformNames } from "./connectors-doc.ts";
import { driftOf } from "./drift.ts";
import { replaceSection } from "./markdown.ts";
import { registryModule, simulatorsModule, tryOutsModule } from "./modules.ts";
import { type ConnectorFolder, scanConnectors } from "./scan-connectors.ts";
import { bytesText, durationText } from "./units.ts";

const folder = (provider: Provider): ConnectorFolder => ({
  folder: "sample",
  provider,
  simulators: [],
  tryOuts: {},
  icons: Object.fromEntries(provider.platforms.map(({ id }) => [id, "<svg/>"])),
});

/** A provider whose platform of this name is another one. */
const changed = (provider: Provider, id: string, change: (platform: Platform) => Platform): Provider => ({
  ...provider,
  platforms: provider.platforms.map((platform) => (platform.id === id ? change(platform) : platform)),
});

/** Cells of a platform's row in the matrix, by heading. */
function row(doc: string, name: string): Record<string, string> {
  const cells = (line: string | undefined) =>
    (line ?? "").split(" | ").map((cell) => cell.replace(/^\||\|$/g, "").trim());
  const lines = doc.split("\n");
  const head = cells(lines.find((line) => line.startsWith("| Platform")));
  const found = cells(lines.find((line) => line.startsWith(`| [${name}]`)));
  return Object.fromEntries(head.map((key, at) => [key, found[at] ?? ""]));
}

function inFolder(run: (dir: string) => Promise<void> | void): () => Promise<void> {
  return async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "postd-gen-"));
    try {
      await run(dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  };
}

const write = (dir: string, files: Readonly<Record<string, string>>) => {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    writeFileSync(path.join(dir, file), content);
  }
};

const tiny = (id: string) => ({
  [`${id}/provider.ts`]: `export const provider = { id: "${id}", platforms: [{ id: "same", icon: "icon.svg" }] };`,
  [`${id}/icon.svg`]: "<svg></svg>",
});

test("a function that is taken out of a connector takes its capability out of the document", () => {
  const less = changed(bluesky, "bluesky", ({ numbers, publishing, ...rest }) => {
    assert.ok(numbers && publishing?.remove);
    const { remove: _gone, ...other } = publishing;
    return { ...rest, publishing: other };
  });
  const before = row(connectorsDoc([folder(bluesky)]), "Bluesky");
  const after = row(connectorsDoc([folder(less)]), "Bluesky");
  assert.deepEqual([before.Delete, before["Post numbers"], before["Account numbers"]], ["all", "yes", "yes"]);
  assert.deepEqual([after.Delete, after["Post numbers"], after["Account numbers"]], ["-", "-", "-"]);
});

test("a format that is taken out of a connector is named nowhere any more", () => {
  const less = changed(meta, "facebook", ({ publishing, ...rest }) => {
    assert.ok(publishing?.formats.video_story);
    const { video_story: _gone, ...formats } = publishing.formats;
    return { ...rest, publishing: { ...publishing, formats } };
  });
  const doc = connectorsDoc([folder(less)]);
  assert.match(connectorsDoc([folder(meta)]), /\| `video_story` \|/);
  assert.doesNotMatch(doc, /\| `video_story` \|/);
  assert.doesNotMatch(row(doc, "Facebook").Formats ?? "", /Video story/);
});

test("a platform without a simulator is not called simulated", () => {
  const [definition] = [
    { id: "bluesky", platforms: ["bluesky"], hosts: [], appCredentials: {}, create: () => assert.fail() },
  ];
  assert.ok(definition);
  assert.equal(row(connectorsDoc([folder(bluesky)]), "Bluesky").Simulator, "-");
  assert.equal(row(connectorsDoc([{ ...folder(bluesky), simulators: [definition] }]), "Bluesky").Simulator, "yes");
});

test("credentials and settings a connector declares are in the configuration, with who reads them", () => {
  const empty = ["settings", "platforms"]
    .map((name) => `<!-- begin ${name}: made by npm run gen -->\n<!-- end ${name} -->`)
    .join("\nwritten by a person\n");
  const doc = configurationDoc(empty, [meta]);
  assert.match(doc, /\| `POSTD_META_APP_SECRET` \| Facebook, Instagram \| to use real accounts \|/);
  assert.match(doc, /\| `POSTD_SIMULATOR_PORT` \|.*\| `4100` \|/);
  assert.match(doc, /\| `POSTD_INSTAGRAM_APP_ID` \| Instagram \|/);
  assert.match(doc, /\| `POSTD_META_APP_SECRET_PREVIOUS` \| Facebook, Instagram \| no \|/);
  assert.match(doc, /written by a person/);
  assert.doesNotMatch(configurationDoc(doc, [bluesky]), /POSTD_META_APP_SECRET/);
});

test("a section whose marks are gone is an error, not a lost table", () => {
  assert.throws(() => replaceSection("no marks", "settings", "body"), /begin settings.*missing/);
});

test("the names in the README are those that are here and those that are to come", () => {
  const plan = [
    { id: "later", name: "Later", comes: [] },
    { id: "bluesky", name: "Bluesky", comes: [] },
  ];
  assert.equal(
    platformNames([folder(meta), folder(bluesky)], plan),
    "Today: Bluesky, Facebook, Instagram.\n\nPlanned: Later.",
  );
});

test("progress, limits and what is ruled out are told of each platform, planned ones too", () => {
  const impossible = [{ what: "Posting", why: "It has no API.", checkedOn: "2026-11-20" }];
  const doc = connectorsDoc([folder(bluesky)], [{ id: "later", name: "Later", comes: ["signIn"], impossible }]);
  assert.match(doc, /^\| Bluesky \| `bluesky` \| partial \| active \| partial: without editing \|/m);
  assert.match(doc, /^\| Later \| `later` \| planned \| planned \| absent \| absent \| absent \| absent \|$/m);
  assert.match(doc, /^\| Later \| Posting \| It has no API\. \| 2026-11-20 \|$/m);
  assert.match(doc, /^\| Bluesky \| - \| - \| - \| - \| 300 \|/m);
});

test(
  "drift names what is missing and what differs, and nothing else",
  inFolder((dir) => {
    write(dir, { "same.md": "a", "other.md": "b" });
    const files = ["same.md", "other.md", "missing.md"].map((file) => ({ file, content: "a" }));
    assert.deepEqual(
      driftOf(dir, files).map(({ file }) => file),
      ["other.md", "missing.md"],
    );
  }),
);

test(
  "two folders with one platform id are refused by name",
  inFolder(async (dir) => {
    write(dir, { ...tiny("one"), ...tiny("two") });
    await assert.rejects(scanConnectors(dir), /one and two both export platforms with the id "same"/);
  }),
);

test(
  "an icon that could run something in a page is refused",
  inFolder(async (dir) => {
    write(dir, { ...tiny("one"), "one/icon.svg": "<svg onload='x()'></svg>" });
    await assert.rejects(scanConnectors(dir), /one\/icon\.svg must be one <svg> element without scripts/);
  }),
);

test(
  "a folder that exports no provider is named",
  inFolder(async (dir) => {
    write(dir, { ...tiny("one"), "one/provider.ts": "export const other = 1;" });
    await assert.rejects(scanConnectors(dir), /one\/provider\.ts must export "provider"/);
  }),
);

test("modules import every folder once, and simulators only where there is one", () => {
  const folders = [folder(bluesky), { ...folder(meta), folder: "meta" }];
  assert.equal(registryModule(folders).match(/^import \{ provider/gm)?.length, 2);
  assert.match(registryModule(folders), /\[sample, meta\]/);
  assert.match(simulatorsModule(folders), /SimulatorDefinition\[\] = \[\];/);
  const [first, ...rest] = folders;
  assert.ok(first);
  assert.match(tryOutsModule([{ ...first, tryOuts: { bluesky: {} } }, ...rest]), /= \{ \.\.\.sample \};/);
});

test(
  "a try-out of a platform the folder does not have is refused by name",
  inFolder(async (dir) => {
    write(dir, { ...tiny("one"), "one/try-out.ts": "export const tryOuts = { other: {} };" });
    await assert.rejects(scanConnectors(dir), /one\/try-out\.ts names other, which is no platform of this folder/);
  }),
);

test("sizes and times are written in the unit they were meant in", () => {
  assert.deepEqual([2_000_000, 1_048_576, 1000 * 1_000_000, 76_001].map(bytesText), [
    "2 MB",
    "1 MiB",
    "1 GB",
    "76,001 bytes",
  ]);
  assert.deepEqual([3000, 1_200_000, 86_400_000, 1500].map(durationText), ["3 s", "20 min", "1 day", "1,500 ms"]);
});
