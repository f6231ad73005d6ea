import { checkKind } from '../checks/index.ts';
import { formatMs, formatRate, plural } from '../kit/format.ts';
import type { MeshResource } from '../meshes/contract.ts';
import type { Plan } from './contract.ts';
import { windowName } from './derive.ts';

const columns = 60;
const heights = '▁▂▃▄▅▆▇█';

/** The plan as a person reads it: what runs where, what happens when, what is checked. */
export function renderPlan(plan: Plan, resources: readonly MeshResource[]): string {
  const { scenario } = plan;
  const profile = plan.profile === undefined ? '' : `, profile ${plan.profile}`;
  return [
    `${scenario.name} (${plan.file}${profile})`,
    ...wrap(scenario.description, 90).map((line) => `  ${line}`),
    '',
    'Load',
    ...loadLines(plan),
    '',
    ...timeline(plan),
    '',
    ...faultLines(plan),
    'Instances',
    ...instanceLines(plan),
    '',
    'Checks',
    ...checkLines(plan),
    '',
    `Mesh: ${scenario.mesh.kind}, mTLS ${scenario.mesh.mtls}, under test`,
    ...resourceLines(resources),
    '',
  ].join('\n');
}

/** The plan for a machine: as the contract has it, with resources by name instead of files. */
export function planJson(plan: Plan, resources: readonly MeshResource[]): object {
  const { meshFiles, ...rest } = plan;
  return {
    ...rest,
    meshFiles: meshFiles.map(({ file, path }) => ({ file, path })),
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

function loadLines({ scenario: { load, topology }, loadMs, peakRate, users }: Plan): string[] {
  const what = `${load.method} http://${load.to}:${topology.services[load.to]?.port}${load.path}`;
  const route = `from ${load.from} to ${load.to}, ${formatMs(loadMs)}`;
  if (load.script !== undefined) return [`  k6 script ${load.script} ${route}`];
  if (load.closed) return [`  ${plural(users, 'user')} in a closed loop ${route}`, `  ${what}`];
  const rate = `${load.stages ? 'up to ' : ''}${formatRate(peakRate ?? 0)}`;
  return [`  ${rate} in an open loop ${route}`, `  ${what}, ${plural(users, 'virtual user')}`];
}

/** The load over time, its warmup dotted, and a bar for each fault. */
function timeline(plan: Plan): string[] {
  const { load } = plan.scenario;
  const width = Math.max(8, ...plan.faults.map(({ name }) => name.length)) + 2;
  const stepMs = plan.loadMs / columns;
  const row = (name: string, cell: (midMs: number, index: number) => string) =>
    `  ${name.padEnd(width)}${Array.from({ length: columns }, (_, index) => cell((index + 0.5) * stepMs, index)).join('')}`;
  const overlaps = (index: number, fromMs: number, toMs: number) =>
    Math.floor(fromMs / stepMs) <= index && index < Math.ceil(toMs / stepMs);
  return [
    'Timeline',
    row('load', (midMs) => (midMs < load.warmup ? '·' : heightAt(plan, midMs))),
    ...plan.faults.map((fault) =>
      row(fault.name, (_, index) => (overlaps(index, fault.atMs, fault.atMs + fault.forMs) ? '▓' : '·')),
    ),
    `  ${' '.repeat(width)}${ruler(plan)}`,
  ];
}

function heightAt(plan: Plan, atMs: number): string {
  const { stages } = plan.scenario.load;
  if (!stages || !plan.peakRate) return '█';
  let from = stages[0]?.rate ?? 0;
  let startMs = 0;
  for (const { rate, duration } of stages) {
    if (atMs <= startMs + duration) {
      const now = from + ((rate - from) * (atMs - startMs)) / duration;
      return heights[Math.min(heights.length - 1, Math.floor((now / plan.peakRate) * heights.length))] ?? '█';
    }
    from = rate;
    startMs += duration;
  }
  return '█';
}

/** Times under the bars: the ends of the load and of every fault, where there is room. */
function ruler({ faults, loadMs }: Plan): string {
  const times = [0, loadMs, ...faults.flatMap(({ atMs, forMs }) => [atMs, atMs + forMs])];
  const cells = Array.from({ length: columns + 12 }, () => ' ');
  for (const time of new Set(times)) {
    const at = Math.round((time / loadMs) * columns);
    const text = time === 0 ? '0' : formatMs(time);
    const room = cells.slice(Math.max(0, at - 1), at + text.length + 1);
    if (room.some((cell) => cell !== ' ')) continue;
    cells.splice(at, text.length, ...text);
  }
  return cells.join('').trimEnd();
}

function faultLines({ faults }: Plan): string[] {
  if (faults.length === 0) return ['Faults', '  none', ''];
  const lines = faults.flatMap(({ name, description, targets, atMs, forMs }) => [
    `  ${name}: at ${formatMs(atMs)} for ${formatMs(forMs)}, ${description}`,
    `    hits ${targets.join(', ')}`,
  ]);
  return ['Faults', ...lines, ''];
}

function instanceLines({ instances }: Plan): string[] {
  const zones = [...new Set(instances.map(({ locality }) => locality))];
  const width = Math.max(...zones.map((zone) => zone.length)) + 2;
  return zones.map((zone) => {
    const names = instances.filter(({ locality }) => locality === zone);
    return `  ${zone.padEnd(width)}${names.map(({ name, client }) => (client ? `${name} (client)` : name)).join(', ')}`;
  });
}

function checkLines({ checks }: Plan): string[] {
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

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
