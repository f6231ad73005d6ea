import { describe, expect, test } from 'vitest';
import { orderOf } from './order.ts';
import { judged, readQuestion } from './question.ts';
import { changesOf, readSide } from './sides.ts';

describe('a side', () => {
  test('is the scenario with what its parts change', () => {
    const side = readSide('--b', [
      'config:mesh/new.yaml',
      'set:load.rate=400/s',
      'envoy:./envoy',
      'env:local',
    ]);
    expect(side).toMatchObject({
      config: ['mesh/new.yaml'],
      set: ['load.rate=400/s'],
      envoy: './envoy',
      env: 'local',
      label: 'config:mesh/new.yaml, set:load.rate=400/s, envoy:./envoy, env:local',
    });
    const common = { set: ['load.duration=9s'], config: ['mesh/old.yaml'], profile: 'short' };
    expect(changesOf(side, common)).toEqual({
      set: ['load.duration=9s', 'load.rate=400/s'],
      config: ['mesh/new.yaml'],
      profile: 'short',
    });
    expect(changesOf(readSide('--a', []), common)).toEqual(common);
    expect(changesOf(readSide('--a', ['mesh:1.28.3', 'profile:long']), common)).toMatchObject({
      set: ['load.duration=9s', 'mesh.version=1.28.3'],
      profile: 'long',
    });
  });

  test('may be the path of mesh configuration alone', () => {
    expect(readSide('--b', ['scenarios/mesh']).config).toEqual(['scenarios/mesh']);
    expect(readSide('--a', []).label).toBe('as written');
  });

  test.each([
    ['missing.yaml', 'is no file and no part of a side', 'config:PATH'],
    ['', 'is no file and no part of a side', 'config:PATH'],
    ['load.rate=400/s', 'is no part of a side', '--b set:load.rate=400/s'],
    ['confg:x.yaml', 'is no file and no part of a side', 'did you mean config:?'],
    ['set:', 'says nothing after the colon', 'set:PATH=VALUE'],
  ])('is not %j', (text, message, hint) => {
    expect(() => readSide('--b', [text])).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });

  test('has one environment, and says how two are compared', () => {
    expect(() => readSide('--b', ['env:local', 'env:kind'])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('--a env:local --b env:kind') }),
    );
  });

  test('hides what may be a secret', () => {
    expect(readSide('--b', ['set:load.headers.authorization=Bearer abc']).label).not.toContain('abc');
  });
});

describe('the order of a pair', () => {
  test('is the same for a seed, and about as often either', () => {
    const first = Array.from({ length: 400 }, (_, pair) => orderOf(7, pair + 1)[0]);
    expect(first).toEqual(Array.from({ length: 400 }, (_, pair) => orderOf(7, pair + 1)[0]));
    const share = first.filter((side) => side === 'a').length / 400;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
    expect(orderOf(7, 1).toSorted()).toEqual(['a', 'b']);
  });
});

describe('a question', () => {
  const asked = { margin: [], rounds: '40', budget: '30m' };

  test('has a margin of its own for each metric, for one, or for all', () => {
    const found = ['p99', 'p50', 'memory', 'time-to-eject: east'];
    const usual = judged(readQuestion(asked), found, true);
    expect([...usual.margins]).toEqual([
      ['p50', 0.05],
      ['p99', 0.2],
      ['time-to-eject: east', 0.25],
    ]);
    expect(usual.left.get('memory')).toContain('one lab');
    expect(usual.left.get('errors')).toBe('the rounds have none');
    const own = judged(
      readQuestion({ ...asked, margin: ['3%', 'p99=10%', 'time-to-eject=50%'] }),
      found,
      false,
    );
    expect(Object.fromEntries(own.margins)).toEqual({
      p50: 0.03,
      p99: 0.1,
      memory: 0.03,
      'time-to-eject: east': 0.5,
    });
    const few = judged(readQuestion({ ...asked, metrics: 'p99, errors' }), found, false);
    expect([...few.margins.keys()]).toEqual(['p99']);
    expect(few.left.get('errors')).toBe('the rounds have none');
  });

  test.each([
    [{ metrics: 'p98' }, 'no metric is called "p98"'],
    [{ metrics: '' }, 'no metric is called ""'],
    [{ margin: ['p50=0%'] }, 'is no margin'],
    [{ margin: ['p50=5'] }, 'is no margin'],
    [{ margin: ['p5=5%'] }, 'no metric is called "p5"'],
    [{ margin: ['5%', '6%'] }, 'all is there twice'],
    [{ rounds: '6' }, 'no number from 7'],
    [{ rounds: '-1' }, 'no number from 7'],
    [{ rounds: '1e2' }, 'no number from 7'],
    [{ budget: '30' }, 'no time of a minute'],
    [{ budget: '10s' }, 'no time of a minute'],
  ])('is not %j', (options, message) => {
    expect(() => readQuestion({ ...asked, ...options })).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) }),
    );
  });
});
