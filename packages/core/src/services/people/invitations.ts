import { fail, type InvitationView, ok, type Result, type ServiceError } from "@postd/contracts";
import type { InvitationRow, PeopleService, SessionPrincipal } from "../../ports/people.ts";
import type { PeopleDeps } from "./deps.ts";
import { plainWords } from "./plain-words.ts";
import { noTenant, notFound, ownersOnly } from "./refusals.ts";
import { invitationStands } from "./standing.ts";
import { tenantView } from "./tenants.ts";

/** How long an invitation stays open. */
const invitationMs = 7 * 24 * 60 * 60 * 1_000;
const hourMs = 60 * 60_000;
const quotas = {
  person: { max: 30, windowMs: hourMs },
  tenant: { max: 100, windowMs: 24 * hourMs },
} as const;

type Verbs = Pick<PeopleService, "invite" | "revokeInvitation" | "getInvitation" | "acceptInvitation">;

export function invitationVerbs(deps: PeopleDeps): Verbs {
  const { repo, invitations, linkSecrets, clock, newId, publicUrl } = deps;
  return {
    async invite(me, { email, role }) {
      if (!me.tenant) return noTenant();
      if (role === "owner" && me.tenant.role !== "owner") return ownersOnly();
      if ((await repo.members(me.tenant.id)).some((member) => member.email.toLowerCase() === email))
        return fail({
          code: "conflict",
          detail: "This person is a member already.",
          field: "email",
          next: "Change their role instead.",
        });
      const over = await overQuota(deps, me);
      if (over) return fail(over);
      const now = clock.now();
      const id = newId("invitation");
      const { token, hash } = linkSecrets.make();
      const expiresAt = new Date(now.getTime() + invitationMs);
      const row = { id, tenantId: me.tenant.id, email, role, createdAt: now, expiresAt };
      await invitations.create({ ...row, inviterId: me.userId, linkHash: hash });
      const link = `${publicUrl}/invitations/${token}`;
      // The subject is ours alone: what a sender chose would make POSTD's own mail carry anybody's message.
      const mailed = await deps.mail.send({
        about: "invitation",
        to: email,
        subject: "An invitation to POSTD",
        text: `You are invited to a workspace on POSTD as ${role}.\n\nWorkspace: ${plainWords(me.tenant.name)}\nInvited by: ${plainWords(me.name)}\n\nOpen this link within 7 days:\n${link}\n\nIf you do not know them, do nothing.\n`,
      });
      const view = invitationView(
        {
          ...row,
          tenantName: me.tenant.name,
          status: "pending",
          inviterName: me.name,
          inviterRole: me.tenant.role,
        },
        now,
      );
      return ok({ ...view, ...(mailed ? {} : { link }), mailed });
    },

    async revokeInvitation(me, id) {
      if (!me.tenant) return noTenant();
      const row = await invitations.find(id);
      if (!row || row.tenantId !== me.tenant.id) return notFound("invitation");
      if (!(await invitations.cancel(me.tenant.id, id))) return fail(noLongerOpen);
      return ok({ ...invitationView(row, clock.now()), status: "canceled" });
    },

    async getInvitation(token) {
      const row = await invitations.byLink(linkSecrets.hash(token));
      if (!row) return fail(noSuchLink);
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

    async acceptInvitation(me, token) {
      const at = clock.now();
      const joined = await invitations.accept(
        { hash: linkSecrets.hash(token), userId: me.userId, memberId: newId("member"), at },
        (row) => mayAccept(row, me, at, deps.hasMail),
      );
      if (!joined.ok) return joined;
      await repo.setActiveTenant(me.sessionId, joined.value);
      const tenant = (await repo.tenantsOf(me.userId)).find(({ id }) => id === joined.value);
      return tenant ? ok(tenantView(tenant, true)) : notFound("tenant");
    },
  };
}

/** The link is the right; where mail is sent, the mailbox it was sent to must be this person's as well. */
function mayAccept(
  row: InvitationRow | undefined,
  me: SessionPrincipal,
  now: Date,
  hasMail: boolean,
): Result<undefined, ServiceError> {
  if (!row) return fail(noSuchLink);
  const isTheirs = me.emailVerified && row.email.toLowerCase() === me.email.toLowerCase();
  if (hasMail && !isTheirs)
    return fail({
      code: "forbidden",
      detail: "This invitation is for another address than the one you are signed in with.",
      next: "Sign in with the invited address, or ask for an invitation to yours.",
    });
  const { status } = invitationView(row, now);
  if (status === "expired")
    return fail({ code: "expired", detail: "This invitation has ended.", next: "Ask whoever sent it for a new one." });
  return status === "pending" ? ok(undefined) : fail(noLongerOpen);
}

async function overQuota({ throttle }: PeopleDeps, me: SessionPrincipal): Promise<ServiceError | undefined> {
  for (const [key, limit, whose] of [
    [`invite person ${me.userId}`, quotas.person, "you"],
    [`invite tenant ${me.tenant?.id}`, quotas.tenant, "this tenant"],
  ] as const) {
    const taken = await throttle.take(key, limit);
    if (taken.allowed) continue;
    return {
      code: "rate_limited",
      detail: `No more than ${limit.max} invitations by ${whose} in ${limit.windowMs / hourMs} ${limit.windowMs === hourMs ? "hour" : "hours"}.`,
      next: "Wait, and invite the others later.",
      retryAfterMs: taken.retryAfterMs,
    };
  }
  return undefined;
}

const noSuchLink: ServiceError = {
  code: "not_found",
  detail: "No invitation belongs to this link.",
  field: "token",
  next: "Check that the whole link was copied, or ask for a new one.",
};

const noLongerOpen: ServiceError = {
  code: "state_conflict",
  detail: "This invitation was accepted or withdrawn before, or whoever sent it may no longer invite.",
  next: "Ask for a new one if you need it.",
};

const statuses = ["pending", "accepted", "canceled"] as const;

/** Shape an invitation; an open one whose time is over is `expired`, one whose inviter lost the right `canceled`. */
export function invitationView(row: InvitationRow, now: Date): InvitationView {
  const stored = statuses.find((status) => status === row.status) ?? "canceled";
  const open = row.expiresAt <= now ? "expired" : invitationStands(row) ? "pending" : "canceled";
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    status: stored === "pending" ? open : stored,
    invitedBy: row.inviterName,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}
