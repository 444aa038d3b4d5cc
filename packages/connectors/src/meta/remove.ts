import {
  type ConnectorContext,
  type Effect,
  GraphId,
  GraphSuccess,
  type PlatformResult,
  subcodeOf,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { meaningOf } from "./failures.ts";
import { graph } from "./graph.ts";
import { hostFor } from "./graph-url.ts";

/** Media that Instagram does not find. */
const noMedia = 2207006;

/**
 * Deletes one object; gone already counts as deleted. Meta says the same of what is gone and of what this sign-in may
 * not see, so the account itself is read before the first is believed.
 * @source platforms/meta.md sections 8 and 12 (100/33, 803)
 */
export async function deleteNode(
  ctx: ConnectorContext,
  id: string,
  call: { readonly needs: readonly string[]; readonly effect?: Effect; readonly did?: string },
): PlatformResult<void> {
  const token = ctx.credentials.accessToken;
  const gone = await graph(ctx, token, {
    method: "DELETE",
    host: hostFor(ctx.account),
    path: [id],
    answer: GraphSuccess,
    about: "object",
    did: "delete the post",
    ...call,
  });
  if (gone.ok) return ok(undefined);
  if (meaningOf(gone.error) !== "missing" && subcodeOf(gone.error) !== noMedia) return gone;
  const account = await graph(ctx, token, {
    method: "GET",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId],
    params: { fields: "id" },
    answer: z.object({ id: GraphId }),
    effect: "none",
    needs: call.needs,
  });
  return account.ok ? ok(undefined) : account;
}
