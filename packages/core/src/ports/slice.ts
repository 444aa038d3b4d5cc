/**
 * Part of a list as a store answers it: at most so many rows, and fewer where they are large. `more`: further rows
 * follow the last one.
 */
export interface Slice<T> {
  readonly rows: readonly T[];
  readonly more: boolean;
}
