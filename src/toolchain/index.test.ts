import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { envoyBootstrapTemplate, resolveProgram, resolveToolchain } from './index.ts';
import { temporaryDirectory } from './testing.ts';

test('programs of the operator are resolved without touching the cache', async () => {
  await using temporary = await temporaryDirectory();
  const path = join(temporary.path, 'own');
  await writeFile(path, '#!/bin/sh\necho v1.8.1 1.37.0\n');
  await chmod(path, 0o755);
  const env = { PATH: '', BREAKWATER_K6: path, BREAKWATER_ENVOY: path };
  const options = { cacheDir: join(temporary.path, 'never'), env };
  const k6 = { program: 'k6', path, version: '1.8.1', source: 'explicit' };
  expect(await resolveProgram('k6', options)).toEqual(k6);
  const envoy = { program: 'envoy', path, version: '1.37.0', source: 'explicit' };
  expect(await resolveToolchain(['k6', 'envoy'], options)).toEqual({ envoy, k6 });
});

test('the bootstrap template may be the operator’s own', async () => {
  await using temporary = await temporaryDirectory();
  const path = join(temporary.path, 'bootstrap.json');
  const options = { cacheDir: temporary.path, env: { BREAKWATER_ISTIO_BOOTSTRAP: path } };
  await expect(envoyBootstrapTemplate(options)).rejects.toMatchObject({ name: 'OperatorError', exitCode: 4 });
  await writeFile(path, '{}');
  expect(await envoyBootstrapTemplate(options)).toBe(path);
});
