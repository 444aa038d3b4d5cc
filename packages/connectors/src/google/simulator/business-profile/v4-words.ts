import type { SimRefusal } from "@postd/connector-kit/simulator";
import { errorInfo, refuse } from "../words.ts";

// Fact sheet, "Errors": numbers seen are 2, 1000 and 1301. Of others only the range is known (1-199 common, 1000-1099
// photo), so that nobody can rely on more: 3 and 1001 stand for their ranges.

export const codes = { required: 2, common: 3, photoFetch: 1000, photo: 1001, accountCondition: 1301 } as const;

/** A refusal of v4: its details name numbers and fields, and rarely the names of the codes. */
export const v4Refusal = (code: keyof typeof codes, field: string, message: string): SimRefusal =>
  refuse("INVALID_ARGUMENT", "Request contains an invalid argument.", [
    {
      "@type": "type.googleapis.com/google.mybusiness.v4.ValidationError",
      errorDetails: [{ code: codes[code], field, message }],
    },
  ]);

/** Codes that are told by name. */
export const namedRefusal = (reason: string, message: string): SimRefusal =>
  refuse("INVALID_ARGUMENT", message, [errorInfo(reason)]);

export const unfit = (): SimRefusal =>
  v4Refusal("accountCondition", "location", "The operation is not supported under the condition of the account.");
