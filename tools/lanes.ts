import { existsSync, globSync } from "node:fs";
import path from "node:path";
import { isInstalled } from "./setup/packages.mjs";

/** What this machine offers; everything a lane's needs are judged by. */
export type Machine = {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isCi: boolean;
  /** Lanes named on the command line; empty: all. */
  readonly asked: readonly string[];
};

export type Lane = {
  readonly name: string;
  /** Ending of its files, or undefined for the unit lane, which has what no other lane claims. */
  readonly suffix?: string;
  readonly folder?: string;
  readonly needsDatabase?: boolean;
  /** Per file; a file still running then has hung or left a handle open, and fails. */
  readonly timeoutMs: number;
  readonly concurrency: number;
  /** With `--all` a file may run so many times as long. */
  readonly completeFactor?: number;
  /** Why it cannot run here, in words for the person at the keyboard; undefined when it can. */
  readonly lacks?: (machine: Machine) => string | undefined;
};

const minute = 60_000;

export const lanes: readonly Lane[] = [
  { name: "unit", timeoutMs: 3 * minute, concurrency: 2 },
  { name: "integration", suffix: ".int.test.ts", needsDatabase: true, timeoutMs: 5 * minute, concurrency: 2 },
  { name: "story", suffix: ".story.test.ts", needsDatabase: true, timeoutMs: 5 * minute, concurrency: 2 },
  {
    name: "kill",
    suffix: ".kill.test.ts",
    needsDatabase: true,
    timeoutMs: 6 * minute,
    concurrency: 2,
    completeFactor: 10,
  },
  {
    name: "real",
    folder: "tests/real",
    needsDatabase: true,
    timeoutMs: 6 * minute,
    concurrency: 1,
    lacks: lacksRealServers,
  },
  {
    name: "browser",
    suffix: ".browser.test.ts",
    needsDatabase: true,
    timeoutMs: 5 * minute,
    concurrency: 1,
    lacks: lacksChromium,
  },
  { name: "spec", suffix: ".spec.test.ts", timeoutMs: 3 * minute, concurrency: 2, lacks: lacksSpecs },
];

/** The lane a test file belongs to. */
export function laneOf(file: string): string {
  const name = path.basename(file);
  const folder = lanes.find((lane) => lane.folder && file.startsWith(`${lane.folder}/`));
  return (folder ?? lanes.find((lane) => lane.suffix && name.endsWith(lane.suffix)) ?? lanes[0])?.name ?? "unit";
}

/** All test files, relative to the root, sorted by name. */
export function testFiles(root: string): string[] {
  const found = globSync(["{apps,packages,tools,tests}/**/*.test.ts", "apps/**/*.test.tsx"], {
    cwd: root,
    exclude: (entry) => /(^|[\\/])(node_modules|dist|\.node)([\\/]|$)/.test(entry),
  });
  return found.map((file) => file.split(path.sep).join("/")).sort();
}

function lacksRealServers({ root, isCi, asked }: Machine): string | undefined {
  if (!existsSync(path.join(root, "tests/real/package.json"))) return undefined;
  if (isCi || asked.includes("real") || isInstalled(path.join(root, "tests/real"))) return undefined;
  return "installs 600 packages of other servers; run it with npm test -- real";
}

function lacksChromium({ env }: Machine): string | undefined {
  return chromiumPath(env) ? undefined : "no Chromium found; install it or set POSTD_TEST_CHROMIUM";
}

function lacksSpecs({ env }: Machine): string | undefined {
  const folder = env.POSTD_SPECS_DIR;
  if (!folder) return "POSTD_SPECS_DIR is not set (folder of the platforms' official API descriptions)";
  return existsSync(folder) ? undefined : `POSTD_SPECS_DIR names ${folder}, which is not there`;
}

export function chromiumPath(env: Machine["env"]): string | undefined {
  const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const macos = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
  return [env.POSTD_TEST_CHROMIUM, ...usual, ...macos].find((file) => file !== undefined && existsSync(file));
}
