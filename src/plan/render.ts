import { checkKind, windowName } from '../checks/index.ts';
import { wrap } from '../kit/columns.ts';
import { formatMs } from '../kit/format.ts';
import { HIDDEN, hideQuery } from '../kit/hidden.ts';
import { visible } from '../kit/visible.ts';
import type { PlannedLoad } from '../load/planned.ts';
import { heightAt, planLines } from '../load/shapes/index.ts';
import { describeHit } from '../model/fault.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';
import type { Instance, TopologyPlan } from '../model/topology.ts';
import { describeExpectation, describeProbe, shownProbe } from '../probes/planned.ts';
import type { Plan, TrialPlan } from './contract.ts';

const columns = 60;
const heights = '▁▂▃▄▅▆▇█';

/** The plan as a person reads it: what runs where, what happens when, what is checked. */
export function renderPlan(plan: Plan, resources: readonly MeshResource[]): string {
  const { topology, trial } = plan;
  const profile = plan.profile === undefined ? '' : `, profile ${plan.profile}`;
  return [
    `${plan.name} (${plan.file}${profile})`,
    ...wrap(plan.description.trim().replace(/\s+/g, ' '), 90).map((line) => `  ${line}`),
    '',
    'Load',
    ...loadLines(trial),
    '',
    ...timeline(trial),
    '',
    ...faultLines(trial),
    ...changeLines(trial),
    ...probeLines(trial),
    'Instances',
    ...instanceLines(topology),
    '',
    ...callLines(topology),
    'Checks',
    ...checkLines(trial),
    '',
    `Mesh: ${[plan.mesh, plan.meshVersion].filter(Boolean).join(' ')}, mTLS ${topology.mtls}, under test`,
    ...resourceLines(resources),
    '',
  ]
    .map(visible)
    .join('\n');
}

/** The plan for a machine: as the contract has it, with resources by name instead of files. */
export function planJson(plan: Plan, resources: readonly MeshResource[]): object {
  const { configuration, loads, probes, changes } = plan.trial;
  return {
    ...plan,
    trial: {
      ...plan.trial,
      loads: loads.map(withoutSecrets),
      probes: probes.map(shownProbe),
      configuration: configuration.map(({ file, path }) => ({ file, path })),
      changes: changes.map(({ files, ...change }) => ({
        ...change,
        files: files.map(({ file, path }) => ({ file, path })),
      })),
    },
    resources: resources.map(({ apiVersion, kind, namespace, name, file, line }) => ({
      apiVersion,
      kind,
      namespace,
      name,
      file,
      line,
    })),
  };
}

/** A load whose headers, body and query nobody sees. */
function withoutSecrets(load: PlannedLoad): PlannedLoad {
  const { headers, body, path } = load.request;
  const request = {
    ...load.request,
    path: hideQuery(path),
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, HIDDEN])),
    body: body === undefined ? undefined : HIDDEN,
  };
  return { ...load, request };
}

/** What each load sends; of several, below its name. */
function loadLines({ loads }: TrialPlan): string[] {
  if (loads.length === 1) return loads.flatMap(planLines).map((line) => `  ${line}`);
  return loads.flatMap((load) => [`  ${load.name}`, ...planLines(load).map((line) => `    ${line}`)]);
}

/** The load over time, its warmup dotted, and a bar for each fault and each step of the configuration. */
function timeline(trial: TrialPlan): string[] {
  const { faults, changes, loads, durationMs, warmupMs } = trial;
  const width = Math.max(8, ...[...loads, ...faults, ...changes].map(({ name }) => name.length)) + 2;
  const stepMs = durationMs / columns;
  const row = (name: string, cell: (midMs: number, index: number) => string) =>
    `  ${name.padEnd(width)}${Array.from({ length: columns }, (_, index) => cell((index + 0.5) * stepMs, index)).join('')}`.trimEnd();
  const overlaps = (index: number, fromMs: number, toMs: number) =>
    Math.floor(fromMs / stepMs) <= index && index < Math.ceil(toMs / stepMs);
  return [
    'Timeline',
    ...loads.map((load) =>
      row(load.name, (midMs) => {
        if (midMs > load.durationMs) return ' ';
        return midMs < warmupMs ? '·' : block(heightAt(load, midMs));
      }),
    ),
    ...faults.map((fault) =>
      row(fault.name, (_, index) => (overlaps(index, fault.atMs, fault.atMs + fault.forMs) ? '▓' : '·')),
    ),
    ...changes.map((change, which) =>
      row(change.name, (_, index) =>
        overlaps(index, change.atMs, changes[which + 1]?.atMs ?? durationMs) ? '▒' : '·',
      ),
    ),
    `  ${' '.repeat(width)}${ruler(trial)}`,
  ];
}

