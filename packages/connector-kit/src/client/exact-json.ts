type ExactParse = (
  text: string,
  reviver: (key: string, value: unknown, context?: { readonly source?: string }) => unknown,
) => unknown;

/** JSON with whole numbers beyond 2^53 as the digits they were written in: some ids are such numbers. Undefined: no JSON. */
export function exactJson(text: string): unknown {
  try {
    return (JSON.parse as ExactParse)(text, (_key, value, context) => {
      const isLong = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
      // Written as a number is written, 1e300 for instance, it names nothing.
      return isLong && /^-?\d+$/.test(context?.source ?? "") ? context?.source : value;
    });
  } catch {
    return undefined; // No JSON says nothing; whoever asks for something finds it missing.
  }
}
