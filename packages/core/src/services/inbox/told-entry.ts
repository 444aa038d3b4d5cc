import type { InboxEntry } from "@postd/connector-kit";
import { isKept, toldAddress, toldLine, toldPicture, toldText } from "../connections/told.ts";

const textChars = 10_000;
const nameChars = 200;
const reasonChars = 500;
const earliestMs = Date.UTC(1970, 0, 1);

/**
 * What a connector listed, the one door for what strangers write: words without control characters and marks that turn
 * text, pictures by https or not at all. One without an id or a time that can be kept is left out.
 */
export function toldEntries(entries: readonly InboxEntry[], now: Date): readonly InboxEntry[] {
  return entries
    .filter(({ externalId, createdAt }) => isKept(externalId) && createdAt.getTime() >= earliestMs)
    .map(({ postId, parentId, author, permalink, answer, rating, editedAt, ...entry }) => {
      const address = toldAddress(permalink, ["https:", "http:"]);
      const who = author && toldAuthor(author);
      return {
        ...entry,
        text: toldText(entry.text, textChars),
        createdAt: notAfter(entry.createdAt, now),
        ...(postId !== undefined && isKept(postId) && { postId }),
        ...(parentId !== undefined && isKept(parentId) && { parentId }),
        ...(who && Object.keys(who).length > 0 && { author: who }),
        ...(address !== undefined && { permalink: address }),
        ...(rating !== undefined && rating >= 1 && rating <= 5 && { rating }),
        ...(editedAt && editedAt.getTime() >= earliestMs && { editedAt: notAfter(editedAt, now) }),
        ...(answer && { answer: toldAnswer(answer) }),
      };
    });
}

const notAfter = (time: Date, now: Date): Date => (time > now ? now : time);

function toldAuthor({ externalId, name, handle, pictureUrl }: NonNullable<InboxEntry["author"]>) {
  const [called, as, picture] = [
    toldLine(name ?? "", nameChars),
    toldLine(handle ?? "", nameChars),
    toldPicture(pictureUrl),
  ];
  return {
    ...(externalId !== undefined && isKept(externalId) && { externalId }),
    ...(called !== "" && { name: called }),
    ...(as !== "" && { handle: as }),
    ...(picture !== undefined && { pictureUrl: picture }),
  };
}

const toldAnswer = ({ text, reason, at, ...answer }: NonNullable<InboxEntry["answer"]>) => ({
  ...answer,
  text: toldText(text, textChars),
  ...(at && at.getTime() >= earliestMs && { at }),
  ...(reason !== undefined && { reason: toldLine(reason, reasonChars) }),
});
