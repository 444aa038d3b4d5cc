import { type Id, type IdKind, idPrefixes } from "@postd/contracts";
import { v7 } from "uuid";

/** Makes ids; passed in so that tests may make their own. */
export type NewId = <K extends IdKind>(kind: K) => Id<K>;

/** A new id that sorts after the ones made before it on this machine. */
export const newId: NewId = <K extends IdKind>(kind: K) => `${idPrefixes[kind]}_${v7().replaceAll("-", "")}` as Id<K>;
