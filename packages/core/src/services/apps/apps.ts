import { secret } from "@postd/connector-kit";
import { type FieldProblem, fail, ok, type ServiceError, type TenantAppView } from "@postd/contracts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { AppsService } from "../../ports/services.ts";
import type { TenantApp, TenantAppsRepo } from "../../ports/tenant-apps.ts";
import type { SealedSecret, Vault } from "../../ports/vault.ts";
import type { NewId } from "../new-id.ts";
import { unknownPlatform } from "../unknown-platform.ts";

export interface AppsDeps {
  readonly apps: Pick<TenantAppsRepo, "forTenant">;
  readonly vault: Pick<Vault, "seal">;
  readonly registry: ConnectorRegistry;
  readonly clock: { now(): Date };
  readonly newId: NewId;
  readonly publicUrl: string;
}

const triesMax = 5;

/** A tenant's own apps at providers. Secrets go in and never come out. */
export function createAppsService(deps: AppsDeps): AppsService {
  return {
    async list({ tenantId }) {
      const apps = await deps.apps.forTenant(tenantId).list();
      return ok({ items: apps.map((app) => appView(app, deps.publicUrl)) });
    },

    async create({ tenantId, actorId }, input) {
      const provider = deps.registry.provider(input.provider);
      if (!provider) return fail(unknownPlatform(deps.registry, input.provider, "provider"));
      const set = provider.apps.find(({ id }) => input.set === undefined || id === input.set);
      if (!set)
        return fail(
          notFound(`${provider.name} has no such app to register.`, input.set === undefined ? "provider" : "set"),
        );
      const given = new Map(Object.entries(input.values).map(([name, value]) => [name, value.trim()]));
      const problems = [
        ...set.fields
          .filter(({ name, required }) => required && !given.get(name))
          .map(({ name, help }) => problem(name, "required", `${name} is needed. ${help}`)),
        ...[...given.keys()]
          .filter((name) => !set.fields.some((field) => field.name === name))
          .map((name) => problem(name, "unknown", `An app at ${provider.name} has no field called ${name}.`)),
      ];
      const [first] = problems;
      if (first) return fail({ code: "invalid_input", detail: first.message, field: first.field, problems });
      const fields = set.fields.filter(({ name }) => given.get(name));
      const app: TenantApp = {
        id: deps.newId("tenantApp"),
        provider: provider.id,
        setId: set.id,
        values: Object.fromEntries(fields.filter((it) => !it.secret).map(({ name }) => [name, given.get(name) ?? ""])),
        secretNames: fields.filter((it) => it.secret).map(({ name }) => name),
        createdBy: actorId,
        createdAt: deps.clock.now(),
      };
      for (let tries = 0; tries < triesMax; tries += 1) {
        const sealed: SealedSecret[] = [];
        for (const name of app.secretNames)
          sealed.push(await deps.vault.seal({ tenantId, ownerId: app.id, name }, secret(given.get(name) ?? "")));
        if ((await deps.apps.forTenant(tenantId).add(app, sealed)) === "added") return ok(appView(app, deps.publicUrl));
      }
      throw new Error("the tenant's data key changes too fast to store an app");
    },

    async remove({ tenantId }, id) {
      switch (await deps.apps.forTenant(tenantId).remove(id)) {
        case "removed":
          return ok({ deleted: true });
        case "missing":
          return fail(notFound("There is no such app."));
        case "in_use":
          return fail({
            code: "state_conflict",
            detail: "Accounts are connected with this app.",
            next: "Disconnect them, or sign in again with another app. Then remove this one.",
          });
      }
    },
  };
}

const appView = (
  { id, provider, setId, values, secretNames, createdAt }: TenantApp,
  publicUrl: string,
): TenantAppView => ({
  id,
  provider,
  set: setId,
  values: { ...values },
  secrets: [...secretNames],
  webhookUrl: `${publicUrl}/api/webhooks/${provider}/${id}`,
  createdAt: createdAt.toISOString(),
});

const problem = (name: string, code: string, message: string): FieldProblem => ({
  field: `values.${name}`,
  code,
  message,
  severity: "error",
});

const notFound = (detail: string, field?: string): ServiceError => ({
  code: "not_found",
  detail,
  ...(field === undefined ? {} : { field }),
});
