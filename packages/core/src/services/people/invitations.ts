import { fail, type InvitationView, ok } from "@postd/contracts";
import type { InvitationRow, PeopleService } from "../../ports/people.ts";
import type { PeopleDeps } from "../people.ts";
import { noTenant, notFound, ownersOnly } from "./refusals.ts";
import { tenantView } from "./tenants.ts";

/** How long an invitation stays open. */
const invitationMs = 7 * 24 * 60 * 60 * 1_000;

type Verbs = Pick<PeopleService, "invite" | "revokeInvitation" | "getInvitation" | "acceptInvitation">;

export function invitationVerbs({ repo, mail, clock, newId, publicUrl }: PeopleDeps): Verbs {
  return {
    async invite(me, { email, role }) {
      if (!me.tenant) return noTenant();
      if (role === "owner" && me.tenant.role !== "owner") return ownersOnly();
      if (await repo.memberByEmail(me.tenant.id, email))
        return fail({
          code: "conflict",
          detail: "This person is a member already.",
          field: "email",
          next: "Change their role instead.",
        });
      const now = clock.now();
      const id = newId("invitation");
      const expiresAt = new Date(now.getTime() + invitationMs);
      await repo.createInvitation({
        id,
        tenantId: me.tenant.id,
        email,
        role,
        inviterId: me.userId,
        createdAt: now,
        expiresAt,
      });
      const link = `${publicUrl}/invitations/${id}`;
      const mailed = await mail.send({
        to: email,
        subject: `${oneLine(me.name)} invites you to ${oneLine(me.tenant.name)} on POSTD`,
        text: `${oneLine(me.name)} invites you to work in "${oneLine(me.tenant.name)}" on POSTD as ${role}.\n\nOpen this link within 7 days:\n${link}\n`,
      });
      const row: InvitationRow = {
        id,
        tenantId: me.tenant.id,
        tenantName: me.tenant.name,
        email,
        role,
        status: "pending",
        inviterName: me.name,
        createdAt: now,
        expiresAt,
      };
      return ok({ ...invitationView(row, now), link, mailed });
    },

    async revokeInvitation(me, id) {
      if (!me.tenant) return noTenant();
      const row = await repo.invitation(id);
      if (!row || row.tenantId !== me.tenant.id) return notFound("invitation");
      if (!(await repo.cancelInvitation(me.tenant.id, id))) return noLongerOpen();
      return ok({ ...invitationView(row, clock.now()), status: "canceled" });
    },

    async getInvitation(id) {
      const row = await repo.invitation(id);
      if (!row) return notFound("invitation");
      const { status, expiresAt } = invitationView(row, clock.now());
      return ok({
        id: row.id,
        tenantName: row.tenantName,
        invitedBy: row.inviterName,
        email: row.email,
        role: row.role,
        status,
        expiresAt,
      });
    },

    async acceptInvitation(me, id) {
      const row = await repo.invitation(id);
      // Somebody else's invitation is answered like none: the id alone opens nothing.
      if (!row || row.email.toLowerCase() !== me.email.toLowerCase()) return notFound("invitation");
      const now = clock.now();
      if (row.status === "pending" && row.expiresAt <= now)
        return fail({
          code: "expired",
          detail: "This invitation has ended.",
          next: `Ask ${row.inviterName} for a new one.`,
        });
      const joined = await repo.acceptInvitation({ id, userId: me.userId, memberId: newId("member"), at: now });
      if (!joined) return noLongerOpen();
      await repo.setActiveTenant(me.sessionId, row.tenantId);
      const tenant = (await repo.tenantsOf(me.userId)).find((candidate) => candidate.id === row.tenantId);
      return tenant ? ok(tenantView(tenant, true)) : notFound("tenant");
    },
  };
}

const noLongerOpen = () =>
  fail({
    code: "state_conflict" as const,
    detail: "This invitation was accepted or withdrawn before.",
    next: "Ask for a new one if you need it.",
  });

/** Names come from people; a line break must not start a header or another paragraph in a mail. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

const statuses = ["pending", "accepted", "canceled"] as const;

/** Shape an invitation; an open one whose time is over is `expired`. */
export function invitationView(row: InvitationRow, now: Date): InvitationView {
  const stored = statuses.find((status) => status === row.status) ?? "canceled";
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    status: stored === "pending" && row.expiresAt <= now ? "expired" : stored,
    invitedBy: row.inviterName,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}
