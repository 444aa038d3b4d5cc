import { ok, operationsById as op, type ServiceError } from "@postd/contracts";
import { isOwnerState } from "@postd/core";
import type { FastifyRequest } from "fastify";
import { answer, defined, route, same } from "../handler.ts";
import { ownerCookie, ownerPagePath } from "../reconnect-pages.ts";

export const oauthRoutes = [
  route(op.startOAuth, async ({ deps, caller, params, body }) =>
    answer(
      await deps.services.connections.startOAuth(caller(), defined({ provider: params.provider, ...body })),
      (started) => ({ ...started, simulated: deps.services.platforms.isSimulated(params.provider) }),
    ),
  ),

  route(op.finishOAuth, async ({ deps, maybeCaller, params, query, request }) => {
    const finished = await deps.services.connections.finishOAuth(maybeCaller(), {
      provider: params.provider,
      state: query.state,
      callback: query,
      ...defined({ ownerCookie: request.cookies[ownerCookie] }),
    });
    const page = isPage(request);
    if (page && isOwnerState(query.state))
      return goTo(
        `${deps.config.publicUrl}${ownerPagePath}${finished.ok ? "" : `?${new URLSearchParams(toldOwner(finished.error))}`}`,
      );
    if (!finished.ok) return page ? redirect(deps.config.publicUrl, refusalQuery(finished.error)) : finished;
    const { grantId, returnTo } = finished.value;
    if (!page) return ok({ body: finished.value, status: 200 });
    if (returnTo?.startsWith("http")) return goTo(withGrant(returnTo, grantId));
    return redirect(deps.config.publicUrl, defined({ grantId, returnTo }));
  }),

  route(op.getGrant, async ({ deps, caller, params }) =>
    answer(await deps.services.connections.getGrant(caller(), params.id), same),
  ),
];

/** A browser gets a page; a program that asks for JSON gets JSON. */
const isPage = ({ headers }: FastifyRequest): boolean =>
  !(headers.accept?.includes("application/json") && !headers.accept.includes("text/html"));

const refusalQuery = ({ code, detail }: ServiceError) => ({ error: code, detail: detail.slice(0, 300) });

const toldOwner = ({ detail, next = "" }: ServiceError) => ({ detail: `${detail} ${next}`.trim().slice(0, 600) });

/** On to the page where accounts of the grant are chosen, or where the refusal is explained. */
function redirect(publicUrl: string, query: Readonly<Record<string, string>>) {
  return goTo(`${publicUrl}/accounts/choose?${new URLSearchParams(query)}`);
}

const goTo = (location: string) =>
  ok({ body: null, status: 302, headers: { location, "referrer-policy": "no-referrer" } });

function withGrant(address: string, grantId: string): string {
  const url = new URL(address);
  url.searchParams.set("grantId", grantId);
  return url.href;
}
