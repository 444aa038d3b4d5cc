import type { TryOut } from "@postd/connector-kit";

export const tryOuts: Readonly<Record<string, TryOut>> = {
  linkedin: {
    without: { linkedin_member: { numbers: "its numbers are for apps with the Community Management product" } },
  },
};
