import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'action.yml'), 'utf8');
interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly { readonly id?: string; readonly run?: string }[] };
}
const action: Action = parse(text);

describe('action.yml', () => {
  test('is what the published schema of action metadata takes', () => {
    const schema = readFileSync(join(root, 'test/schemas/github-action.schema.json'), 'utf8');
    const valid = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(
      JSON.parse(schema),
    );
    expect(valid(action), JSON.stringify(valid.errors)).toBe(true);
    expect(valid({ ...action, runs: { using: 'composite', steps: [{ run: 'echo' }] } })).toBe(false);
  });

  test('uses every input that it declares, and no other', () => {
    const used = new Set([...text.matchAll(/\binputs\.([\w-]+)/g)].map(([, name]) => name));
    expect([...used].sort()).toEqual(Object.keys(action.inputs).sort());
  });

  test('uses outputs of steps that it has', () => {
    const ids = action.runs.steps.map(({ id }) => id).filter(Boolean);
    for (const [, id] of text.matchAll(/\bsteps\.([\w-]+)\.outputs/g)) expect(ids).toContain(id);
  });

  test('puts no expression into a script: whoever can name a branch could write it', () => {
    for (const { run = '' } of action.runs.steps) expect(run).not.toContain('${{');
  });

  test('the steps import nothing that would have to be installed', () => {
    const seen = new Set<string>();
    const outside: string[] = [];
    const walk = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      const imports = readFileSync(file, 'utf8').matchAll(
        /^(?:import|export) (?!type)[^;]*?from '([^']+)'/gm,
      );
      for (const [, to = ''] of imports) {
        if (to.startsWith('.')) walk(resolve(file, '..', to));
        else if (!to.startsWith('node:')) outside.push(`${file}: ${to}`);
      }
    };
    walk(join(import.meta.dirname, 'main.ts'));
    expect(outside).toEqual([]);
    const own = readdirSync(import.meta.dirname).filter((file) => /(?<!\.test)\.ts$/.test(file));
    expect([...seen].filter((file) => file.startsWith(import.meta.dirname))).toHaveLength(own.length);
  });
});
