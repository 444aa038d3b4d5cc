import type { TryOut } from "@postd/connector-kit";
import type { PlatformView } from "@postd/contracts";
import { checkErrors } from "./check-errors.ts";
import {
  type CheckName,
  checkAccounts,
  checkDelete,
  checkHealth,
  checkNames,
  checkNumbers,
  checkPublish,
  failed,
  notTried,
  type Outcome,
  ok,
  type Try,
} from "./checks.ts";
import type { Stage } from "./stage.ts";

export type Checks = Readonly<Record<CheckName, Outcome>>;

/** A platform tried through each of its sign-ins. */
export interface TriedPlatform {
  readonly platform: PlatformView;
  readonly tookMs: number;
  readonly signIns: readonly { readonly id: string; readonly label: string; readonly checks: Checks }[];
}

/** In this order, as each needs what came before; `errors` ends the access and comes last. */
const steps: readonly (readonly [CheckName, (at: Try) => Promise<Outcome>])[] = [
  ["accounts", checkAccounts],
  ["health", checkHealth],
  ["publish", checkPublish],
  ["numbers", checkNumbers],
  ["delete", checkDelete],
  ["errors", checkErrors],
];

/** Tries a platform whole, through each of its sign-ins. Never throws: what breaks is the outcome of its check. */
export async function validatePlatform(stage: Stage, platform: PlatformView, tryOut: TryOut): Promise<TriedPlatform> {
  const startedAt = performance.now();
  const signIns = [];
  for (const signIn of platform.auth) {
    const { id, label } = signIn;
    signIns.push({ id, label, checks: await trySignIn(stage, platform, signIn, tryOut) });
  }
  return { platform, tookMs: Math.round(performance.now() - startedAt), signIns };
}

async function trySignIn(
  stage: Stage,
  platform: PlatformView,
  signIn: PlatformView["auth"][number],
  tryOut: TryOut,
): Promise<Checks> {
  const known = new Map<CheckName, Outcome>();
  const opened = await connect(stage, platform, signIn).catch((error: unknown) => failed(wordsOf(error)));
  if ("status" in opened) {
    known.set("connect", opened);
  } else {
    known.set("connect", ok(opened.accounts.find(({ name }) => name)?.name));
    const at: Try = {
      stage,
      platform,
      tryOut,
      signIn: signIn.id,
      ...opened,
      words: (what) => `${what}, ${signIn.label}, ${new Date().toISOString()}`,
    };
    for (const [name, check] of steps)
      known.set(name, await check(at).catch((error: unknown) => failed(wordsOf(error))));
  }
  const rest = notTried(known.get("connect")?.status === "not_tried" ? "no account" : "it could not be connected");
  return Object.fromEntries(checkNames.map((name) => [name, known.get(name) ?? rest])) as Record<CheckName, Outcome>;
}

/** An account that was signed in to here, or one that is connected already. */
async function connect(
  stage: Stage,
  platform: PlatformView,
  signIn: PlatformView["auth"][number],
): Promise<Pick<Try, "session" | "connectionId" | "accounts"> | Outcome> {
  const session = await stage.openSession();
  if (stage.signIn) {
    const { accounts, connect: choose } = await stage.signIn(session, platform, signIn);
    const first = accounts.find(({ blocked }) => blocked === undefined);
    if (!first) return failed(accounts[0]?.blocked ?? "the sign-in opened no account");
    return { session, accounts, connectionId: await choose(first) };
  }
  const { items } = await session.must("GET", `/api/connections?platform=${platform.id}`);
  const real = items.filter((one: { authKind: string; simulated: boolean; disconnectedAt?: string }) => {
    return one.authKind === signIn.id && !one.simulated && one.disconnectedAt === undefined;
  });
  if (real.length === 0) return notTried("no real account is connected by it at this server");
  return { session, accounts: real, connectionId: real[0].id };
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500);
