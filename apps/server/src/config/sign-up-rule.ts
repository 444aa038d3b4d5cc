import type { SignUpRule } from "@postd/core";

/**
 * Who may sign up where the operator did not say. While every platform is simulated an account can reach nothing real;
 * with one real platform a stranger's account could, so it takes an invitation.
 */
export function signUpRule(
  named: SignUpRule | undefined,
  platforms: readonly string[],
  isSimulated: (platform: string) => boolean,
): SignUpRule {
  return named ?? (platforms.every(isSimulated) ? "open" : "invite");
}
