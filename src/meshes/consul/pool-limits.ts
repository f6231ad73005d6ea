import { stringify } from 'yaml';
import { usageError } from '../../kit/errors.ts';
import { isMap, mapAt, type Path } from '../../kit/path.ts';
import { withField } from '../../kit/yaml-edit.ts';
import { describeResource, type MeshResource } from '../../model/mesh-configuration.ts';
import type { LimitName, PoolLimits } from '../../model/pool-limits.ts';
import type { PoolCalls, PoolSettings } from '../contract.ts';
import { asInResources, readEntries } from './entries/read.ts';
import { isForCallsOf, listAt } from './entries/written.ts';
import { withHclNumber } from './hcl.ts';
import { hclText } from './hcl-text.ts';

/** What each limit is called there; how many requests a connection carries, nothing says. */
const fields = {
  'tcp.maxConnections': 'MaxConnections',
  'http.http1MaxPendingRequests': 'MaxPendingRequests',
  'http.http2MaxRequests': 'MaxConcurrentRequests',
} as const satisfies Partial<Record<LimitName, string>>;

const limits = Object.keys(fields) as (keyof typeof fields)[];

/** Where the limits of a caller's pool are written: an override in the service-defaults of who calls. */
export const poolSettings: PoolSettings = {
  holdAtServers: false,

  limits,

  ofConnections: `Limits.${fields['tcp.maxConnections']}`,

  ruleFor(resources, { from, to }) {
    const resource = resources.find(({ kind, name }) => kind === 'service-defaults' && name === from);
    if (resource === undefined) return undefined;
    const at = overrideIn(resource, to);
    if (at === undefined) {
      throw usageError(
        `${resource.file}:${resource.line}: ${describeResource(resource)} has no override for ${to}, which limits could be written to`,
        `write UpstreamConfig { Overrides = [{ Name = "${to}" }] } into it`,
      );
    }
    const pool = mapAt(resource.value, [...at, 'Limits']) ?? {};
    const written = limits.flatMap((name) => {
      const value = Number(pool[fields[name]] ?? 0);
      return value > 0 ? [[name, value] as const] : [];
    });
    return { resource, written: Object.fromEntries(written), upgrades: false };
  },

  withLimits(content, { resource }, calls, wanted) {
    let text = content;
    for (const name of limits) {
      const value = wanted[name];
      if (value === undefined) continue;
      const changed = withLimit(text, resource, calls, name, value);
      if (changed === undefined) {
        throw usageError(
          `${resource.file}: ${fields[name]} of ${describeResource(resource)} cannot be set without changing more of the file`,
          'write the override with its Limits out, with a line for each',
        );
      }
      text = changed;
    }
    return text;
  },

  newRule: (calls, wanted, file = 'limits-under-trial.hcl') => ({
    name: { kind: 'service-defaults', namespace: calls.namespace, name: calls.from },
    file,
    text: textFor(file, ruleFor(calls, wanted)),
  }),

  patch: (calls, wanted) => hclText(ruleFor(calls, wanted)),
};

/** An entry in the language of a file's ending; HCL where that says nothing else. */
function textFor(file: string, entry: ReturnType<typeof ruleFor>): string {
  if (/\.json$/i.test(file)) return `${JSON.stringify(entry, undefined, 2)}\n`;
  return /\.ya?ml$/i.test(file) ? stringify(customResource(entry)) : hclText(entry);
}

/** The same as consul-k8s has it. */
const customResource = ({ Name, UpstreamConfig }: ReturnType<typeof ruleFor>) => ({
  apiVersion: 'consul.hashicorp.com/v1alpha1',
  kind: 'ServiceDefaults',
  metadata: { name: Name },
  spec: { upstreamConfig: inCamelCase(UpstreamConfig) },
});

function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [asInResources(name), inCamelCase(inner)]),
  );
}

const ruleFor = ({ from, to }: PoolCalls, wanted: PoolLimits) => ({
  Kind: 'service-defaults',
  Name: from,
  UpstreamConfig: {
    Overrides: [
      {
        Name: to,
        Limits: Object.fromEntries(
          limits.flatMap((name) => (wanted[name] === undefined ? [] : [[fields[name], wanted[name]]])),
        ),
      },
    ],
  },
});

/** Where in an entry the override for calls of a service stands. */
function overrideIn({ value }: MeshResource, to: string): Path | undefined {
  const path = ['UpstreamConfig', 'Overrides'];
  const index = listAt(value, path).findIndex((each) => isForCallsOf(each, to));
  return index < 0 ? undefined : [...path, index];
}

/** The text with one limit of calls of a service; undefined where that cannot be done. */
function withLimit(
  text: string,
  { kind, name, file }: MeshResource,
  { to }: PoolCalls,
  limit: keyof typeof fields,
  number: number,
): string | undefined {
  const { entries } = readEntries([{ file, path: file, content: text }]);
  const place = entries.findIndex((each) => each.kind === kind && each.name === name);
  const entry = entries[place];
  const at = entry && overrideIn(entry, to);
  if (entry === undefined || at === undefined) return undefined;
  const path = entry.spelt([...at, 'Limits', fields[limit]]);
  if (/^\s*\{/.test(text)) return withJsonNumber(text, path, number);
  return /\.hcl$/i.test(file) ? withHclNumber(text, path, number) : withField(text, place, path, number);
}

/** JSON says nothing beside its values. */
function withJsonNumber(text: string, path: Path, number: number): string {
  const value = JSON.parse(text) as Record<string, unknown>;
  let map = value;
  for (const name of path.slice(0, -1)) {
    map[name] ??= {};
    map = map[name] as Record<string, unknown>;
  }
  map[String(path.at(-1))] = number;
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
