import { z } from 'zod';
import { formatMs } from '../kit/format.ts';
import { hideQuery } from '../kit/hidden.ts';
import { quote, suggest } from '../kit/nearest.ts';
import type { Path } from '../kit/path.ts';
import type { Mistake } from '../kit/problems.ts';
import { duration } from '../kit/units.ts';
import { mistakeInPort } from '../model/ports.ts';
import { instanceTarget } from '../model/target.ts';
import { mistakeInTarget } from '../model/target-mistake.ts';
import type { Instance, InstanceSelector } from '../model/topology.ts';
import { OUTSIDE, type PlannedProbe, refusersOrNobody } from './planned.ts';

/** Cells of all probes of a scenario together. */
const mostCells = 2_000;
/** Requests a second of all probes together: they are beside the load, not one. */
const mostPerSecond = 200;

/** How long an answer may take: the run waits for the last one. */
const longestAnswerMs = 60_000;
/** Of one probe: each needs a virtual user of its own. */
const mostUnderWay = 100;

/** The request of a probe as the schema of a load has it; passed in, so that both say the same. */
interface RequestFields<
  Port extends z.ZodType,
  Method extends z.ZodType,
  PathField extends z.ZodType,
  Headers extends z.ZodType,
> {
  readonly port: Port;
  readonly method: Method;
  readonly path: PathField;
  readonly headers: Headers;
}

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected the name of a header')
  .transform((name) => name.toLowerCase());

const expectation = {
  status: z.int().min(100).max(599).optional().describe('The status of the answer.'),
  answeredBy: instanceTarget.optional().describe('Who must answer: a service, a workload, a zone.'),
  refusedBy: z
    .enum(refusersOrNobody)
    .optional()
    .describe(
      "client or server: that side's sidecar; app: the app itself answered 400 or more; nobody: it was not refused.",
    ),
  identity: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The caller as the server's sidecar saw it: the name that its identity ends with, a service account or a service, a whole spiffe://… identity, or none.",
    ),
  headers: z
    .record(headerName, z.union([z.boolean(), z.string()]))
    .optional()
    .describe(
      'Headers of the answer: the value that each must have, true where any will do, false where there must be none. Of a failure they are looked at only where its status is expected.',
    ),
};

const oneOrMore = <Field extends z.ZodType>(field: Field) => z.array(field).min(1).max(100);

/** The fields of a probe, with those of its request in the words of a load. */
export function probeSchema<
  Port extends z.ZodType,
  Method extends z.ZodType,
  PathField extends z.ZodType,
  Headers extends z.ZodType,
>(name: z.ZodType<string>, { port, method, path, headers }: RequestFields<Port, Method, PathField, Headers>) {
  return z.strictObject({
    name: name.describe('How checks and reports call it.'),
    from: z
      .string()
      .optional()
      .describe(
        'A service that sends loads or probes and runs no app, through its sidecar; or outside: no sidecar, plaintext.',
      ),
    to: z.string().describe('The service it calls.'),
    port,
    method: method.optional().describe('GET unless given.'),
    path: path.optional().describe('Path and query; / unless given.'),
    headers: headers
      .optional()
      .describe('Sent with the request; k6 sends each name once, and as it writes names: X-Tenant.'),
    body: z.string().optional().describe('Sent as it is.'),
    matrix: z
      .strictObject({
        from: oneOrMore(z.string()).optional().describe('Each takes the place of from.'),
        method: oneOrMore(method).optional().describe('Each takes the place of method.'),
        path: oneOrMore(path).optional().describe('Each takes the place of path.'),
        headers: oneOrMore(headers).optional().describe('Each takes the place of headers.'),
      })
      .optional()
      .describe('Many probes out of one: every combination of what is listed.'),
    every: duration()
      .optional()
      .describe(
        'Sent again and again, this far apart, the first time when the loads begin; 1s unless at is given. More than 20 of one caller are spread over that time.',
      ),
    at: duration()
      .optional()
      .describe(
        'Sent once, at this moment of the load; more than 20 of one caller one after the other, 20 every 100ms.',
      ),
    timeout: duration().prefault('2s').describe('When it is given up.'),
    expect: z
      .union([
        z.strictObject(expectation),
        z
          .array(
            z.strictObject({
              when: z
                .strictObject({
                  from: oneOrMore(z.string()).optional().describe('One of these callers.'),
                  method: oneOrMore(z.string()).optional().describe('One of these methods.'),
                  path: oneOrMore(z.string()).optional().describe('One of these paths.'),
                  headers: z
                    .record(z.string(), z.string())
                    .optional()
                    .describe('These headers, with these values.'),
                })
                .optional()
                .describe('Of which requests; of all others unless given.'),
              ...expectation,
            }),
          )
          .min(1),
      ])
      .describe(
        'What must come of it; or a list, of which the first whose `when` fits a request counts for it.',
      ),
  });
}

