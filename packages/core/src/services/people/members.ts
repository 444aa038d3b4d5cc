import { type MemberView, ok } from "@postd/contracts";
import type { MemberRow, PeopleService } from "../../ports/people.ts";
import type { PeopleDeps } from "../people.ts";
import { invitationView } from "./invitations.ts";
import { lastOwner, noTenant, notFound, ownersOnly } from "./refusals.ts";

type Verbs = Pick<PeopleService, "listMembers" | "changeRole" | "removeMember">;

export function memberVerbs({ repo, clock }: PeopleDeps): Verbs {
  return {
    async listMembers(me) {
      if (!me.tenant) return noTenant();
      const [members, invitations] = await Promise.all([
        repo.members(me.tenant.id),
        repo.pendingInvitations(me.tenant.id, clock.now()),
      ]);
      return ok({
        items: members.map(memberView),
        invitations: invitations.map((row) => invitationView(row, clock.now())),
      });
    },

    async changeRole(me, id, role) {
      if (!me.tenant) return noTenant();
      const member = (await repo.members(me.tenant.id)).find((row) => row.id === id);
      if (!member) return notFound("member");
      if ((role === "owner" || member.role === "owner") && me.tenant.role !== "owner") return ownersOnly();
      if (!(await repo.setRole(me.tenant.id, id, role))) return lastOwner();
      return ok(memberView({ ...member, role }));
    },

    async removeMember(me, id) {
      if (!me.tenant) return noTenant();
      const member = (await repo.members(me.tenant.id)).find((row) => row.id === id);
      if (!member) return notFound("member");
      if (member.role === "owner" && me.tenant.role !== "owner") return ownersOnly();
      if (!(await repo.removeMember(me.tenant.id, id, clock.now()))) return lastOwner();
      return ok(memberView(member));
    },
  };
}

function memberView(row: MemberRow): MemberView {
  return {
    id: row.id,
    userId: row.userId,
    name: row.name,
    email: row.email,
    ...(row.image === undefined ? {} : { image: row.image }),
    role: row.role,
    joinedAt: row.joinedAt.toISOString(),
    ...(row.lastSeenAt === undefined ? {} : { lastSeenAt: row.lastSeenAt.toISOString() }),
  };
}
