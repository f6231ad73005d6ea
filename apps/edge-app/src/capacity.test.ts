import { expect, test } from 'vitest';
import { Capacity, type Waiter } from './capacity.ts';

/** A waiter that writes its name down when it begins. */
function waiter(name: string, begun: string[], onBegin?: () => void): Waiter {
  return {
    previous: undefined,
    next: undefined,
    begin() {
      begun.push(name);
      onBegin?.();
    },
  };
}

test('serves so many at once, lines up so many more, and turns the rest away', () => {
  const begun: string[] = [];
  const capacity = new Capacity(1, 2);
  const places = ['a', 'b', 'c', 'd'].map((name) => capacity.enter(waiter(name, begun)));

  expect(places).toEqual(['begun', 'queued', 'queued', 'full']);
  capacity.leave();
  capacity.leave();
  expect(begun).toEqual(['a', 'b', 'c']);
  capacity.leave();
  expect(capacity).toMatchObject({ inFlight: 0, queued: 0 });
});

test.each(['b', 'c', 'd'])('%s can leave the line, and the others keep their order', (leaver) => {
  const begun: string[] = [];
  const capacity = new Capacity(1, 3);
  const waiters = ['a', 'b', 'c', 'd'].map((name) => waiter(name, begun));
  for (const each of waiters) capacity.enter(each);

  const index = 'abcd'.indexOf(leaver);
  capacity.withdraw(waiters[index] as Waiter);
  for (let left = 0; left < 3; left++) capacity.leave();

  expect(begun.join('')).toBe('abcd'.replace(leaver, ''));
  expect(capacity).toMatchObject({ inFlight: 0, queued: 0 });
});

test('a long line of waiters that finish at once does not overflow the stack', () => {
  const begun: string[] = [];
  const capacity = new Capacity(1, 100_000);
  capacity.enter(waiter('first', begun));
  for (let i = 0; i < 100_000; i++) capacity.enter(waiter('next', begun, () => capacity.leave()));

  capacity.leave();

  expect(begun.length).toBe(100_001);
  expect(capacity).toMatchObject({ inFlight: 0, queued: 0 });
});
