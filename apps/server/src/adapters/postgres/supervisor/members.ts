import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type Layout, writePrivateFile } from "./layout.ts";
import { isSameProcessAlive, markOf } from "./processes.ts";
import type { SystemUser } from "./system-user.ts";

/** `folder` tells a member of this folder from one that came along when the folder was copied. */
const Member = z.object({ place: z.string(), folder: z.string(), pid: z.number(), born: z.string() });
type Member = z.infer<typeof Member>;

export const heartbeatMs = 1_000;
const silenceMs = 5_000;

/** Process numbers mean something only within one host and one process namespace (container). */
export const place = `${hostname()} ${processNamespace()}`;

function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/**
 * Says that this process uses the server. The last member to leave stops it, so an http and a worker process may share one
 * data folder and come and go in any order.
 */
export function join(
  layout: Layout,
  user: SystemUser | undefined,
): { leave(): void; beat(): void; othersRemain(): boolean } {
  const me: Member = { place, folder: identityOf(layout.root), ...markOf(process.pid) };
  const file = path.join(layout.members, `${process.pid}-${Math.random().toString(36).slice(2)}.json`);
  writePrivateFile(file, JSON.stringify(me), user);
  return {
    leave: () => rmSync(file, { force: true }),
    beat: () => {
      try {
        utimesSync(file, new Date(), new Date());
      } catch {
        // the folder was removed under us; whoever did that has bigger questions than a heartbeat
      }
    },
    othersRemain: () => members(layout).some((other) => other.file !== file && isHere(layout, other.member)),
  };
}

/**
 * Forgets members that are gone. A member of another place cannot be seen as a process, and PostgreSQL's own lock does not
 * reach there either: when its heartbeat goes on, two machines or containers share the folder, which would destroy the
 * data, so this throws.
 */
export async function refuseOtherPlaces(layout: Layout): Promise<void> {
  const foreign = members(layout).filter(({ member }) => member.place !== place);
  for (const { file, member } of members(layout)) {
    if (member.place === place && !isHere(layout, member)) rmSync(file, { force: true });
  }
  const before = new Map(foreign.map(({ file }) => [file, beatAt(file)]));
  const end = performance.now() + silenceMs;
  while (before.size > 0 && performance.now() < end) {
    await delay(100);
    for (const [file, at] of before) {
      const now = beatAt(file);
      if (now === undefined) before.delete(file);
      else if (now !== at) throw new Error(sharedFolder(layout));
    }
  }
  for (const file of before.keys()) rmSync(file, { force: true });
}

function isHere(layout: Layout, member: Member): boolean {
  return member.place === place && member.folder === identityOf(layout.root) && isSameProcessAlive(member);
}

function identityOf(folder: string): string {
  const { dev, ino } = statSync(folder);
  return `${dev}:${ino}`;
}

function sharedFolder(layout: Layout): string {
  return `A POSTD on another machine or in another container is using ${path.dirname(layout.root)}. Two servers on one folder destroy the data: stop the other one, or run one PostgreSQL server and give it to both as DATABASE_URL.`;
}

function beatAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function members(layout: Layout): { file: string; member: Member }[] {
  return readdirSync(layout.members)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      const file = path.join(layout.members, name);
      try {
        return [{ file, member: Member.parse(JSON.parse(readFileSync(file, "utf8"))) }];
      } catch {
        return []; // left between listing and reading
      }
    });
}
