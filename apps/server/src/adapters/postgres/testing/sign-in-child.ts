import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { sha256Hex } from "@postd/connector-kit";
import { asId } from "@postd/contracts";
import { z } from "zod";
import { openSignInProcess, SignInWorld } from "./sign-in-process.ts";

// A process that opens connections when told to, a line of JSON each way; tokens are answered as hashes.

const Start = SignInWorld.extend({ diesAfterAnswer: z.boolean() });
const Order = z.object({
  tenantId: z.string(),
  connectionIds: z.array(z.string()).min(1),
});

const { diesAfterAnswer, ...world } = Start.parse(JSON.parse(process.argv[2] ?? ""));
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
let saidWaiting = true;
const parts = await openSignInProcess(world, {
  ...(diesAfterAnswer ? { answer: () => process.kill(process.pid, "SIGKILL") } : {}),
  wait() {
    if (!saidWaiting) say({ waiting: true });
    saidWaiting = true;
  },
});
flushCompileCache();
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  saidWaiting = false;
  const { tenantId, connectionIds } = Order.parse(JSON.parse(line));
  // It may not have heard yet that the clock was moved, and a token's end is reckoned from now.
  await parts.clock.sync();
  const said = await Promise.all(connectionIds.map((connectionId) => open(tenantId, connectionId)));
  say({ said });
}

/** The token's hash, or why there is none. */
async function open(tenantId: string, connectionId: string): Promise<string> {
  const opened = await parts.access.open({
    tenantId: asId("tenant", tenantId),
    connectionId: asId("connection", connectionId),
    fresh: true,
  });
  if (opened?.ok) return sha256Hex(opened.value.credentials.accessToken.reveal());
  return opened?.error.message ?? "gone";
}
await parts.close();
