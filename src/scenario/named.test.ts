import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { scenarioNamed } from './named.ts';

describe('which scenario is meant', () => {
  test('a bare name is that of a scenario which came along', () => {
    const file = scenarioNamed('circuit-breaker');
    expect(file).toMatch(/scenarios[\\/]circuit-breaker\.yaml$/);
    expect(existsSync(file)).toBe(true);
  });

  test('what is there by that name goes first, be it a folder', () => {
    expect(scenarioNamed('scenarios')).toBe('scenarios');
  });

  test.each(['./circuit-breaker', 'circuit-breaker.yaml', 'my/zone-failover', '/circuit-breaker', '', '..'])(
    'the path %j is left as it is',
    (path) => {
      expect(scenarioNamed(path)).toBe(path);
    },
  );

  test('an unknown name is told with the nearest one, and with all that there are', () => {
    expect(() => scenarioNamed('circuit-braker')).toThrow(
      /circuit-braker: there is no such file, and no scenario .*\n.*did you mean circuit-breaker\? there are authorization, .*zone-failover/,
    );
    expect(() => scenarioNamed('constructor')).toThrow('no scenario of this name');
  });
});
