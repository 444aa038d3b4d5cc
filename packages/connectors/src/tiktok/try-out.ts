import type { TryOut } from "@postd/connector-kit";

/** An app that TikTok has not audited may post for the author alone. */
export const tryOuts: Readonly<Record<string, TryOut>> = {
  tiktok: {
    options: { privacyLevel: "PUBLIC_TO_EVERYONE", consent: true },
    liveOptions: { privacyLevel: "SELF_ONLY", consent: true },
  },
};
