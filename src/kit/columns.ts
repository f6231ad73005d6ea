import columnsOf from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';

/** The blank between a number and its unit, where no line may break. */
export const unitGap = /(?<=\d) (?=(?:%|ms|s|min|MiB|GiB)(?!\w))/g;

/** Columns that a text takes on a terminal: colours take none, a Chinese character two. */
export function columns(text: string): number {
  return columnsOf(text);
}

/** The lines of a text that is to fit into so many columns: broken inside a word only where that alone is too long. */
export function wrap(text: string, width: number): string[] {
  return wrapAnsi(text.replace(unitGap, '\u00a0'), width, { hard: true })
    .replaceAll('\u00a0', ' ')
    .split('\n');
}

/** The text with blanks behind it, or before it, so that it takes so many columns. */
export function pad(text: string, width: number, side: 'end' | 'start' = 'end'): string {
  const blanks = ' '.repeat(Math.max(0, width - columns(text)));
  return side === 'end' ? text + blanks : blanks + text;
}
