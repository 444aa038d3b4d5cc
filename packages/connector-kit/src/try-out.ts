import type { JsonObject } from "@postd/contracts";

/**
 * What commands that try a connector whole have to know beside its description: `npm run connectors` and the demo. Facts,
 * of no meaning for people's posts. A platform that takes words alone, or a picture, and is signed in to by a browser needs
 * none.
 */
export interface TryOut {
  /** Options without which no post is taken. */
  readonly options?: JsonObject;
  /** In their place where the real platform is tried: what the fewest people see. */
  readonly liveOptions?: JsonObject;
  /**
   * What is typed for a sign-in with keys, by the sign-in's id: for each field where it stands in what the simulator
   * answers when it makes an account, such as `accessToken` or `extra.appPassword`.
   */
  readonly keys?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What accounts opened by a sign-in do not have, though the platform has it: why, by the sign-in's id. */
  readonly without?: Readonly<Record<string, { readonly numbers?: string; readonly delete?: string }>>;
}
