import { type Document, isMap, isScalar, type Node, type Scalar, visit } from 'yaml';
import type { Danger } from '../../kit/yaml-source.ts';

/** A tab before the content of a line, or between it and a dash. */
const suspicious = /^ *(?:[-?] *)*\t/gm;

/**
 * Tabs that kubectl's reader refuses though YAML allows them. It takes them within brackets and quotes, in text over
 * several lines, and in what is left of a line after a plain value.
 */
export function mistakesInTabs(document: Document, text: string): Danger[] {
  if (!text.includes('\t')) return [];
  const found: Danger[] = [];
  const inside: (readonly [from: number, to: number])[] = [];
  const afterPlain: { readonly end: number; readonly indent: number }[] = [];
  visit(document, (_, node, parents) => {
    const [from, to] = (node as Node | null)?.range ?? [];
    if (from === undefined || to === undefined) return undefined;
    if (isScalar(node)) {
      inside.push([from, to]);
      if (beginsWithTab(node, text.slice(from, to))) found.push(refused(from));
      if (node.type === 'PLAIN' && from < to) {
        const around = parents.findLast((parent) => isMap(parent));
        const start = (around as Node | undefined)?.range?.[0] ?? 0;
        afterPlain.push({ end: to, indent: start - (text.lastIndexOf('\n', start - 1) + 1) });
      }
      return undefined;
    }
    if (!('flow' in (node as object)) || (node as { flow?: boolean }).flow !== true) return undefined;
    inside.push([from, to]);
    return visit.SKIP;
  });
  const before = text.slice(0, document.contents?.range?.[0]);
  const separator = `\n${before}`.lastIndexOf('\n---');
  const begin = separator < 0 ? 0 : before.indexOf('\n', separator) + 1;
  const end = document.range?.[2];
  for (const match of text.slice(begin, end).matchAll(suspicious)) {
    const tab = begin + match.index + match[0].length - 1;
    const column = match[0].length - 1;
    if (inside.some(([from, to]) => from <= tab && tab < to)) continue;
    const plain = afterPlain.findLast((each) => each.end <= tab);
    if (plain && column > plain.indent && /^\s*$/.test(text.slice(plain.end, tab))) continue;
    found.push(refused(tab));
  }
  return found;
}

/** Where a block of text begins with a tab, its indentation cannot be told. */
function beginsWithTab({ type }: Scalar, source: string): boolean {
  if (type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') return false;
  return /^[|>][-+]?[^\n\d]*\n(?:[ ]*\r?\n)*[ ]*\t/.test(source);
}

function refused(offset: number): Danger {
  return {
    node: { range: [offset, offset, offset] },
    message: 'Kubernetes reads no tab here',
    hint: 'use spaces',
  };
}
