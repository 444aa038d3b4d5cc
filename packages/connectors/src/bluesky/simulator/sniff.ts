const latin1 = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, to));

/** Media type by the first bytes, for the kinds posts carry; undefined when they say nothing. */
export function sniffMimeType(bytes: Uint8Array): string | undefined {
  if (latin1(bytes, 0, 8) === "\x89PNG\r\n\x1a\n") return "image/png";
  if (latin1(bytes, 0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (/^GIF8[79]a$/.test(latin1(bytes, 0, 6))) return "image/gif";
  if (latin1(bytes, 0, 4) === "RIFF" && latin1(bytes, 8, 12) === "WEBP") return "image/webp";
  if (latin1(bytes, 4, 8) !== "ftyp") return undefined;
  const brand = latin1(bytes, 8, 12);
  if (brand === "avif") return "image/avif";
  return brand === "qt  " ? "video/quicktime" : "video/mp4";
}
