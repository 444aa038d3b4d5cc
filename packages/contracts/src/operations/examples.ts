/** Values shared by the examples; ids are made up. */
export const at = "2026-03-02T09:00:00.000Z";
export const later = "2026-03-02T17:30:00.000Z";
export const ids = {
  tenant: "ten_0195a1b2c3d47e8f90a1b2c3d4e5f607",
  user: "usr_0195a1b2c3d47e8f90a1b2c3d4e5f601",
  app: "app_0195a1b2c3d47e8f90a1b2c3d4e5f611",
  connection: "con_0195a1b2c3d47e8f90a1b2c3d4e5f602",
  grant: "gra_0195a1b2c3d47e8f90a1b2c3d4e5f603",
  post: "post_0195a1b2c3d47e8f90a1b2c3d4e5f604",
  job: "job_0195a1b2c3d47e8f90a1b2c3d4e5f605",
  media: "med_0195a1b2c3d47e8f90a1b2c3d4e5f606",
  mention: "men_0195a1b2c3d47e8f90a1b2c3d4e5f60b",
  accountPost: "acp_0195a1b2c3d47e8f90a1b2c3d4e5f60c",
  inboundRequest: "wev_0195a1b2c3d47e8f90a1b2c3d4e5f60e",
  inboxEntry: "inb_0195a1b2c3d47e8f90a1b2c3d4e5f60d",
  notification: "not_0195a1b2c3d47e8f90a1b2c3d4e5f60e",
  noticeChannel: "nch_0195a1b2c3d47e8f90a1b2c3d4e5f60f",
  erasure: "ers_0195a1b2c3d47e8f90a1b2c3d4e5f612",
  event: "evt_0195a1b2c3d47e8f90a1b2c3d4e5f613",
  key: "key_0195a1b2c3d47e8f90a1b2c3d4e5f608",
  member: "mbr_0195a1b2c3d47e8f90a1b2c3d4e5f609",
  invitation: "inv_0195a1b2c3d47e8f90a1b2c3d4e5f60a",
} as const;

export const mention = {
  id: ids.mention,
  name: "Nordlys Coffee",
  handles: { bluesky: "nordlys.example" },
  createdAt: at,
  updatedAt: at,
} as const;

export const connection = {
  id: ids.connection,
  platform: "bluesky",
  authKind: "app_password",
  accountKind: "profile",
  externalId: "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
  name: "Nordlys Coffee",
  handle: "nordlys.example",
  status: "healthy",
  scopes: [],
  missingScopes: [],
  renewsItself: true,
  checkedAt: at,
  checkLatencyMs: 112,
  paused: false,
  disabled: false,
  simulated: true,
  createdAt: at,
  warnings: [],
} as const;

export const job = {
  id: ids.job,
  postId: ids.post,
  connectionId: ids.connection,
  platform: "bluesky",
  format: "text",
  state: "scheduled",
  scheduledFor: later,
  nextAt: later,
  tries: 0,
  maxTries: 5,
  mayBeLive: false,
  nativeSchedule: false,
  simulated: true,
  createdAt: at,
  updatedAt: at,
} as const;

export const post = {
  id: ids.post,
  status: "approved",
  version: 1,
  content: { text: "New beans are in.", mediaIds: [], options: {} },
  versions: {},
  targets: [{ connectionId: ids.connection }],
  scheduledFor: later,
  metadata: { campaign: "spring" },
  createdAt: at,
  updatedAt: at,
  jobs: [job],
  simulated: true,
} as const;

export const media = {
  id: ids.media,
  kind: "image",
  mimeType: "image/jpeg",
  sizeBytes: 482_113,
  sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  width: 1600,
  height: 1200,
  altText: "Two cups on a wooden table",
  fileName: "beans.jpg",
  createdAt: at,
} as const;
