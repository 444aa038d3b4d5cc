import type { TryOut } from "@postd/connector-kit";

export const tryOuts: Readonly<Record<string, TryOut>> = {
  bluesky: { keys: { app_password: { identifier: "handle", appPassword: "extra.appPassword" } } },
};
