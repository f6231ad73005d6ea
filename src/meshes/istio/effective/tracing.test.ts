import { expect, test } from 'vitest';
import type { Told } from '../../../model/effective.ts';
import type { Instance, TopologyPlan } from '../../../model/topology.ts';
import type { EnvoyListener } from '../../envoy/config-dump.ts';
import { parseConfiguration } from '../configuration-resources.ts';
import { instanceLabels } from '../labels.ts';
import { readTracing, unusedTelemetries } from './tracing.ts';
import { ResourcesUnderTest } from './written.ts';

const instance = {
  name: 'shop-1',
  service: 'shop',
  workload: 'shop',
  replica: 1,
  labels: {},
  locality: 'r/z',
} as unknown as Instance;
const workload = { instance, namespace: 'default', labels: instanceLabels(instance) };
const topology = { tracing: { provider: 'zipkin', protocol: 'zipkin' } } as TopologyPlan;

function underTest(yaml: string) {
  const file = { file: 'mesh.yaml', path: '/mesh.yaml', content: yaml };
  const { resources, problems } = parseConfiguration([file], 'default');
  expect(problems).toEqual([]);
  return new ResourcesUnderTest(resources);
}

/** A listener that reports such a share, in percent; to nobody without one. */
const listener = (percent?: number): EnvoyListener => ({
  filter_chains: [
    {
      filters: [
        {
          typed_config:
            percent === undefined
              ? {}
              : {
                  tracing: {
                    provider: { name: 'envoy.tracers.zipkin' },
                    random_sampling: { value: percent },
                  },
                },
        },
      ],
    },
  ],
});

const told = ({ value, from }: Told<unknown>) =>
  `${value} ${from.by === 'setting' ? `${from.line} ${from.path}` : from.by}`;

/** What a sidecar reports with such configuration, or why nothing. */
function read(yaml: string, held: EnvoyListener, mode: 'CLIENT' | 'SERVER' = 'CLIENT'): readonly string[] {
  const tracing = readTracing([held], mode, { under: underTest(yaml), workload, topology, maybe: [] });
  const { off } = tracing;
  if (off === undefined) return [told(tracing.sampled), tracing.provider ? told(tracing.provider) : 'nobody'];
  return [off.why, ...off.settings.map(({ line, path }) => `${line} ${path}`)];
}

const telemetry = (spec: string, name = 'tracing', namespace = 'default') =>
  `apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n${spec}`;
const provider = '  tracing:\n    - providers: [{ name: zipkin }]\n';

test('what is in effect stands where it is written, the workload before the namespace before the mesh', () => {
  expect(read(telemetry(`${provider}      randomSamplingPercentage: 25\n`), listener(25))).toEqual([
    '0.25 7 spec.tracing[0].randomSamplingPercentage',
    'zipkin 6 spec.tracing[0].providers[0].name',
  ]);
  const all = [
    telemetry(`${provider}      randomSamplingPercentage: 5\n`, 'mesh', 'istio-system'),
    telemetry('  tracing: [{ randomSamplingPercentage: 10 }]\n'),
    telemetry(
      '  selector: { matchLabels: { app: shop } }\n  tracing: [{ randomSamplingPercentage: 20 }]\n',
      'own',
    ),
  ];
  expect(read(all.join('---\n'), listener(20))[0]).toBe('0.2 20 spec.tracing[0].randomSamplingPercentage');
  expect(read(all.slice(0, 2).join('---\n'), listener(10))).toEqual([
    '0.1 13 spec.tracing[0].randomSamplingPercentage',
    'zipkin 6 spec.tracing[0].providers[0].name',
  ]);
});

test('what nobody has written is a default, and what the sidecar has otherwise comes from elsewhere', () => {
  expect(read(telemetry(provider), listener(1))[0]).toBe('0.01 default');
  expect(read(telemetry(`${provider}      randomSamplingPercentage: 25\n`), listener(30))[0]).toBe(
    '0.3 unknown',
  );
});

test('why a sidecar reports nothing, with the line', () => {
  expect(read(telemetry('  tracing: [{ providers: [{ name: zipkn }] }]\n'), listener())).toEqual([
    'the mesh has no provider "zipkn"; it has "zipkin"',
    '5 spec.tracing[0].providers[0].name',
  ]);
  expect(read(telemetry('  tracing: [{ randomSamplingPercentage: 5 }]\n'), listener())).toEqual([
    'no Telemetry for it names a provider, and the mesh has no default; it has "zipkin"',
    '5 spec.tracing[0]',
  ]);
  const off = `${provider}    - match: { mode: SERVER }\n      disableSpanReporting: true\n`;
  expect(read(telemetry(off), listener(), 'SERVER')).toEqual([
    'reporting spans is switched off',
    '8 spec.tracing[1].disableSpanReporting',
  ]);
  // What comes in is another matter than what goes out.
  expect(read(telemetry(off), listener(1), 'CLIENT')[0]).toBe('0.01 default');
  expect(read('', listener())).toEqual(['no Telemetry is for its requests']);
});

test('a Telemetry for others is written and not in effect', () => {
  const under = underTest(telemetry(`  selector: { matchLabels: { app: cart } }\n${provider}`));
  const [unused] = unusedTelemetries('shop', 'server', { under, workload });
  expect(unused?.why).toBe('it selects workloads with app=cart, and shop-1 has not');
  expect(unused?.setting.path).toBe('spec.selector');
});

test('what is written for one direction alone is the reason in the other one', () => {
  const served = telemetry(`  tracing: [{ match: { mode: SERVER }, providers: [{ name: zipkin }] }]\n`);
  expect(read(served, listener(), 'CLIENT')).toEqual([
    'what is written of traces is for requests that come to it alone',
    '5 spec.tracing[0].match.mode',
  ]);
  const called = telemetry(`  tracing: [{ match: { mode: CLIENT }, providers: [{ name: zipkin }] }]\n`);
  expect(read(called, listener(), 'SERVER')).toEqual([
    'what is written of traces is for its own calls alone',
    '5 spec.tracing[0].match.mode',
  ]);
});

test('of two for a whole namespace the younger is not in effect, nor one of the root namespace with a selector', () => {
  const under = underTest(
    [
      telemetry(provider, 'one'),
      telemetry(provider, 'two'),
      telemetry(`  selector: { matchLabels: { app: shop } }\n${provider}`, 'chosen', 'istio-system'),
    ].join('---\n'),
  );
  expect(
    unusedTelemetries('shop', 'server', { under, workload }).map(
      ({ setting, why }) => `${setting.line} ${why}`,
    ),
  ).toEqual([
    '11 of several for all of the namespace default the oldest holds, and then the first by name: one',
    "19 in istio-system, which is the mesh's own namespace, one with a selector is for workloads there",
  ]);
});
