import { apiClient } from "@postd/connector-kit";
import { z } from "zod";
import { failures } from "./failures.ts";

/** One product, several APIs. @source platforms/google-business-profile.md "Versioning & base URLs" */
export const ACCOUNTS = "https://mybusinessaccountmanagement.googleapis.com/v1";
export const LOCATIONS = "https://mybusinessbusinessinformation.googleapis.com/v1";
export const PERFORMANCE = "https://businessprofileperformance.googleapis.com/v1";
export const NOTIFICATIONS = "https://mybusinessnotifications.googleapis.com/v1";
export const VERIFICATIONS = "https://mybusinessverifications.googleapis.com/v1";
export const UPLOADS = "https://mybusiness.googleapis.com/upload/v1/media";

/** Posts, reviews and photos stand at the old API alone. */
export const api = apiClient({ base: "https://mybusiness.googleapis.com/v4", failures });

export const MANAGE = "https://www.googleapis.com/auth/business.manage";
/** What a failure is told with. */
export const ofLocation = { about: "account", needs: [MANAGE] } as const;
export const ofThing = { about: "object", needs: [MANAGE] } as const;

export const Instant = z
  .string()
  .transform((text) => new Date(text))
  .refine((at) => !Number.isNaN(at.getTime()))
  .optional()
  .catch(undefined);

/** A link people may follow; one of another kind is none. */
export const Link = z
  .url({ protocol: /^https?$/ })
  .optional()
  .catch(undefined);
