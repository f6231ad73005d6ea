import { isMap } from '../../kit/path.ts';

type Written = Readonly<Record<string, unknown>>;

/** An entry as its author would write it in HCL 1, with a line for each field; fields without a value are left out. */
export const hclText = (entry: Written): string => `${linesOf(entry).join('\n')}\n`;

function linesOf(map: Written): readonly string[] {
  const fields = Object.entries(map).filter(([, value]) => value !== undefined);
  return fields.flatMap(([name, value]) =>
    isMap(value) ? [`${name} {`, ...indented(linesOf(value)), '}'] : assigned(`${name} = `, value),
  );
}

/** A value behind what stands before it on its first line. */
function assigned(before: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.some(isMap)) return [`${before}${JSON.stringify(value)}`];
  const items = value.flatMap((item, index) => {
    const comma = index < value.length - 1 ? ',' : '';
    return isMap(item) ? ['{', ...indented(linesOf(item)), `}${comma}`] : [`${JSON.stringify(item)}${comma}`];
  });
  return [`${before}[`, ...indented(items), ']'];
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);
