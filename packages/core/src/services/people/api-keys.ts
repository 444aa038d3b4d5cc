import { type ApiKeyView, fail, ok, roleScopes, rolesWith } from "@postd/contracts";
import type { ApiKeyRow, PeopleService } from "../../ports/people.ts";
import type { PeopleDeps } from "./deps.ts";
import { noTenant, notFound } from "./refusals.ts";
import { keyScopes } from "./standing.ts";

type Verbs = Pick<PeopleService, "listApiKeys" | "createApiKey" | "revokeApiKey">;

export function apiKeyVerbs({ keys, keySecrets, clock, newId }: PeopleDeps): Verbs {
  return {
    async listApiKeys(me) {
      if (!me.tenant) return noTenant();
      const now = clock.now();
      return ok({ items: (await keys.list(me.tenant.id)).map((row) => apiKeyView(row, now)) });
    },

    async createApiKey(me, input) {
      if (!me.tenant) return noTenant();
      const now = clock.now();
      const { role } = me.tenant;
      const beyond = input.scopes.find((scope) => !roleScopes[role].includes(scope));
      if (beyond !== undefined)
        return fail({
          code: "forbidden",
          detail: `A key cannot do more than you: ${beyond} takes ${rolesWith(beyond).join(" or ")}.`,
          field: "scopes",
          next: "Leave this scope out.",
        });
      const expiresAt = input.expiresAt === undefined ? undefined : new Date(input.expiresAt);
      if (expiresAt && expiresAt <= now)
        return fail({
          code: "invalid_input",
          detail: "The key would be over before it begins.",
          field: "expiresAt",
          next: "Name a time in the future, or leave it out.",
        });
      const id = newId("apiKey");
      const { key, hash, lastCharacters } = keySecrets.make(id);
      const row: ApiKeyRow = {
        id,
        tenantId: me.tenant.id,
        name: input.name,
        scopes: [...new Set(input.scopes)],
        lastCharacters,
        createdBy: me.userId,
        createdAt: now,
        makerRole: role,
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
      await keys.create({ ...row, hash });
      return ok({ ...apiKeyView(row, now), key });
    },

    async revokeApiKey(me, id) {
      if (!me.tenant) return noTenant();
      const row = await keys.revoke(me.tenant.id, id, clock.now());
      return row ? ok(apiKeyView(row, clock.now())) : notFound("API key");
    },
  };
}

function apiKeyView(row: ApiKeyRow, now: Date): ApiKeyView {
  return {
    id: row.id,
    name: row.name,
    scopes: [...keyScopes(row, now)],
    lastCharacters: row.lastCharacters,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    ...(row.lastUsedAt === undefined ? {} : { lastUsedAt: row.lastUsedAt.toISOString() }),
    ...(row.expiresAt === undefined ? {} : { expiresAt: row.expiresAt.toISOString() }),
    ...(row.revokedAt === undefined ? {} : { revokedAt: row.revokedAt.toISOString() }),
  };
}
