import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { samplePng } from "../media-samples/png.ts";
import { simUploads } from "./upload.ts";

describe("an upload", () => {
  function setUp() {
    let now = 0;
    const uploads = simUploads<{ readonly owner: string }>({ now: () => new Date(now) });
    const upload = uploads.open({ details: { owner: "ida" } });
    const pass = (ms: number) => {
      now += ms;
    };
    return { uploads, upload, pass };
  }

  it("is awaited until its bytes are there, then worked on, then ready", () => {
    const { uploads, upload, pass } = setUp();
    assert.equal(uploads.progress(upload), "awaited");
    uploads.takePart(upload.id, 0, Uint8Array.of(1));
    assert.equal(uploads.progress(upload), "awaited", "a part is not the whole");
    uploads.finish(upload.id, undefined, 300);
    assert.equal(uploads.progress(upload), "working");
    pass(300);
    assert.equal(uploads.progress(upload), "ready");
  });

  it("shows the bytes of a picture by their hash, and nothing under another", () => {
    const { uploads, upload } = setUp();
    const bytes = Uint8Array.from(samplePng({ width: 2, height: 2 }));
    const taken = uploads.takeWhole(upload.id, bytes);
    assert.ok(taken.ok);
    assert.deepEqual(uploads.bytesOf(taken.value.sha256), { bytes, contentType: "image/png" });
    assert.equal(uploads.bytesOf("0".repeat(64)), undefined);
  });
});