type Text = string;

/** A probe as it is written, parsed. */
export interface WrittenProbe {
  readonly name: string;
  readonly from?: string | undefined;
  readonly to: string;
  readonly port?: number | undefined;
  readonly method?: Text | undefined;
  readonly path?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly matrix?:
    | {
        readonly from?: readonly string[] | undefined;
        readonly method?: readonly string[] | undefined;
        readonly path?: readonly string[] | undefined;
        readonly headers?: readonly Readonly<Record<string, string>>[] | undefined;
      }
    | undefined;
  readonly every?: number | undefined;
  readonly at?: number | undefined;
  readonly timeout: number;
  readonly expect: WrittenExpectation | readonly ConditionalExpectation[];
}

interface WrittenExpectation {
  readonly status?: number | undefined;
  readonly answeredBy?: InstanceSelector | undefined;
  readonly refusedBy?: (typeof refusersOrNobody)[number] | undefined;
  readonly identity?: string | undefined;
  readonly headers?: Readonly<Record<string, string | boolean>> | undefined;
}

interface ConditionalExpectation extends WrittenExpectation {
  readonly when?:
    | {
        readonly from?: readonly string[] | undefined;
        readonly method?: readonly string[] | undefined;
        readonly path?: readonly string[] | undefined;
        readonly headers?: Readonly<Record<string, string>> | undefined;
      }
    | undefined;
}

