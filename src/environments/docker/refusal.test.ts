import { expect, test } from 'vitest';
import { roomFor, whatAContainerNeeds } from './refusal.ts';

test.for([
  ['OCI runtime create failed: exec: "sleep": exec format error: unknown', 'is for another processor'],
  ['write /var/lib/docker/tmp/x: no space left on device', 'the disk that Docker keeps its images'],
  ['Conflict. The container name is already in use', undefined],
] as const)('what a container needs that does not start: %s', ([said, hint]) => {
  const told = whatAContainerNeeds(said);
  if (hint === undefined) expect(told).toBeUndefined();
  else expect(told).toContain(hint);
});

test('of a network or an image it is room alone', () => {
  expect(roomFor('exec format error')).toBeUndefined();
});
