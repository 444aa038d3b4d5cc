/** "12:05 UTC", for what is today as a rule. */
export const clockWords = (at: Date): string => `${at.toISOString().slice(11, 16)} UTC`;
