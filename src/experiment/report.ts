import { cpus, totalmem } from 'node:os';
import type { Analysis } from '../analysis/analyse.ts';
import { fingerprint } from '../kit/fingerprint.ts';
import { shellCommand } from '../kit/shell.ts';
import { describeLoad } from '../load/shapes/index.ts';
import type { TopologyPlan } from '../model/topology.ts';
import { REPORT_SCHEMA, type Report } from '../report/model.ts';
import { version } from '../version.ts';
import type { Planned } from './planned.ts';
import { everWritten } from './steps.ts';

/** What is known of a run beside its plan and what was found in its evidence. */
export interface RunAbout {
  readonly id: string;
  /** Epoch milliseconds of the command. */
  readonly startedAt: number;
  /** Epoch milliseconds of the first request that came back over the mesh; none on a lab that was up already. */
  readonly firstRequestAt?: number;
  readonly loadMs: number;
  readonly interrupted: boolean;
  readonly environment: string;
  readonly mesh: string;
  readonly programs: Readonly<Record<string, string>>;
  /** Arguments of the command line. */
  readonly command: readonly string[];
}

/** The report of one trial of a plan, now. */
export function assembleReport(
  { plan, mesh, configuration, steps }: Planned,
  about: RunAbout,
  { heldThoughLate: _, ...analysis }: Analysis,
): Report {
  const wallMs = Date.now() - about.startedAt;
  return {
    schema: REPORT_SCHEMA,
    ...analysis,
    notes: [...analysis.notes, ...mesh.caveats],
    interrupted: about.interrupted,
    run: {
      id: about.id,
      startedAt: new Date(about.startedAt).toISOString(),
      environment: about.environment,
      mesh: about.mesh,
      breakwater: version,
      programs: about.programs,
      machine: thisMachine(),
      command: shellCommand(['npx', 'breakwater', ...about.command]),
      ...(plan.seed === undefined ? {} : { seed: plan.seed }),
      topology: topologyMark(plan.topology),
    },
    scenario: {
      name: plan.name,
      description: plan.description,
      file: plan.file,
      ...(plan.profile === undefined ? {} : { profile: plan.profile }),
      load: plan.trial.loads.map(describeLoad).join('; '),
    },
    timing: {
      ...(about.firstRequestAt === undefined
        ? {}
        : { toFirstRequestMs: about.firstRequestAt - about.startedAt }),
      loadMs: about.loadMs,
      wallMs,
      overheadMs: wallMs - about.loadMs,
    },
    configuration: everWritten([configuration, ...steps]).files.map(({ file, content }) => ({
      file,
      content,
    })),
  };
}

/** The same for topologies of the same services, replicas and apps, whatever their scenario is called and chance makes of them. */
export function topologyMark({ namespace, mtls, services, instances }: TopologyPlan): string {
  const alike = instances.map(({ app, ...instance }) => {
    const { seed: _, ...rest } = app ?? {};
    return app === undefined ? instance : { ...instance, app: rest };
  });
  return fingerprint(JSON.stringify([namespace, mtls, services, alike]));
}

/** What a report says of the machine that it was made on. */
export function thisMachine(): Report['run']['machine'] {
  return {
    cpus: cpus().length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
  };
}
