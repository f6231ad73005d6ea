import type { Progress } from '../kit/terminal.ts';

/** What fetching a tool is doing right now. */
export type ToolProgress = { readonly tool: string; readonly elapsedMs: number } & (
  | { readonly phase: 'waiting' }
  | {
      readonly phase: 'download';
      readonly file: string;
      readonly bytes: number;
      readonly totalBytes?: number;
      readonly bytesPerSecond?: number;
    }
  | { readonly phase: 'wheel'; readonly bytes: number; readonly expectation: string }
  | { readonly phase: 'modules'; readonly modules: number; readonly expectation: string }
  | {
      readonly phase: 'build';
      readonly compiled: number;
      readonly total: number;
      readonly expectation: string;
    }
  | { readonly phase: 'notice'; readonly message: string }
  | { readonly phase: 'done'; readonly source: 'image' | 'release' | 'download' | 'build' }
);

/** One line for people. */
export function describeProgress(event: ToolProgress): string {
  const elapsed = formatSeconds(event.elapsedMs);
  switch (event.phase) {
    case 'waiting':
      return `another breakwater is fetching or building ${event.tool}; waiting (${elapsed})`;
    case 'download': {
      const of = event.totalBytes === undefined ? '' : ` of ${formatMegabytes(event.totalBytes)}`;
      const rate = event.bytesPerSecond ? `, ${formatMegabytes(event.bytesPerSecond)}/s` : '';
      return `${event.tool}: downloading ${event.file}, ${formatMegabytes(event.bytes)}${of}${rate} (${elapsed})`;
    }
    case 'wheel':
      return `${event.tool}: downloading with pip, ${formatMegabytes(event.bytes)} so far (${elapsed}; ${event.expectation})`;
    case 'modules':
      return `${event.tool}: downloading Go modules, ${event.modules} so far (${elapsed}; ${event.expectation})`;
    case 'build': {
      const percent = event.total === 0 ? 100 : Math.floor((100 * event.compiled) / event.total);
      const done = event.compiled >= event.total ? 'linking' : `${event.compiled} of ${event.total} packages`;
      return `${event.tool}: building, ${done}, ${percent}% (${elapsed}; ${event.expectation})`;
    }
    case 'notice':
      return `${event.tool}: ${event.message}`;
    case 'done':
      return `${event.tool}: ${event.source === 'build' ? 'built' : 'downloaded'} in ${elapsed}`;
  }
}

/** Passes tool progress on to what shows progress to people. */
export function reportTo(progress: Progress): (event: ToolProgress) => void {
  /** Tool → the phase that it is in, and how far. */
  const showing = new Map<string, { readonly phase: string; readonly line: string }>();
  return (event) => {
    const line = describeProgress(event);
    if (event.phase === 'done') showing.delete(event.tool);
    if (event.phase === 'notice' || event.phase === 'done') return progress.note(line);
    // A new phase shows at once, so that nobody wonders what the last one is still doing.
    const isNew = showing.get(event.tool)?.phase !== event.phase;
    showing.set(event.tool, { phase: event.phase, line });
    if (isNew) progress.step(line);
    else progress.status([...showing.values()].map((one) => one.line).join(' · '));
  };
}

/** "3 min 5 s". */
export function formatSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
