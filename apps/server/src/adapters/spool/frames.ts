/** Length of the length. */
const headBytes = 4;

/** One record as it stands in a file: its length, then its bytes. */
export function frameOf(bytes: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(headBytes + bytes.byteLength);
  framed.writeUInt32BE(bytes.byteLength, 0);
  framed.set(bytes, headBytes);
  return framed;
}

/** The whole records of a file. A write that was cut off leaves a torn one at its end, which nobody was told is kept. */
export function* framesIn(file: Buffer): Generator<Buffer> {
  for (let at = 0; at + headBytes <= file.byteLength; ) {
    const end = at + headBytes + file.readUInt32BE(at);
    if (end > file.byteLength) return;
    yield file.subarray(at + headBytes, end);
    at = end;
  }
}
