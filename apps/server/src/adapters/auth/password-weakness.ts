import type { PasswordWeakness } from "@postd/core";

export const passwordMinCharacters = 10;
export const passwordMaxCharacters = 128;
/** Below this score a password falls to a list of known ones, their usual changes, keyboard rows or repeats. */
const enoughScore = 2;
/** Looking takes longer the longer the text is, and what matters shows in its beginning. */
const lookedAtCharacters = 64;

let loaded: Promise<(password: string, hints: readonly string[]) => number> | undefined;

/** Length, and the estimate of zxcvbn-ts with its list of common passwords. The lists are loaded at the first use. */
export const passwordWeakness: PasswordWeakness = async (password, hints) => {
  if (password.length < passwordMinCharacters) return `is too short; it takes ${passwordMinCharacters} characters.`;
  if (password.length > passwordMaxCharacters) return `is too long; at most ${passwordMaxCharacters} characters.`;
  loaded ??= load();
  const score = (await loaded)(password.slice(0, lookedAtCharacters), hints);
  return score < enoughScore ? "is one of those that are guessed first." : undefined;
};

async function load() {
  const [{ ZxcvbnFactory }, common] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  const zxcvbn = new ZxcvbnFactory({ dictionary: common.dictionary, graphs: common.adjacencyGraphs });
  return (password: string, hints: readonly string[]) =>
    zxcvbn.check(
      password,
      ["postd", ...hints].map((hint) => hint.slice(0, 100)),
    ).score;
}
