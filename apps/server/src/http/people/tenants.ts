import { ok, operationsById as op } from "@postd/contracts";
import { isOperator, scopesOf } from "../access.ts";
import { answer, route, same } from "../handler.ts";

export const tenantRoutes = [
  route(op.getMe, async ({ deps, principal }) => {
    const me = principal();
    const { tenant } = me;
    return ok({
      body: {
        ...(me.kind === "session"
          ? {
              user: {
                id: me.userId,
                name: me.name,
                email: me.email,
                ...(me.image === undefined ? {} : { image: me.image }),
              },
            }
          : { apiKey: { id: me.keyId, name: me.name } }),
        ...(tenant
          ? {
              tenant: { id: tenant.id, name: tenant.name, slug: tenant.slug, timeZone: tenant.timeZone },
              role: tenant.role,
            }
          : {}),
        scopes: scopesOf(me),
        ...(me.kind === "session" ? { secondFactor: me.secondFactor } : {}),
        ...(tenant?.closed ? { closed: tenant.closed } : {}),
        operator: isOperator(me),
        simulated: deps.config.simulated,
      },
    });
  }),
  route(op.deleteMe, async ({ deps, session, body }) => {
    const me = session();
    return answer(
      await deps.services.people.deleteAccount(me, () => deps.auth.passwordFits(me.userId, body.password)),
      same,
    );
  }),
  route(op.listTenants, async ({ deps, session }) => answer(await deps.services.people.listTenants(session()), same)),
  route(op.createTenant, async ({ deps, session, body }) =>
    answer(await deps.services.people.createTenant(session(), body), same),
  ),
  route(op.switchTenant, async ({ deps, session, body }) =>
    answer(await deps.services.people.switchTenant(session(), body.tenantId), same),
  ),
  route(op.updateTenant, async ({ deps, session, body }) =>
    answer(await deps.services.people.updateTenant(session(), body), same),
  ),
];
