import type { LinkPurpose, LinksRepo } from "@postd/core";
import { newId } from "@postd/core";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { Db, Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { links, operators, users } from "./schema.ts";
import { withoutTenant } from "./tenant-tx.ts";

/** Links that stand in for a sign-in, in PostgreSQL. Using one up and what it brings are one transaction. */
export function createLinksRepo(db: Db): LinksRepo {
  return {
    add: (link) => withoutTenant(db, (tx) => addLink(tx, link)),

    async subjectOf(hash, purpose, now) {
      const [row] = await db
        .select({ subject: links.subject })
        .from(links)
        .where(openLink({ hash, purpose, at: now }));
      return row?.subject;
    },

    makeOperator: ({ hash, userId, at }) =>
      withoutTenant(db, async (tx) => {
        if ((await takeLink(tx, { hash, purpose: "operator", by: userId, at })) === undefined) return false;
        await tx.insert(operators).values({ userId, since: at }).onConflictDoNothing();
        return true;
      }),

    confirmAddress: ({ hash, at }) =>
      withoutTenant(db, async (tx) => {
        const userId = await takeLink(tx, { hash, purpose: "confirm_address", by: undefined, at });
        if (userId === undefined) return false;
        await tx.update(users).set({ emailVerified: true, updatedAt: at }).where(eq(users.id, userId));
        return true;
      }),
  };
}

/** Older open links of the same purpose and subject end; a unique index holds that also for two at the same moment. */
export async function addLink(tx: Executor, link: Parameters<LinksRepo["add"]>[0]): Promise<void> {
  const { hash, purpose, subject, tenantId, createdBy, at, expiresAt } = link;
  await lockSubject(tx, purpose, subject);
  await tx
    .update(links)
    .set({ revokedAt: at })
    .where(and(eq(links.purpose, purpose), eq(links.subject, subject), isNull(links.usedAt), isNull(links.revokedAt)));
  await tx.insert(links).values({
    id: newId("link"),
    hash,
    purpose,
    subject,
    tenantId: tenantId ?? null,
    createdBy: createdBy ?? null,
    createdAt: at,
    expiresAt,
  });
}

/** Uses an open link up; answers its subject, and to one caller only. */
export async function takeLink(
  tx: Executor,
  input: {
    readonly hash: string;
    readonly purpose: LinkPurpose;
    readonly by: string | undefined;
    readonly at: Date;
  },
): Promise<string | undefined> {
  const [row] = await tx
    .update(links)
    .set({ usedAt: input.at, usedBy: input.by ?? null })
    .where(openLink(input))
    .returning({ subject: links.subject });
  return row?.subject;
}

const openLink = ({ hash, purpose, at }: { readonly hash: string; readonly purpose: LinkPurpose; readonly at: Date }) =>
  and(
    eq(links.hash, hash),
    eq(links.purpose, purpose),
    isNull(links.usedAt),
    isNull(links.revokedAt),
    gt(links.expiresAt, at),
  );

/** Two makers of the same kind of link wait for each other until the transaction ends. */
async function lockSubject(tx: Executor, purpose: LinkPurpose, subject: string): Promise<void> {
  await runSql(tx, sql`select pg_advisory_xact_lock(hashtextextended(${`link ${purpose} ${subject}`}, 0))`);
}
