import { cpus, totalmem } from 'node:os';
import type { Analysis } from '../analysis/analyse.ts';
import { shellCommand } from '../kit/shell.ts';
import type { PlannedLoad } from '../load/contract.ts';
import { REPORT_SCHEMA, type Report } from '../report/model.ts';
import { version } from '../version.ts';
import type { Planned } from './planned.ts';

/** What is known of a run beside its plan and what was found in its evidence. */
export interface RunAbout {
  readonly id: string;
  /** Epoch milliseconds of the command, and of the first request that came back over the mesh. */
  readonly startedAt: number;
  readonly firstRequestAt: number;
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
  { plan, configuration }: Planned,
  about: RunAbout,
  analysis: Analysis,
): Report {
  const wallMs = Date.now() - about.startedAt;
  return {
    schema: REPORT_SCHEMA,
    ...analysis,
    interrupted: about.interrupted,
    run: {
      id: about.id,
      startedAt: new Date(about.startedAt).toISOString(),
      environment: about.environment,
      mesh: about.mesh,
      breakwater: version,
      programs: about.programs,
      machine: {
        cpus: cpus().length,
        memoryBytes: totalmem(),
        platform: `${process.platform} ${process.arch}`,
      },
      command: shellCommand(['npx', 'breakwater', ...about.command]),
    },
    scenario: {
      name: plan.name,
      description: plan.description,
      file: plan.file,
      ...(plan.profile === undefined ? {} : { profile: plan.profile }),
      load: plan.trial.loads.map(describeLoad).join('; '),
    },
    timing: {
      toFirstRequestMs: about.firstRequestAt - about.startedAt,
      loadMs: about.loadMs,
      wallMs,
      overheadMs: wallMs - about.loadMs,
    },
    configuration: configuration.files.map(({ file, content }) => ({ file, content })),
  };
}

function describeLoad({ from, to, shape, durationMs, peakRate }: PlannedLoad): string {
  const seconds = `${durationMs / 1_000} s`;
  const way = `from ${from} to ${to}`;
  switch (shape.kind) {
    case 'script':
      return `${shape.file}, ${way}`;
    case 'closed':
      return `closed loop of ${shape.users} users for ${seconds}, ${way}`;
    case 'stages':
      return `up to ${peakRate} requests/s in ${shape.stages.length} stages over ${seconds}, ${way}`;
    case 'rate':
      return `${shape.rate} requests/s for ${seconds}, ${way}`;
  }
}
