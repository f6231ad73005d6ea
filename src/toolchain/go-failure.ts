import { environmentError, type OperatorError } from '../kit/errors.ts';
import { howItEnded, type ProgramResult } from '../kit/run-program.ts';
import { lastLines } from '../kit/tail.ts';
import type { Tool } from './tools.ts';

const CAUSES: readonly { readonly pattern: RegExp; readonly hint: string }[] = [
  {
    pattern: /checksum mismatch|SECURITY ERROR/,
    hint: 'What was downloaded is not what go.sum pins; ask who runs your GOPROXY, or `go clean -modcache` if the cache was damaged.',
  },
  {
    pattern: /no space left on device|disk quota exceeded/,
    hint: 'A build needs about 6 GB; GOCACHE, GOMODCACHE and BREAKWATER_CACHE may point to another disk.',
  },
  {
    pattern: /signal: killed|cannot allocate memory|out of memory/,
    hint: 'The machine ran out of memory; `GOFLAGS=-p=1` builds one package at a time.',
  },
  {
    pattern:
      /dial tcp|no such host|i\/o timeout|connection refused|proxyconnect|TLS handshake|x509:|unexpected EOF|module lookup disabled|\b(?:403|404|407|410|50\d) /,
    hint: 'Go could not download its modules; check the network, or set GOPROXY (and HTTPS_PROXY) to a proxy that this machine may use.',
  },
];

/** Says what a failed `go` command means for the operator. */
export function explainGoFailure(tool: Tool, args: readonly string[], result: ProgramResult): OperatorError {
  // With -v most lines are names of packages that went well.
  const telling = result.stderr
    .split('\n')
    .filter((line) => !line.startsWith('go: downloading ') && !/^[\w.\-~/]+$/.test(line))
    .join('\n');
  const hint = CAUSES.find(({ pattern }) => pattern.test(telling))?.hint;
  const how = result.ended === 'failed' ? 'failed' : howItEnded(result);
  return environmentError(
    `${tool.name} ${tool.version} could not be built: \`go ${args[0]}\` ${how}:\n${lastLines(telling)}`,
    hint ?? `Set ${tool.programs.map((program) => program.variable).join(', ')} to programs of your own.`,
  );
}
