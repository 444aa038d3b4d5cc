import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { openSession } from "@postd/testkit/api";
import type { Stage } from "./stage.ts";

const usualTurnMs = 5_000;
/** A quarter of an hour: films and reviews take that. */
const turns = 180;

/**
 * Real platforms, through a running server and its connected accounts. Everything others may see is asked for first; without
 * a terminal the answer is no.
 */
export async function liveStage(input: {
  readonly server: string;
  readonly key: string | undefined;
  readonly agree?: Stage["agree"];
  /** How long is waited between two looks. */
  readonly turnMs?: number;
}): Promise<Stage> {
  const { key, agree = askOnTerminal, turnMs = usualTurnMs } = input;
  const server = input.server.replace(/\/$/, "");
  if (!key?.startsWith("postd_"))
    throw new Error(
      "Real platforms are tried in the name of a workspace: set POSTD_TEST_API_KEY to a key of it (POST /api/api-keys), and connect its accounts first (docs/guides/connect.md).",
    );
  const session = openSession(server, { apiKey: key });
  await session.must("GET", "/api/platforms").catch((error: unknown) => {
    throw new Error(`No POSTD answers at ${server} with this key: ${error instanceof Error ? error.message : error}`);
  });
  return {
    isLive: true,
    server,
    openSession: async () => session,
    turns,
    settle: async () => {},
    pass: () => sleep(turnMs),
    agree,
  };
}

async function askOnTerminal(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`  ${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
