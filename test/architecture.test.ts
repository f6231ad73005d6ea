import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/** What other stages may import of a stage: its contract, never its implementation. */
const open: Readonly<Record<string, readonly RegExp[]>> = {
  scenario: [/^schema\.ts$/, /^units\.ts$/],
  plan: [/^contract\.ts$/],
  toolchain: [/^index\.ts$/, /^fetch\.ts$/],
  environments: [/^contract\.ts$/],
  meshes: [/^contract\.ts$/],
  load: [],
  faults: [/^contract\.ts$/, /^index\.ts$/, /^target\.ts$/],
  // What was written is read back through read/: the one way from files to numbers.
  evidence: [/^contract\.ts$/, /^read\//],
  analysis: [/^contract\.ts$/, /^facts\.ts$/, /^format\.ts$/, /^checks\/index\.ts$/],
  report: [/^model\.ts$/],
};
const stages = Object.keys(open);

interface Import {
  readonly from: string;
  readonly to: string;
}

function imports(): Import[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !/\btesting\b|fixture/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(src, file), 'utf8');
      return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, to]) => ({
        from: file,
        to: relative(src, resolve(src, dirname(file), to ?? '')),
      }));
    });
}

/** "kit", "scenario", "commands", or the file itself for cli.ts, run.ts and the like. */
const folderOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : file);

function complaint({ from, to }: Import): string | undefined {
  const [source, target] = [folderOf(from), folderOf(to)];
  if (source === target || to.startsWith('..')) return undefined;
  if (source === 'kit') return 'kit/ has no domain words: move what needs them into a stage';
  if (target === 'kit' || target === 'version.ts') return undefined;
  if (target === 'cli.ts') return 'nothing imports cli.ts: move what is shared into kit/ or a stage';
  if (target === 'commands') {
    return source === 'cli.ts' ? undefined : 'only cli.ts imports commands: move what is shared into a stage';
  }
  if (target === 'run.ts') {
    return source === 'commands' ? undefined : 'only commands import run.ts';
  }
  if (!stages.includes(source)) return undefined;
  const inside = to.slice(target.length + 1);
  if (open[target]?.some((pattern) => pattern.test(inside))) return undefined;
  return `${source}/ may import of ${target}/ only its contract (${open[target]?.map((p) => p.source).join(', ')}): put the type there, or pass the value in from commands/`;
}

test('imports point one way: cli → commands → run → stages → kit', () => {
  const wrong = imports().flatMap((one) => {
    const why = complaint(one);
    return why === undefined ? [] : [`src/${one.from} imports src/${one.to}\n  ${why}`];
  });
  expect(wrong.join('\n')).toBe('');
});

test('only cli.ts and the supervisor end the process', () => {
  const ending = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /process\.exit\(/.test(readFileSync(join(src, file), 'utf8')));
  expect(ending.sort()).toEqual(
    ['cli.ts', 'generate.ts', 'kit/supervisor/main.ts'].filter((file) => ending.includes(file)),
  );
});
