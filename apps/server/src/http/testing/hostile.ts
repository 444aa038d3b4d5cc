/** Values that break careless code: wrong kinds, sizes, encodings, times, names with a meaning in JavaScript. */
export const hostileValues: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  -0,
  0.1,
  1e308,
  Number.MAX_VALUE,
  2 ** 31,
  2 ** 53 + 1,
  -(2 ** 63),
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udc00x",
  "\ufffe\uffff",
  "\u202e\u2066",
  "e\u0301".repeat(500),
  "💥".repeat(2_000),
  "👨‍👩‍👧‍👦".repeat(200),
  "x".repeat(50_000),
  "'; drop table posts; --",
  "../../etc/passwd",
  "%00%ff%{jndi:ldap://x}",
  "http://[::1",
  "https://user:pass@example.com:99999/",
  "9999-99-99T99:99:99Z",
  "9999-12-31T23:59:59-23:59",
  "0000-01-01T00:00:00Z",
  "0001-01-01T00:00:00+23:59",
  "+275760-09-13T00:00:00Z",
  "2026-02-29T24:00:60Z",
  "2030-01-01T00:00:00",
  "infinity",
  "NaN",
  [],
  {},
  [[[[]]]],
  [null],
  Array.from({ length: 1_000 }, () => ({})),
  Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, index])),
  { constructor: { prototype: {} } },
  { toString: 1, valueOf: 2, toJSON: 4 },
  { length: -1, 0: "x" },
];

/** Bodies that only exist as text: what JSON can write and JavaScript cannot. */
export const hostileTexts: readonly string[] = [
  "",
  "undefined",
  "{",
  '{"a":1}garbage',
  "\ufeff{}",
  "[".repeat(100_000),
  `${'{"a":'.repeat(70)}1${"}".repeat(70)}`,
  `${'{"a":'.repeat(20_000)}1`,
  '{"a":1e999}',
  '{"metadata":{"a":-1e999}}',
  '{"content":"a","content":{"b":1}}',
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '{"metadata":{"__proto__":{"x":1}}}',
  '{"metadata":{"\\u0000":1}}',
  '{"metadata":{"a":"\\ud800"}}',
  `{"content":${"9".repeat(5_000)}}`,
  `[${"1,".repeat(40_000)}1]`,
];

/** Content types of a body, right ones and others. */
export const hostileTypes: readonly string[] = [
  "application/json",
  "application/json; charset=utf-16",
  'APPLICATION/JSON;charset="',
  "application/jsonx",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "multipart/form-data; boundary=",
  "multipart/form-data; boundary=b",
  "multipart/mixed; boundary=b",
  "application/octet-stream",
  ",",
  "\u00e4/\u00f6",
  "*/*",
];

/** Every way to put one hostile value somewhere into a good body, however deep, and to leave a part out. */
export function* mutationsOf(body: unknown): Generator<unknown> {
  yield* hostileValues;
  yield* within(body);
  if (typeof body !== "object" || body === null) return;
  yield { ...body, "odd-\u0000": 1 };
  yield { ...body, hasOwnProperty: 1 };
}

function* within(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const other of [...hostileValues, ...within(item)]) yield value.with(index, other);
      yield [...value, item];
    }
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    const { [name]: _gone, ...rest } = value as Record<string, unknown>;
    yield rest;
    for (const other of [...hostileValues, ...within(item)]) yield { ...value, [name]: other };
  }
}
