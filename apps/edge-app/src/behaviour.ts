import type { AppBehaviour } from '../../../src/model/fault.ts';
import { InputError } from './input-error.ts';

interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly integer?: true;
}

type FieldsOf<Kind> = Exclude<keyof Extract<AppBehaviour, { kind: Kind }>, 'kind'>;

const rate: NumberRule = { min: 0, max: 1 };
const delayMs: NumberRule = { min: 0, max: 3_600_000 };

const rules = {
  latency: { delayMs, jitterMs: delayMs, rate },
  error: { status: { min: 400, max: 599, integer: true }, rate },
  hang: { rate },
  reset: { rate },
  refuse: {},
} satisfies { readonly [Kind in AppBehaviour['kind']]: Readonly<Record<FieldsOf<Kind>, NumberRule>> };

/** The body of `PUT /faults/ID`; throws InputError with every problem in it. */
export function parseBehaviour(json: string): AppBehaviour {
  const body = parseObject(json);
  const { kind, ...fields } = body;
  if (typeof kind !== 'string' || !Object.hasOwn(rules, kind)) {
    throw new InputError([`kind: expected one of ${Object.keys(rules).join(', ')}, got ${show(kind)}`]);
  }
  const expected: Readonly<Record<string, NumberRule>> = rules[kind as AppBehaviour['kind']];
  const problems = Object.keys(fields)
    .filter((name) => !Object.hasOwn(expected, name))
    .map((name) => `${name}: a ${kind} fault has no such field`);
  for (const [name, rule] of Object.entries(expected)) {
    const value = fields[name];
    const isNumber = typeof value === 'number' && (!rule.integer || Number.isInteger(value));
    if (!isNumber || value < rule.min || value > rule.max) {
      const noun = rule.integer ? 'a whole number' : 'a number';
      problems.push(`${name}: expected ${noun} from ${rule.min} to ${rule.max}, got ${show(value)}`);
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return body as AppBehaviour;
}

function parseObject(json: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(json);
  } catch (error) {
    throw new InputError([`the body is not JSON: ${(error as Error).message}`]);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InputError(['the body must be a JSON object such as {"kind": "hang", "rate": 1}']);
  }
  return body as Record<string, unknown>;
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