/** A block of a height from 0 to 1. */
const block = (height: number) =>
  heights[Math.min(heights.length - 1, Math.floor(height * heights.length))] ?? '█';

/** Times under the bars: the ends of the load and of every fault, and every change, where there is room. */
function ruler({ faults, changes, durationMs }: TrialPlan): string {
  const times = [
    0,
    durationMs,
    ...faults.flatMap(({ atMs, forMs }) => [atMs, atMs + forMs]),
    ...changes.map(({ atMs }) => atMs),
  ];
  const cells = Array.from({ length: columns + 12 }, () => ' ');
  for (const time of new Set(times)) {
    const at = Math.round((time / durationMs) * columns);
    const text = time === 0 ? '0' : formatMs(time);
    const room = cells.slice(Math.max(0, at - 1), at + text.length + 1);
    if (room.some((cell) => cell !== ' ')) continue;
    cells.splice(at, text.length, ...text);
  }
  return cells.join('').trimEnd();
}

function faultLines({ faults }: TrialPlan): string[] {
  if (faults.length === 0) return ['Faults', '  none', ''];
  const lines = faults.flatMap((fault) => [
    `  ${fault.name}: at ${formatMs(fault.atMs)} for ${formatMs(fault.forMs)}, ${fault.description}`,
    `    hits ${describeHit(fault).join(', ')}`,
  ]);
  return ['Faults', ...lines, ''];
}

function changeLines({ changes }: TrialPlan): string[] {
  if (changes.length === 0) return [];
  const lines = changes.flatMap(({ name, atMs, description, guard }) => [
    `  ${name}: at ${formatMs(atMs)}, ${description}`,
    ...(guard === undefined
      ? []
      : [`    rolled back unless ${guard.description}, watched for ${formatMs(guard.forMs)}`]),
  ]);
  return ['Changes of the mesh configuration', ...lines, ''];
}

function probeLines({ probes }: TrialPlan): string[] {
  if (probes.length === 0) return [];
  const lines = probes.map((probe) => {
    const { schedule } = probe;
    const when =
      'atMs' in schedule ? `once at ${formatMs(schedule.atMs)}` : `every ${formatMs(schedule.everyMs)}`;
    return `  ${probe.name}: ${describeProbe(probe)}, ${when}: ${describeExpectation(probe.expect)}`;
  });
  return ['Probes', ...lines, ''];
}

function instanceLines({ instances }: TopologyPlan): string[] {
  const zones = [...new Set(instances.map(({ locality }) => locality))];
  const width = Math.max(...zones.map((zone) => zone.length)) + 2;
  return zones.map((zone) => {
    const names = instances.filter(({ locality }) => locality === zone);
    return `  ${zone.padEnd(width)}${names.map(instanceText).join(', ')}`;
  });
}

/** "shop-1", "frontend-1 (client)", "edge-1 (gateway, network west)". */
function instanceText({ name, role, network, outside }: Instance): string {
  const about = [
    ...(role === 'server' ? [] : [outside ? 'client outside the mesh' : role]),
    ...(network === undefined ? [] : [`network ${network}`]),
  ];
  return about.length === 0 ? name : `${name} (${about.join(', ')})`;
}

/** What apps call onward, service by service: "shop → stock:8080/items". */
function callLines({ services, instances }: TopologyPlan): string[] {
  const lines = services.flatMap(({ name }) => {
    const calls = instances.find(({ service }) => service === name)?.app?.calls ?? [];
    return calls.length === 0
      ? []
      : [
          `  ${name} → ${calls.map(({ to, port, path }) => `${to}:${port}${hideQuery(path)}`).join(', then ')}`,
        ];
  });
  return lines.length === 0 ? [] : ['Calls of apps, for every request', ...lines, ''];
}

function checkLines({ checks }: TrialPlan): string[] {
  return checks.map(({ name, check }, index) => {
    const described = checkKind(check).describe(check);
    const meaning = check.name === undefined ? '' : `: ${described} (${windowName(check)})`;
    return `  ${String(index + 1).padStart(2)}. ${name}${meaning}`;
  });
}

function resourceLines(resources: readonly MeshResource[]): string[] {
  if (resources.length === 0) return ['  no configuration: the defaults of the mesh'];
  const names = resources.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  return resources.map(({ file, line }, index) => `  ${(names[index] ?? '').padEnd(width)}${file}:${line}`);
}