/** One combination of a matrix, before it is known what must come of it. */
interface Cell {
  readonly from: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where in the probe that was written a cell's path and headers stand. */
interface CellOrigins {
  readonly path: Path;
  readonly headers: Path;
}

/** What probes are held against. */
export interface ProbeContext {
  /** Services that loads or probes come from. */
  readonly clients: readonly string[];
  /** Service → its ports, the usual one first, of those that can be called. */
  readonly servers: ReadonlyMap<string, readonly number[]>;
  readonly replicas: readonly Instance[];
  readonly durationMs: number;
  /** No check looks at what comes before. */
  readonly warmupMs: number;
}

/** Every probe, one for each cell, in the order they are written; only of probes in which there is no mistake. */
export function plannedProbes(
  probes: readonly WrittenProbe[],
  { servers }: ProbeContext,
  isGiven: (path: Path) => boolean,
): PlannedProbe[] {
  let number = 0;
  return probes.flatMap((probe, index) =>
    cellsOf(probe).map(({ origins, ...cell }): PlannedProbe => {
      const { when: _, ...expect } = expectationOf(probe, cell)?.expect ?? {};
      const names = Object.keys(cell.headers);
      return {
        number: number++,
        name: probe.name,
        ...cell,
        to: probe.to,
        port: probe.port ?? servers.get(probe.to)?.[0] ?? 0,
        ...(probe.port === undefined || probe.port === servers.get(probe.to)?.[0]
          ? {}
          : { isExtraPort: true }),
        body: probe.body,
        timeoutMs: probe.timeout,
        schedule: probe.at === undefined ? { everyMs: probe.every ?? 1_000 } : { atMs: probe.at },
        expect,
        given: {
          headers: names.filter((name) => isGiven([index, ...origins.headers, name])),
          query: isGiven([index, ...origins.path]),
        },
      };
    }),
  );
}

/** Whom a probe comes from. */
export const callersOf = ({ from, matrix }: Pick<WrittenProbe, 'from' | 'matrix'>): readonly string[] =>
  matrix?.from ?? (from === undefined ? [] : [from]);

function cellsOf(probe: WrittenProbe): (Cell & { readonly origins: CellOrigins })[] {
  const { from = '', method = 'GET', path = '/', headers = {}, matrix = {} } = probe;
  return (matrix.from ?? [from]).flatMap((ofFrom) =>
    (matrix.method ?? [method]).flatMap((ofMethod) =>
      (matrix.path ?? [path]).flatMap((ofPath, pathIndex) =>
        (matrix.headers ?? [headers]).map((ofHeaders, headersIndex) => ({
          from: ofFrom,
          method: ofMethod,
          path: ofPath,
          headers: ofHeaders,
          origins: {
            path: matrix.path ? ['matrix', 'path', pathIndex] : ['path'],
            headers: matrix.headers ? ['matrix', 'headers', headersIndex] : ['headers'],
          },
        })),
      ),
    ),
  );
}

/** How many requests a probe stands for. */
const countOf = ({ matrix = {} }: Pick<WrittenProbe, 'matrix'>) =>
  [matrix.from, matrix.method, matrix.path, matrix.headers].reduce(
    (product, list) => product * (list?.length ?? 1),
    1,
  );

function expectationOf(
  { expect }: WrittenProbe,
  cell: Cell,
): { readonly index: number; readonly expect: ConditionalExpectation } | undefined {
  if (!isList(expect)) return { index: 0, expect };
  const index = expect.findIndex(({ when }) => fits(cell, when));
  const found = expect[index];
  return found && { index, expect: found };
}

const isList = (
  expect: WrittenProbe['expect'],
): expect is Exclude<WrittenProbe['expect'], WrittenExpectation> => Array.isArray(expect);

function fits(cell: Cell, when: ConditionalExpectation['when']): boolean {
  if (when === undefined) return true;
  const headers = Object.fromEntries(
    Object.entries(cell.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return (
    (when.from?.includes(cell.from) ?? true) &&
    (when.method?.includes(cell.method) ?? true) &&
    (when.path?.includes(cell.path) ?? true) &&
    Object.entries(when.headers ?? {}).every(([name, value]) => headers[name.toLowerCase()] === value)
  );
}

/** Everything that is wrong with the probes of a scenario; paths begin at the list of them. */
export function mistakesInProbes(probes: readonly WrittenProbe[], context: ProbeContext): Mistake[] {
  const counts = probes.map(countOf);
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all > mostCells) {
    // Nobody looks at that many one by one.
    const message = `these are ${all} requests; at most ${mostCells} probes fit beside a load`;
    return [wrong([], message, 'list fewer combinations')];
  }
  const names = new Set<string>();
  const found = probes.flatMap((probe, index) => {
    const twice = names.has(probe.name);
    names.add(probe.name);
    return [
      ...(twice
        ? [wrong(['name'], `there is already a probe ${quote(probe.name)}`, 'names are unique')]
        : []),
      ...mistakesInOne(probe, context),
    ].map((mistake) => ({ ...mistake, path: [index, ...mistake.path] }));
  });
  if (found.length > 0) return found;
  const perSecond = probes.reduce(
    (sum, { every, at }, index) =>
      at === undefined ? sum + ((counts[index] ?? 0) * 1_000) / (every ?? 1_000) : sum,
    0,
  );
  if (perSecond > mostPerSecond) {
    const message = `these are ${Math.ceil(perSecond)} requests a second; probes are beside the load, and at most ${mostPerSecond}`;
    return [wrong([], message, 'send them less often: a longer every')];
  }
  return [];
}

function mistakesInOne(probe: WrittenProbe, context: ProbeContext): Mistake[] {
  const { clients, servers, replicas, durationMs, warmupMs } = context;
  const found: Mistake[] = [];
  const add = (path: Path, message: string, hint?: string) => found.push(wrong(path, message, hint));
  const callers = [...clients, OUTSIDE];
  const from = probe.matrix?.from ?? [probe.from];
  for (const [at, name] of from.entries()) {
    const path = probe.matrix?.from ? ['matrix', 'from', at] : ['from'];
    if (name === undefined)
      add(path, 'missing; this field is needed', 'a service that only sends, or outside');
    else if (name !== OUTSIDE && servers.has(name)) {
      add(path, `${quote(name)} is called and runs an app`, 'a service sends or answers');
    } else if (!callers.includes(name)) {
      add(path, `there is no service ${quote(name)} to send it from`, suggest(name, callers));
    }
  }
  if (probe.matrix?.from && probe.from !== undefined)
    add(['from'], 'from does nothing beside matrix.from; leave it out');
  for (const field of ['method', 'path', 'headers'] as const) {
    if (probe.matrix?.[field] && probe[field] !== undefined)
      add([field], `${field} does nothing beside matrix.${field}; leave it out`);
  }
  if (clients.includes(probe.to))
    add(['to'], `${quote(probe.to)} sends loads or probes and runs no app`, 'a service sends or answers');
  else if (!servers.has(probe.to)) {
    const names = [...servers.keys()];
    add(['to'], `there is no service ${quote(probe.to)} in the topology`, suggest(probe.to, names));
  }
  const noPort = mistakeInPort(probe, servers.get(probe.to));
  if (noPort) found.push({ ...noPort, path: ['port'] });
  if (probe.every !== undefined && probe.at !== undefined)
    add(['at'], 'every and at exclude each other', 'give one of them');
  const every = probe.at === undefined ? (probe.every ?? 1_000) : undefined;
  // Each is then sent at least once while checks look.
  const longestMs = durationMs - warmupMs;
  if (every !== undefined && (every < 50 || every > longestMs))
    add(['every'], `expected from 50ms to ${formatMs(longestMs)}, which is the load without its warmup`);
  if (probe.at !== undefined && probe.at >= durationMs) add(['at'], 'the load is over by then');
  else if (probe.at !== undefined && probe.at < warmupMs)
    add(['at'], `the warmup of ${formatMs(warmupMs)} is not over by then, and no check looks at it`);
  if (probe.timeout < 1) add(['timeout'], 'expected a duration above 0');
  if (probe.timeout > longestAnswerMs) add(['timeout'], `expected at most ${formatMs(longestAnswerMs)}`);
  else if (every !== undefined && every >= 50 && probe.timeout / every > mostUnderWay) {
    const message = `up to ${Math.ceil(probe.timeout / every)} of each would be under way at once`;
    add(['timeout'], message, `at most ${mostUnderWay} times as long as every`);
  }
  found.push(...mistakesInExpectations(probe, replicas));
  return found;
}

function mistakesInExpectations(probe: WrittenProbe, replicas: ProbeContext['replicas']): Mistake[] {
  const found: Mistake[] = [];
  const list: readonly ConditionalExpectation[] = isList(probe.expect) ? probe.expect : [probe.expect];
  const pathOf = (index: number): Path => (isList(probe.expect) ? ['expect', index] : ['expect']);
  for (const [index, { when: _, ...expect }] of list.entries()) {
    if (Object.values(expect).every((value) => value === undefined)) {
      const message = 'an expectation that allows everything proves nothing';
      found.push(wrong(pathOf(index), message, 'give status, answeredBy, refusedBy or identity'));
    }
    const { answeredBy, refusedBy } = expect;
    const nobody = answeredBy && mistakeInTarget(answeredBy, replicas);
    if (nobody) found.push({ ...nobody, path: [...pathOf(index), 'answeredBy', ...nobody.path] });
    if (answeredBy && refusedBy !== undefined && refusedBy !== 'nobody' && refusedBy !== 'app') {
      const message = 'what a sidecar refuses nobody answers';
      found.push(wrong([...pathOf(index), 'answeredBy'], message, 'leave one of the two out'));
    }
  }
  const cells = cellsOf(probe);
  const misspelt = list.flatMap(({ when }, index) =>
    mistakesInWhen(when, cells).map((each) => ({ ...each, path: [...pathOf(index), 'when', ...each.path] })),
  );
  // What is left over, or left without an expectation, is for that.
  if (misspelt.length > 0) return [...found, ...misspelt];
  const used = new Set<number>();
  for (const cell of cells) {
    const taken = expectationOf(probe, cell);
    if (taken) used.add(taken.index);
    else {
      const message = `nothing is expected of ${cell.method} ${hideQuery(cell.path)} from ${cell.from}`;
      found.push(wrong(['expect'], message, 'end the list with an expectation without when'));
      return found;
    }
  }
  for (const index of list.keys()) {
    if (!used.has(index))
      found.push(
        wrong(pathOf(index), 'no request is left for this expectation', 'the first that fits counts'),
      );
  }
  return found;
}

/** Names and paths in the condition of an expectation that no request has; its paths are within the condition. */
function mistakesInWhen(when: ConditionalExpectation['when'], cells: readonly Cell[]): Mistake[] {
  return (['from', 'method', 'path'] as const).flatMap((field) => {
    const sent = [...new Set(cells.map((cell) => cell[field]))];
    return (when?.[field] ?? []).flatMap((value, index) => {
      if (sent.includes(value)) return [];
      const shown = hideQuery(value);
      const message = `no request of the probe has the ${field} ${quote(shown)}`;
      return [wrong([field, index], message, suggest(shown, sent.map(hideQuery)))];
    });
  });
}

const wrong = (path: Path, message: string, hint?: string): Mistake => ({ path, at: 'value', message, hint });
