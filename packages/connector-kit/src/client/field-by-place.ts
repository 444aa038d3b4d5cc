/**
 * The field of a post that a platform blames, by its place in the platform's own body: `/content/article/title`,
 * `snippet.title`. `#` stands for a number, in a place and in the field's name. The longest place that a path is, or lies in,
 * counts; what no place covers is not known.
 */
export function fieldByPlace(places: Readonly<Record<string, string>>): (path: string) => string | undefined {
  const known = Object.entries(places).map(([place, field]) => ({ parts: partsOf(place), field }));
  known.sort((a, b) => b.parts.length - a.parts.length);
  return (path) => {
    const parts = partsOf(path);
    const found = known.find((one) => one.parts.every((part, at) => part === parts[at] || isNumber(part, parts[at])));
    const numbers = found?.parts.flatMap((part, at) => (part === "#" ? [parts[at]] : [])) ?? [];
    return found?.field.replace(/#/g, () => numbers.shift() ?? "#");
  };
}

const partsOf = (path: string): readonly string[] => path.split(/[/.[\]]+/).filter((part) => part !== "");
const isNumber = (part: string, given: string | undefined): boolean => part === "#" && /^\d{1,4}$/.test(given ?? "");
