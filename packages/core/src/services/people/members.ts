import { fail, type MemberView, ok, type Result, roleScopes, type ServiceError } from "@postd/contracts";
import type { MemberChange, MemberRow, Membership, PeopleService, SessionPrincipal } from "../../ports/people.ts";
import type { PeopleDeps } from "./deps.ts";
import { invitationView } from "./invitations.ts";
import { lastOwner, noTenant, notFound, ownersOnly } from "./refusals.ts";

type Verbs = Pick<PeopleService, "listMembers" | "changeRole" | "removeMember">;

export function memberVerbs({ repo, invitations, clock }: PeopleDeps): Verbs {
  async function change(me: SessionPrincipal, id: MemberRow["id"], wish: MemberChange) {
    if (!me.tenant) return noTenant();
    const member = (await repo.members(me.tenant.id)).find((row) => row.id === id);
    if (!member) return notFound("member");
    const endsLinks = wish.to === "leave" || !roleScopes[wish.role].includes("connections:write");
    const input = { tenantId: me.tenant.id, id, change: wish, endsLinks, at: clock.now() };
    const changed = await repo.changeMember(input, (members) => mayChange(me, members, id, wish));
    return changed.ok ? ok(memberView(wish.to === "role" ? { ...member, role: wish.role } : member)) : changed;
  }

  return {
    async listMembers(me) {
      if (!me.tenant) return noTenant();
      const now = clock.now();
      const [members, open] = await Promise.all([repo.members(me.tenant.id), invitations.pending(me.tenant.id, now)]);
      return ok({
        items: members.map(memberView),
        invitations: open.map((row) => invitationView(row, now)).filter(({ status }) => status === "pending"),
      });
    },

    changeRole: (me, id, role) => change(me, id, { to: "role", role }),
    removeMember: (me, id) => change(me, id, { to: "leave" }),
  };
}

/** Judged on the members as they are at the change, whoever asks included: a right lost a moment ago is not used. */
function mayChange(
  me: SessionPrincipal,
  members: readonly Membership[],
  id: string,
  wish: MemberChange,
): Result<undefined, ServiceError> {
  const mine = members.find(({ userId }) => userId === me.userId)?.role;
  if (mine === undefined || !roleScopes[mine].includes("members:write"))
    return fail({
      code: "forbidden",
      detail: "You may not change members of this tenant any more.",
      next: "Ask an owner or admin of this tenant.",
    });
  const member = members.find((row) => row.id === id);
  if (!member) return notFound("member");
  const makesOwner = wish.to === "role" && wish.role === "owner";
  if ((makesOwner || member.role === "owner") && mine !== "owner") return ownersOnly();
  const owners = members.filter(({ role }) => role === "owner");
  return owners.length === 1 && owners[0]?.id === id && !makesOwner ? lastOwner() : ok(undefined);
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
