import type { TryOut } from "@postd/connector-kit";

/** Where what is typed stands in what the simulator answers for a new account. A sign-in page needs nothing said. */
export const tryOuts: Readonly<Record<string, TryOut>> = {
  sample_platform: { keys: { access_token: { accessToken: "accessToken" } } },
};
