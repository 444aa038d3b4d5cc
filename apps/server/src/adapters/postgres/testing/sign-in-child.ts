import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { asId } from "@postd/contracts";
import { z } from "zod";
import { openSignInProcess } from "./sign-in-process.ts";

// A process that opens connections when told to, a line of JSON each way; tokens are answered as hashes.

const Start = z.object({
  databaseUrl: z.string(),
  dataDir: z.string(),
  providerUrl: z.string(),
  diesAfterAnswer: z.boolean(),
});
const Order = z.object({ tenantId: z.string(), connectionId: z.string() });

const start = Start.parse(JSON.parse(process.argv[2] ?? ""));
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
let saidWaiting = true;
const parts = await openSignInProcess({
  ...start,
  // The platform has answered and the pair is spent; nothing of it is stored yet.
  ...(start.diesAfterAnswer ? { afterAnswer: () => process.kill(process.pid, "SIGKILL") } : {}),
  onWait() {
    if (!saidWaiting) say({ waiting: true });
    saidWaiting = true;
  },
});
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  saidWaiting = false;
  const { tenantId, connectionId } = Order.parse(JSON.parse(line));
  const opened = await parts.access.open({
    tenantId: asId("tenant", tenantId),
    connectionId: asId("connection", connectionId),
    fresh: true,
  });
  if (opened?.ok)
    say({ token: createHash("sha256").update(opened.value.credentials.accessToken.reveal()).digest("hex") });
  else say({ failure: opened?.error.message ?? "gone" });
}
await parts.close();
