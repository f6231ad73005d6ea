/** What the system says of a file or folder that cannot be used, by its code. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left on its disk',
  EDQUOT: 'your quota of its disk is used up',
  EFBIG: 'it would be longer than a file may be here (ulimit -f)',
  EROFS: 'its disk is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of the path is no folder',
  EIO: 'its disk does not work',
};

/** A file or folder that the system would not let this process use. */
export interface UnusableFile {
  /** Undefined where the system did not say which one. */
  readonly path: string | undefined;
  /** "there is no space left on its disk (ENOSPC)". */
  readonly reason: string;
}

/** What of an error says that a file or a disk is not as it has to be; undefined when it says something else. */
export function unusableFile(error: unknown): UnusableFile | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', path, dest, syscall = '' } = error as NodeJS.ErrnoException & { dest?: string };
  // Programs that cannot be started and addresses that cannot be had are told by whoever asked for them.
  if (/^(spawn|connect|bind|listen|kill)/.test(syscall)) return undefined;
  // So the system refuses a folder in /proc.
  const refused = /^mkd(ir|temp)$/.test(syscall) && code === 'ENOENT';
  if (!(code in reasons) && !refused) return undefined;
  return { path: dest ?? path, reason: refused ? `no folder can be made there (${code})` : reasonOf(code) };
}

/** "there is no space left on its disk (ENOSPC)"; the code alone where there are no better words. */
export function reasonOf(code: string): string {
  const reason = reasons[code];
  return reason === undefined ? code : `${reason} (${code})`;
}

/** Whether a disk is to blame and not the path that somebody has named. */
export function isDiskFault(code: string | undefined): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' || code === 'EIO';
}
