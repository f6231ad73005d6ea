import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { environmentError } from '../../kit/errors.ts';
import type { ContainerMesh, Mesh } from '../../meshes/contract.ts';
import { recordDaemon, removeContainers } from '../../runs/containers.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Lab, LabRequest } from '../contract.ts';
import { daemonAnswers, knownDaemon, refuseUnreadableConfiguration } from './daemon.ts';
import { refused } from './refusal.ts';
import { startRemover } from './remover.ts';
import { dockerSettings } from './settings.ts';

/** A lab in containers; what is started half goes away by itself. */
export async function startDockerLab(
  request: LabRequest,
  mesh: Mesh,
  containerMesh: ContainerMesh,
  programs: () => Promise<HostPrograms>,
): Promise<Lab> {
  requireTestcontainers();
  const settings = dockerSettings(process.env);
  const daemon = knownDaemon();
  const { directory } = request;
  // A run may have several labs, one after the other, and each has a folder of its own.
  const runId = basename(directory);
  await using stack = new AsyncDisposableStack();
  // On disk before anything is there: whoever finds the folder knows where to look.
  await recordDaemon(directory, daemon);
  const remover = startRemover(daemon, runId, directory);
  let answers = false;
  stack.defer(async () => {
    if (answers) await removeContainers(daemon, runId);
    // Not before: what cannot be removed now it tries again when this process has ended.
    await remover.over();
  });
  await daemonAnswers(daemon);
  answers = true;
  refuseUnreadableConfiguration(process.env);
  // testcontainers takes a second to load: nobody else is to wait for it, and somebody watches over this run meanwhile.
  const { raiseLab } = await import('./raise.ts');
  const parts = { request, mesh, containerMesh, programs, settings, daemon, runId, remover };
  const lab = await raiseLab({ ...parts, releases: stack }).catch(
    refused('Docker refused a part of the lab'),
  );
  lab.releases = stack.move();
  return lab;
}

/** Whoever has no use for containers need not install what only they take. */
function requireTestcontainers(): void {
  try {
    createRequire(import.meta.url).resolve('testcontainers');
  } catch {
    throw environmentError(
      'labs in containers take the package testcontainers, which is not installed',
      'install it beside breakwater: npm install --save-dev testcontainers',
    );
  }
}
