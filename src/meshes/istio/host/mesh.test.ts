import { expect, test } from 'vitest';
import { refuseBlind } from './mesh.ts';

test('an istiod that may not watch its folder is an error with the setting that allows it', () => {
  const log =
    '2026-01-02T03:04:05Z\tinfo\tkrt\tsynced\n2026-01-02T03:04:05Z\terror\tUnable to setup FileTrigger for /tmp/r/istiod: too many open files\n';
  expect(() => refuseBlind(log)).toThrow(
    'istiod cannot watch the folder of its configuration: too many open files',
  );
  expect(() => refuseBlind('2026-01-02T03:04:05Z\tinfo\tkrt\tsynced\n')).not.toThrow();
});
