import { type Ground, simLimits, simRsaKeys, simStore, simWebhooks } from "@postd/connector-kit/simulator";
import { createProfiles } from "./business-profile/model.ts";
import { signPush } from "./business-profile/push-key.ts";
import { defaultSettings, type Settings } from "./settings.ts";

/** Somebody with a Google account. */
export interface Person {
  /** The `sub` of the id token. */
  readonly id: string;
  name: string;
  readonly email: string;
}

/** A project of Google Cloud with its OAuth client, and the push subscription of its topic. */
export const app = {
  client_id: "710000000001-simulated.apps.googleusercontent.com",
  client_secret: "GOCSPX-simulated-client-secret",
  pubsub_topic: "projects/postd-simulated/topics/business-profile",
  pubsub_push_service_account: "push@postd-simulated.iam.gserviceaccount.com",
  pubsub_audience: "https://postd.example/api/webhooks/google",
} as const;

/** What Google keeps for all its products; each product adds a part of its own. */
export function createWorld({ env, tokens }: Ground) {
  const keys = simRsaKeys(env.randomId());
  const people = simStore<Person>();
  people.put({ id: "100000000000000000001", name: "Ida Holm", email: "ida.holm@example.com" });
  people.put({ id: "100000000000000000002", name: "Jonas Berg", email: "jonas.berg@example.com" });
  return {
    env,
    tokens,
    keys,
    people,
    settings: defaultSettings as Settings,
    limits: simLimits(env),
    /** Consents that came when there was one before, and did not ask for a page again. */
    silentRefresh: new Set<string>(),
    /** When a refresh token of a consent was last used, by the consent's id. */
    usedAt: new Map<string, number>(),
    hooks: simWebhooks(env, (delivery) => signPush(keys, delivery)),
    profiles: createProfiles(env),
    addPerson(name: string): Person {
      const id = `1${env.randomId().replace(/\D/g, "").padEnd(20, "7").slice(0, 20)}`;
      return people.put({ id, name, email: `${id}@example.com` });
    },
  };
}
export type World = ReturnType<typeof createWorld>;
