/**
 * Records what real sidecars hold for each mesh configuration in src/meshes/MESH/effective/testing/inputs, for the
 * unit tests that read it: `npm run record [NAME…]`, `npm run record consul/NAME`. Starts a lab for each, of the circuit
 * breaker unless its first line names another scenario; only what is read is kept.
 */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environments } from '../../src/environments/index.ts';
import { createProgress } from '../../src/kit/terminal.ts';
import { recordedFolder as consulFolder } from '../../src/meshes/consul/effective/testing/recordings.ts';
import { meshOf } from '../../src/meshes/index.ts';
import {
  recordedFolder as istioFolder,
  type Recording,
} from '../../src/meshes/istio/effective/testing/recordings.ts';
import { planScenario } from '../../src/plan/plan.ts';
import { createRunDirectory } from '../../src/runs/run-directory.ts';
import { loadScenario } from '../../src/scenario/load.ts';

const usual = 'scenarios/circuit-breaker.yaml';
const { signal } = new AbortController();
const progress = createProgress(process.stderr, true);
const wanted = process.argv.slice(2);
const inputs = [
  { kind: 'istio', folder: istioFolder, before: '' } as const,
  { kind: 'consul', folder: consulFolder, before: 'consul/' } as const,
].flatMap(({ before, ...set }) =>
  readdirSync(join(set.folder, 'inputs')).map((input) => {
    const name = input.replace(/\.\w+$/, '');
    return { ...set, input, name, called: `${before}${name}` };
  }),
);

for (const { kind, folder, input, name, called } of inputs) {
  if (wanted.length > 0 && !wanted.includes(called)) continue;
  const mesh = await meshOf(kind);
  const file = `inputs/${input}`;
  const path = join(folder, file);
  const content = await readFile(path, 'utf8');
  const scenario = /^# A lab of (\S+\.yaml)\.$/m.exec(content)?.[1] ?? usual;
  const { sound: resources } = mesh.lintConfiguration([{ file, path, content }]);
  const { topology } = planScenario(await loadScenario(scenario, { set: [], config: [] }));
  const evidence = await mkdtemp(join(tmpdir(), 'breakwater-record-'));
  try {
    await using directory = await createRunDirectory(
      `record-${name}-${Date.now().toString(36)}`,
      `recording of ${name}`,
    );
    await using lab = await environments.local(mesh, progress, signal).open({
      topology,
      configuration: { files: [{ file, path, content }], resources },
      runId: `record-${name}`,
      directory: directory.path,
      logs: join(evidence, 'logs'),
      progress: () => {},
      ongoing: () => {},
      warn: (text) => console.error(text),
      signal,
    });
    // Replicas of a workload hold the same; one of each will do.
    const instances = topology.instances.filter(({ replica }) => replica === 1);
    const answers: Record<string, string[]> = {};
    for (const instance of instances) {
      answers[instance.name] = await Promise.all(
        mesh.effective
          .paths(instance, topology, resources)
          .map(async (each) => trimmed(await lab.admin(instance.name, each, 5_000))),
      );
    }
    const recording: Recording = { topology: { ...topology, file: scenario }, answers };
    mkdirSync(join(folder, 'recorded'), { recursive: true });
    writeFileSync(join(folder, 'recorded', `${name}.json`), `${JSON.stringify(recording)}\n`);
    console.log(called);
  } catch (error) {
    console.error(`${called}: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
  } finally {
    await rm(evidence, { recursive: true });
  }
}

/** Without what is large and never read; addresses as of one lab, so that recordings differ only where they do. */
function trimmed(answer: string): string {
  const unread = new Set([
    '@type',
    'access_log',
    'last_updated',
    'sds_config',
    'validation_context_sds_secret_config',
    'upgrade_configs',
    'request_id_extension',
    'eds_cluster_config',
    'retry_host_predicate',
    'decorator',
    'health_check_config',
    'alt_stat_name',
    'upstream_bind_config',
    'cipher_suites',
    'services',
    'listener_filters',
  ]);
  const text = JSON.stringify(JSON.parse(answer), (key, value) => (unread.has(key) ? undefined : value));
  return text.replaceAll(/127\.\d+\.\d+\.(\d+)/g, (address, host) =>
    address.startsWith('127.0.0') ? address : `127.1.1.${host}`,
  );
}
