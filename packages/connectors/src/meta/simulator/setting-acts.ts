import { z } from "zod";
import { type Act, type Acts, act } from "./act.ts";

const Switch = z.strictObject({ on: z.boolean().default(true) });
const Url = z.strictObject({ url: z.url().nullable() });

type Flag =
  | "duplicateCheck"
  | "requireAppsecretProof"
  | "wrapInstagramExchange"
  | "permissionsAsList"
  | "reelAnswersPostId"
  | "refuseCreatorStories"
  | "ignoreOrientation";

const flag = (name: Flag): Act =>
  act(Switch, (world, { on }) => {
    world.data.settings[name] = on;
    return { [name]: on };
  });

const address = (name: "webhookUrl" | "deauthorizeUrl" | "dataDeletionUrl"): Act =>
  act(Url, (world, { url }) => {
    world.data.settings[name] = url ?? undefined;
    return { [name]: url };
  });

/** Switches and numbers, in force until reset. */
export const settingActs: Acts = {
  duplicateCheck: flag("duplicateCheck"),
  requireAppsecretProof: flag("requireAppsecretProof"),
  wrapInstagramExchange: flag("wrapInstagramExchange"),
  permissionsAsList: flag("permissionsAsList"),
  reelAnswersPostId: flag("reelAnswersPostId"),
  refuseCreatorStories: flag("refuseCreatorStories"),
  ignoreOrientation: flag("ignoreOrientation"),
  setWebhook: address("webhookUrl"),
  setDeauthorize: address("deauthorizeUrl"),
  setDataDeletion: address("dataDeletionUrl"),

  refuseTwoStep: act(
    z.strictObject({ on: z.boolean().default(true), code: z.int().default(100), subcode: z.int().optional() }),
    (world, input) => {
      world.data.settings.refuseTwoStep = input.on
        ? { code: input.code, ...(input.subcode === undefined ? {} : { subcode: input.subcode }) }
        : undefined;
      return { refuseTwoStep: input.on };
    },
  ),
  setProcessing: act(
    z.strictObject({ imageMs: z.int().min(0).optional(), videoMs: z.int().min(0).optional() }),
    (world, input) => {
      const { settings } = world.data;
      settings.imageProcessingMs = input.imageMs ?? settings.imageProcessingMs;
      settings.videoProcessingMs = input.videoMs ?? settings.videoProcessingMs;
      return { imageMs: settings.imageProcessingMs, videoMs: settings.videoProcessingMs };
    },
  ),
  setQuota: act(z.strictObject({ total: z.int().min(0) }), (world, { total }) => {
    world.data.settings.igQuotaTotal = total;
    return { total };
  }),
  setUsage: act(z.strictObject({ percent: z.int().min(0).max(100) }), (world, { percent }) => {
    world.data.settings.usagePercent = percent;
    return { percent };
  }),
  setViewers: act(z.strictObject({ id: z.string(), viewers: z.int().min(0) }), (world, { id, viewers }) => {
    world.data.settings.viewers.set(id, viewers);
    return { id, viewers };
  }),
};
