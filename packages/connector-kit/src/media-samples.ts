/** Small valid files made on the spot, so that no binaries lie in the repository and every size can be had. */
export { sampleGif } from "./media-samples/gif.ts";
export { sampleHeic } from "./media-samples/heic.ts";
export { type JpegSample, sampleJpeg } from "./media-samples/jpeg.ts";
export { mp4Box, mp4Head, sampleMp4, type VideoSample } from "./media-samples/mp4.ts";
export { type PictureSize, type PngSample, samplePng } from "./media-samples/png.ts";
export { ebml, sampleWebm } from "./media-samples/webm.ts";
