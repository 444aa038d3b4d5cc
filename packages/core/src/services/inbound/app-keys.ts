import type { AppCredentials, Provider, Secret } from "@postd/connector-kit";
import type { ConnectorSettings } from "../../ports/egress.ts";
import { clientIdOf } from "../connections/sign-in.ts";

export interface EverySet {
  /** All sets behind one look-up, as `field` of the first set or `set.field`. */
  readonly credentials: AppCredentials;
  /** What the app signs with, newest first; a key on its way out stands behind all that are current. */
  readonly signingKeys: readonly Secret[];
}

/** Under which name the value of a signing field is kept while a new one replaces it. */
export const previousOf = (field: string): string => `${field}_previous`;

/** All sets of a provider's app; undefined: it has some, and none is configured. */
export function everySet(
  { apps }: Pick<Provider, "apps">,
  settings: Pick<ConnectorSettings, "appCredentials">,
  simulated: boolean,
): EverySet | undefined {
  const sets = apps.flatMap(({ id, fields }) => {
    const values = settings.appCredentials({ setId: id, simulated });
    return values ? [{ id, values, signing: fields.filter(({ signs }) => signs).map(({ name }) => name) }] : [];
  });
  if (sets.length === 0 && apps.length > 0) return undefined;
  const find = (name: string) => {
    const [set, field] = name.includes(".") ? name.split(".", 2) : [sets[0]?.id, name];
    const values = sets.find(({ id }) => id === set)?.values;
    return values && field ? { values, field } : undefined;
  };
  const keys = (nameOf: (field: string) => string) =>
    sets.flatMap(({ values, signing }) => signing.flatMap((field) => values.secret(nameOf(field)) ?? []));
  return {
    credentials: {
      value: (name) => {
        const found = find(name);
        return found?.values.value(found.field);
      },
      secret: (name) => {
        const found = find(name);
        return found?.values.secret(found.field);
      },
    },
    signingKeys: [...keys((field) => field), ...keys(previousOf)],
  };
}

/** What the provider calls the app of these settings: one id for each of its sets that people sign in with. */
export const clientIdsOf = (
  { signIns }: Pick<Provider, "signIns">,
  settings: Pick<ConnectorSettings, "appCredentials">,
  simulated: boolean,
): readonly string[] => [
  ...new Set(
    signIns.flatMap((signIn) => {
      const app = signIn.kind === "oauth2" && settings.appCredentials({ setId: signIn.app, simulated });
      return (app && clientIdOf(signIn, app)) || [];
    }),
  ),
];
