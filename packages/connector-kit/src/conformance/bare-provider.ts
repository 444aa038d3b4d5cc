import { ok } from "@postd/contracts";
import { z } from "zod";
import { defaultFingerprint } from "../fingerprint.ts";
import type { Platform } from "../platform.ts";
import type { Provider } from "../provider.ts";
import type { Format } from "../publish.ts";
import type { Publishing } from "../publishing.ts";
import type { KeysSignIn } from "../sign-in.ts";

/** A sign-in nobody uses, for fakes that need one and never sign in. */
export const bareSignIn: KeysSignIn = {
  kind: "keys",
  id: "keys",
  label: "Keys",
  scopes: { required: [], optional: [] },
  fields: [],
  connect: () => Promise.reject(new Error("nobody signs in here")),
  accounts: () => Promise.reject(new Error("nobody signs in here")),
};

/** Publishing of a fake: these formats, no options, 500 characters. */
export const barePublishing = (
  formats: Readonly<Record<string, Format>>,
  over: Partial<Publishing> = {},
): Publishing => ({
  formats,
  options: z.strictObject({}),
  limits: { text: { max: 500, unit: "characters", count: (text) => text.length, rule: "utf16" } },
  defaultFormat: () => Object.keys(formats)[0],
  fingerprint: defaultFingerprint,
  ...over,
});

/** A platform of a fake, with what a test says of it. */
export const barePlatform = <P extends Partial<Platform> & Pick<Platform, "id">>(over: P): Platform & P => ({
  provider: over.id,
  name: over.id.charAt(0).toUpperCase() + over.id.slice(1),
  icon: "<svg/>",
  color: "#000000",
  previewKind: "short",
  accountKinds: [{ id: "profile", label: "Profile" }],
  extras: z.object({}),
  health: async () => ok({ missingScopes: [] }),
  ...over,
});

/** A provider of fakes, without an app; its platforms name it. */
export const bareProvider = (
  platforms: readonly [Platform, ...Platform[]],
  over: Partial<Provider> = {},
): Provider => ({
  id: platforms[0].provider,
  name: platforms[0].name,
  hosts: ["api.example"],
  apiVersion: { current: "1" },
  apps: [],
  signIns: [bareSignIn],
  platforms,
  ...over,
});
