/** What a step of the action has: the job's variables, and its files. */
export interface Job {
  readonly env: NodeJS.ProcessEnv;
  /** Content of a file; undefined where there is none. */
  readonly readText: (path: string) => string | undefined;
}

/** What a step leaves. */
export interface Done {
  readonly outputs?: Readonly<Record<string, string>>;
  /** For the log: commands of the runner among it. */
  readonly say?: string;
  readonly exitCode?: number;
}

/** A variable that GitHub, or action.yml, sets. */
export function needed(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: this runs in a GitHub Action`);
  return value;
}
