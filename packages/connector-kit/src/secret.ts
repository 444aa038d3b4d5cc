/** A value that must never be printed: logs, JSON and template strings show `[secret]`. */
export interface Secret {
  reveal(): string;
  toString(): string;
  toJSON(): string;
}

/** Wraps a token or password. `reveal()` is called in the one line that sends it. */
export function secret(value: string): Secret {
  const hidden = () => "[secret]";
  return Object.freeze({
    reveal: () => value,
    toString: hidden,
    toJSON: hidden,
    [Symbol.for("nodejs.util.inspect.custom")]: hidden,
  });
}

/** Whether a value is a wrapped secret. */
export const isSecret = (value: unknown): value is Secret =>
  typeof value === "object" && value !== null && "reveal" in value && typeof value.reveal === "function";
