import { eq } from "drizzle-orm";
import type { Db } from "../postgres/pools.ts";
import { type SecondFactor, sessions } from "../postgres/schema.ts";

/** What a session showed beside a password, by the door it came through. */
const shownAt: Readonly<Record<string, SecondFactor>> = {
  "/two-factor/verify-totp": "code",
  "/two-factor/verify-backup-code": "code",
};

/**
 * Notes on a new session what it showed. Until then it counts as having shown nothing. A session made out of another one
 * keeps what that one was refused, and what it showed unless the factor was just switched off.
 */
export async function noteSecondFactor(
  db: Db,
  made: {
    readonly sessionId: string;
    readonly path: string | undefined;
    readonly before: string | undefined;
  },
): Promise<void> {
  const { sessionId, path = "", before } = made;
  const factor = shownAt[path];
  const [old] =
    before === undefined || before === sessionId
      ? []
      : await db
          .select({ secondFactor: sessions.secondFactor, endedIn: sessions.endedIn })
          .from(sessions)
          .where(eq(sessions.id, before));
  const kept = path === "/two-factor/disable" && old?.secondFactor === "code" ? undefined : old?.secondFactor;
  if (!factor && !old) return;
  await db
    .update(sessions)
    .set({ secondFactor: factor ?? kept ?? null, endedIn: old?.endedIn ?? [] })
    .where(eq(sessions.id, sessionId));
}
