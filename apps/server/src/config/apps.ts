import { type AppCredentials, type Provider, type Secret, secret } from "@postd/connector-kit";
import { previousOf } from "@postd/core";
import type { ConfigProblem } from "./config-error.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** Environment name of a field of a credentials set: `meta` and `clientId` give POSTD_META_CLIENT_ID. */
export function appCredentialEnvName(setId: string, field: string): string {
  return `POSTD_${constantCase(setId)}_${constantCase(field)}`;
}

const constantCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toUpperCase();

export interface ConfiguredApps {
  /** App credentials by the id of their set; a set that is absent is not configured. */
  readonly apps: ReadonlyMap<string, AppCredentials>;
  /** API versions an operator set, by provider. */
  readonly apiVersions: ReadonlyMap<string, string>;
  readonly problems: readonly ConfigProblem[];
  /** Every variable that providers declare, set or not. */
  readonly names: readonly string[];
}

/** Reads what the providers declare. A set that is only half given is a problem naming the missing variable. */
export function readApps(env: Env, providers: readonly Provider[]): ConfiguredApps {
  const apps = new Map<string, AppCredentials>();
  const apiVersions = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  const names = new Set<string>();
  for (const provider of providers) {
    if (provider.apiVersion.env) names.add(provider.apiVersion.env);
    const version = provider.apiVersion.env === undefined ? undefined : env[provider.apiVersion.env];
    if (version) apiVersions.set(provider.id, version);
    for (const set of provider.apps) {
      const given = new Map<string, string>();
      for (const field of set.fields) {
        const name = appCredentialEnvName(set.id, field.name);
        names.add(name);
        const value = env[name];
        if (value) given.set(field.name, value);
        if (!field.signs) continue;
        const previous = appCredentialEnvName(set.id, previousOf(field.name));
        names.add(previous);
        if (value && env[previous]) given.set(previousOf(field.name), env[previous]);
      }
      if (given.size === 0 || apps.has(set.id)) continue;
      const missing = set.fields.filter(({ name, required }) => required && !given.has(name));
      for (const field of missing)
        problems.push({
          variable: appCredentialEnvName(set.id, field.name),
          message: `is missing, though other values of this app are set (${field.help}). Set it, or remove the others`,
        });
      if (missing.length === 0) apps.set(set.id, credentialsOf(given));
    }
  }
  return { apps, apiVersions, problems, names: [...names] };
}

/** App credentials from plain values; the simulators' own come this way too. */
export function credentialsOf(values: ReadonlyMap<string, string>): AppCredentials {
  const secrets = new Map<string, Secret>([...values].map(([name, value]) => [name, secret(value)]));
  return { value: (field) => values.get(field), secret: (field) => secrets.get(field) };
}
