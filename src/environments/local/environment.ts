import { ProblemsError } from '../../kit/problems.ts';
import { startSupervisor } from '../../kit/supervisor/client.ts';
import type { Mesh } from '../../meshes/contract.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import { tooMany } from '../../plan/environments.ts';
import { RUN_MARK } from '../../runs/run-directory.ts';
import type { HostPrograms } from '../../toolchain/fetch.ts';
import type { Environment, EnvironmentKind, EnvironmentOptions } from '../contract.ts';
import { claimLoopbackBlock } from './addresses.ts';
import { LocalLab } from './lab.ts';
import { mostInstances, wantedPorts } from './layout.ts';
import { requireLinux } from './system.ts';

/** What can be done to processes of this machine. */
const performs = [
  'set-fault',
  'clear-fault',
  'kill',
  'stop',
  'start',
  'kill-sidecar',
  'start-sidecar',
  'pause',
  'resume',
  'limit-cpu',
  'unlimit-cpu',
  'stop-control-plane',
  'start-control-plane',
  'call-slowly',
  'stop-calling-slowly',
  'issue',
  'rotate-authority',
  'complete-rotation',
  'disturb-link',
  'clear-link',
] as const satisfies Environment['performs'];

export const local: EnvironmentKind = {
  changes: true,
  gateways: true,
  traces: true,
  tellsMetrics: true,
  goesPastTheMesh: true,
  setsConcurrency: true,
  captures: false,
  performs,
  disturbs: ['latency', 'bandwidth', 'loss', 'reset'],
  mostInstances,
  programs(mesh, topologies = []) {
    // Before anything is fetched that would not run.
    requireLinux();
    const relayed = topologies.some(({ links = [] }) => links.length > 0);
    return ['k6', ...mesh.hostPrograms, ...(relayed ? (['toxiproxy'] as const) : [])];
  },
  upTimeoutMs: 120_000,
  usualMs: { up: 3_000, besideLoad: 1_500 },
  make: localEnvironment,
};

/** A real mesh on loopback: every program an ordinary process of this machine. */
function localEnvironment(
  mesh: Mesh,
  programs: (topology: TopologyPlan) => Promise<HostPrograms>,
  { app }: EnvironmentOptions,
): Environment {
  return {
    name: 'local',
    performs,
    async open(request) {
      const { topology } = request;
      const refused = tooMany(topology, mostInstances);
      if (refused.length > 0) {
        throw new ProblemsError(
          refused.map(({ message, hint = '' }) => ({ file: topology.file, message, hint })),
        );
      }
      await using stack = new AsyncDisposableStack();
      // First of all: from here on the run's folder goes away even when this process is killed.
      const supervisor = stack.use(
        await startSupervisor(request.directory, { [RUN_MARK]: request.directory }),
      );
      const found = await programs(topology);
      const block = stack.use(await claimLoopbackBlock(wantedPorts(topology, mesh)));
      const lab = new LocalLab({ request, mesh, found, block, supervisor, app });
      stack.defer(() => lab.closeControlPlane());
      await supervisor.whileThere(lab.start());
      lab.releases = stack.move();
      return lab;
    },
  };
}
