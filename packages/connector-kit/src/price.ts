/**
 * What a platform bills the app's operator for one call, in millionths of a US dollar, so that sums stay whole numbers.
 * A platform without prices bills nothing that is known.
 */
export interface Price {
  /** Kind of call, the same name wherever it is counted: `post`, `post_with_link`, `post_read`. */
  readonly call: string;
  /** In everyday words: "Post with a link". */
  readonly label: string;
  readonly usdMicros: number;
  /** First day it held, ISO 8601. */
  readonly since: string;
  /** Billed for each thing an answer holds, and not for the call. */
  readonly perItem?: true;
  /** What the platform's own words leave open. */
  readonly unsure?: string;
}
