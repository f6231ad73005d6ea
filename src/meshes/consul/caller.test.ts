import { expect, test } from 'vitest';
import { accessLine } from '../envoy/testing/access-line.ts';
import { consulOf } from './index.ts';

const own = '0b5ea17e-7000-4000-8000-6d6573686574.consul';
const other = '0b5ea17e-7000-4000-8000-6d6573686573.consul';
const callerIn = (peer: string) =>
  consulOf().telemetry.accessLog.probe(accessLine({ peer, due: ';p0.1' }))?.peer;

test('a caller is whom a sidecar speaks with, and behind a gateway the one that it calls for', () => {
  const frontend = `spiffe://${other}/ns/default/dc/east/svc/frontend`;
  expect(callerIn(`${frontend};${other};east;frontend`)).toBe(frontend);
  const gateway = `spiffe://${own}/gateway/mesh/dc/west`;
  expect(callerIn(`${gateway};${other};east;frontend`)).toBe(frontend);
  // What a service says of others is nothing.
  const stranger = `spiffe://${own}/ns/default/dc/west/svc/stranger`;
  expect(callerIn(`${stranger};${other};east;frontend`)).toBe(stranger);
  expect(callerIn(`${gateway};-;-;-`)).toBe(gateway);
  expect(callerIn('-;-;-;-')).toBeUndefined();
});
