import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Secret, secret } from "@postd/connector-kit";
import type { Config } from "../../config.ts";

/** What signs sessions: POSTD_AUTH_SECRET, or a random value made once and kept in the data folder, mode 0600. */
export function loadAuthSecret({ authSecret, dataDir }: Pick<Config, "authSecret" | "dataDir">): Secret {
  if (authSecret) return authSecret;
  const file = path.join(dataDir, "auth-secret");
  const kept = readKept(file);
  if (kept) return secret(kept);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx", flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    // Another process was first; its value counts.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const made = readKept(file);
  if (!made) throw new Error(`${file} could not be read back. Remove it and start again.`);
  return secret(made);
}

function readKept(file: string): string | undefined {
  try {
    const value = readFileSync(file, "utf8").trim();
    if (value.length < 32)
      throw new Error(`${file} is damaged. Restore it from a backup, or remove it: everybody signs in again.`);
    return value;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
