/** Groups of digits as telephone numbers are written; what they mean is looked at afterwards. */
const CANDIDATE = /(?<![\w/@#=.,:-])\+?\(?\d(?:[\d ().\u00a0/-]{4,24})\d(?![\w@%])/g;
const DATES = /(?<![\w./-])(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})?)(?![-./]?\d)/g;
const TIMES = /(?<![\w.])\d{1,2}[:.h]\d{2}\b(?![.\d])/g;
const YEARS = /\b(?:19|20)\d{2}\s?[-/]\s?(?:19|20)\d{2}\b/g;
const MONEY_BEFORE = /(?:[$€£¥]|\b(?:kr|eur|usd|gbp|chf|dkk|sek|nok)\.?)\s?$/i;
const MONEY_AFTER = /^\s?(?:[$€£¥]|(?:kr|eur|usd|gbp|chf|dkk|sek|nok)\b)/i;

/**
 * The first text that reads like a telephone number. Google rejects posts with one and says no reason. Dates, times,
 * years, prices, and numbers inside words and addresses are none; a bare row of digits is one from 8 to 11 of them, or
 * where it begins like one.
 */
export function phoneNumberIn(text: string): string | undefined {
  const plain = [DATES, TIMES, YEARS].reduce((rest, form) => rest.replace(form, (hit) => "x".repeat(hit.length)), text);
  for (const { 0: found, index } of plain.matchAll(CANDIDATE)) {
    const digits = found.replace(/\D/g, "").length;
    const isMarked = /^(?:\+|\(?0)/.test(found);
    const isGrouped = /\d[^\d]+\d/.test(found);
    if (digits < 7 || digits > 15 || (!isMarked && !isGrouped && (digits < 8 || digits > 11))) continue;
    const isPrice = MONEY_BEFORE.test(plain.slice(Math.max(0, index - 6), index));
    if (isPrice || MONEY_AFTER.test(plain.slice(index + found.length, index + found.length + 6))) continue;
    return found.trim();
  }
  return undefined;
}
