import { signUp } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";

/** A program of some tenant with an account to post to. */
export interface Program {
  readonly key: string;
  readonly connectionId: string;
}

/** Tenants with several keys and accounts each, so that limits per key and tenant are not what is measured. */
export async function makePrograms(
  url: string,
  simulatorUrl: string,
  { tenants, perTenant }: { readonly tenants: number; readonly perTenant: number },
): Promise<Program[]> {
  const sim = async (method: string, operation: string, body?: unknown) => {
    const answer = await fetch(`${simulatorUrl}/__sim/${operation}`, { method, body: JSON.stringify(body ?? {}) });
    return answer.json();
  };
  const programs: Program[] = [];
  for (let tenant = 0; tenant < tenants; tenant += 1) {
    const session = await signUp(url, { name: `Bench ${tenant}` });
    for (let made = 0; made < perTenant; made += 1) {
      const { id } = await connectBluesky({ sim }, session);
      const { key } = await session.must("POST", "/api/api-keys", {
        name: `bench ${made}`,
        scopes: ["posts:read", "posts:write"],
      });
      programs.push({ key, connectionId: id });
    }
  }
  return programs;
}

let posted = 0;

/** One post; answers how long the server took to accept it, in milliseconds. */
export async function publish(url: string, program: Program, scheduledFor?: Date): Promise<number> {
  posted += 1;
  const begun = performance.now();
  const response = await fetch(`${url}/api/publish`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${program.key}`,
      "content-type": "application/json",
      "idempotency-key": `bench-${process.pid}-${posted}`,
    },
    body: JSON.stringify({
      connectionId: program.connectionId,
      payload: {
        content: `Fresh beans are in: Sidamo, washed, roasted this morning. Number ${posted}`,
        ...(scheduledFor ? { scheduledFor: scheduledFor.toISOString() } : {}),
      },
    }),
  });
  const text = await response.text();
  if (response.status !== 202) throw new Error(`POST /api/publish answered ${response.status}: ${text}`);
  return performance.now() - begun;
}
