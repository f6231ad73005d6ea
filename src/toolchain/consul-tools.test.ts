import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CONSUL_VERSION, consulTools } from './consul-tools.ts';
import { usualPrograms } from './index.ts';
import { programsOf } from './mesh-tools.ts';

const consulIn = (version: string, env: NodeJS.ProcessEnv) =>
  consulTools(version, env).find(({ name }) => name === 'consul') ?? expect.fail();

test('the Consul that is built is the one that is pinned, and it comes with the Envoy of the usual Istio', () => {
  const [envoy] = consulTools(CONSUL_VERSION, {});
  expect(envoy?.version).toBe('1.37.0');
  const { directory, version } = consulIn(CONSUL_VERSION, {});
  const pins = readFileSync(join(directory, 'go.mod'), 'utf8');
  expect(pins).toContain(`require github.com/hashicorp/consul v${version}`);
});

test('a Consul under another licence is only ever the operator’s own', () => {
  expect(() => consulTools('1.22.0', {})).toThrow('Breakwater has no Consul 1.22.0');
  const own = consulIn('1.22.0', { BREAKWATER_CONSUL: '/opt/consul' });
  expect(own).toMatchObject({ version: '1.22.0', source: { kind: 'unpinned' }, images: [] });
  expect(own.release).toBeUndefined();
});

test('nobody gets Consul who did not ask for it', () => {
  expect(usualPrograms({ name: 'istio' }, {})).toEqual(['envoy', 'k6', 'istiod', 'pilot-agent', 'istioctl']);
  expect(programsOf({ name: 'consul' }, {})).toEqual(['envoy', 'k6', 'consul']);
});
