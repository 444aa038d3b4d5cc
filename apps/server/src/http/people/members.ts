import { operationsById as op } from "@postd/contracts";
import { answer, route, same } from "../handler.ts";

export const memberRoutes = [
  route(op.listMembers, async ({ deps, principal }) =>
    answer(await deps.services.people.listMembers(principal()), same),
  ),
  route(op.inviteMember, async ({ deps, session, body }) =>
    answer(await deps.services.people.invite(session(), body), same),
  ),
  route(op.changeMemberRole, async ({ deps, session, params, body }) =>
    answer(await deps.services.people.changeRole(session(), params.id, body.role), same),
  ),
  route(op.removeMember, async ({ deps, session, params }) =>
    answer(await deps.services.people.removeMember(session(), params.id), same),
  ),
  route(op.revokeInvitation, async ({ deps, session, params }) =>
    answer(await deps.services.people.revokeInvitation(session(), params.id), same),
  ),
  route(op.getInvitation, async ({ deps, body }) => answer(await deps.services.people.getInvitation(body.token), same)),
  route(op.acceptInvitation, async ({ deps, session, body }) =>
    answer(await deps.services.people.acceptInvitation(session(), body.token), same),
  ),
  route(op.becomeOperator, async ({ deps, session, body }) =>
    answer(await deps.services.people.becomeOperator(session(), body.token), same),
  ),
];
