import { expect, test } from 'vitest';
import { requireLinux } from './system.ts';

test('the local lab runs on Linux, and elsewhere the error says what does', () => {
  expect(() => requireLinux('linux')).not.toThrow();
  for (const [platform, system, hint] of [
    ['darwin', 'macOS', /--env kind.*a virtual machine with Linux/],
    ['win32', 'Windows', /--env kind.*WSL2/],
    ['freebsd', 'freebsd', /--env kind/],
  ] as const) {
    const error = (() => {
      try {
        return requireLinux(platform);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toMatchObject({
      exitCode: 4,
      message: `the local lab runs on Linux, and this is ${system}`,
      hint: expect.stringMatching(hint),
    });
  }
});
