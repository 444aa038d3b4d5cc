import type { TryOut } from "@postd/connector-kit";

export const tryOuts: Readonly<Record<string, TryOut>> = {
  mailchimp: { options: { subject: "A try of POSTD" }, keys: { api_key: { apiKey: "accessToken" } } },
};
