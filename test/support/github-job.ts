import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { runnerReadsOutputs } from '../../src/github/testing/runner.ts';
import { root, Workspace } from './breakwater.ts';

interface Step {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

type Values = Readonly<Record<string, string>>;

/** What became of a step. */
interface Ran {
  readonly name: string;
  /** 'left out' where its condition does not hold; a step that uses another action gets what that would be given. */
  readonly ended: 'left out' | 'used' | number;
  readonly log: string;
  readonly with: Values;
}

/**
 * A job of GitHub with the steps of action.yml as far as a machine without GitHub has them: shell steps run for real,
 * with their files and variables, in a workspace of their own; of actions of others it is said what they would be given.
 */
export class GitHubJob implements Disposable {
  readonly workspace = new Workspace();
  readonly checkout = join(this.workspace.path, 'checkout');
  readonly temporary = join(this.workspace.path, 'temp');
  readonly steps = new Map<string, Record<string, string>>();
  readonly ran: Ran[] = [];

  constructor() {
    for (const folder of [this.checkout, this.temporary]) mkdirSync(folder);
  }

  file(path: string, text: string): void {
    mkdirSync(join(this.checkout, path, '..'), { recursive: true });
    writeFileSync(join(this.checkout, path), text);
  }

  get summary(): string {
    return readFileSync(join(this.temporary, 'summary'), 'utf8');
  }

  step(name: string): Ran | undefined {
    return this.ran.find((each) => each.name === name);
  }

  /** Runs the action with inputs to its end, or to the first step that fails; resolves to the exit code. */
  async run(given: Values, more: Values = {}): Promise<number> {
    const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as {
      readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
      readonly runs: { readonly steps: readonly Step[] };
    };
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']);
    const inputs: Values = { ...Object.fromEntries(defaults), token: 'token', ...given };
    this.steps.clear();
    this.ran.length = 0;
    writeFileSync(join(this.temporary, 'summary'), '');
    for (const step of action.runs.steps) {
      const value = (text: string) => this.#filled(text, inputs);
      const condition = step.if === undefined ? 'true' : this.#truth(step.if, inputs);
      if (!isTrue(condition)) this.ran.push({ name: step.name, ended: 'left out', log: '', with: {} });
      else if (step.run === undefined) {
        this.ran.push({ name: step.name, ended: 'used', log: '', with: mapped(step.with ?? {}, value) });
      } else {
        const code = await this.#shell(step, mapped(step.env ?? {}, value), more);
        if (code !== 0) return code;
      }
    }
    return 0;
  }

  async #shell(step: Step, env: Values, more: Values): Promise<number> {
    const output = join(this.temporary, `output-${this.ran.length}`);
    const script = join(this.temporary, 'script.sh');
    writeFileSync(output, '');
    writeFileSync(script, step.run ?? '');
    const { GITHUB_TOKEN: _, ...inherited } = process.env;
    const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
      cwd: this.checkout,
      env: {
        ...inherited,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: root,
        GITHUB_WORKSPACE: this.checkout,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: join(this.temporary, 'summary'),
        GITHUB_EVENT_PATH: join(this.temporary, 'event.json'),
        GITHUB_REPOSITORY: 'owner/name',
        GITHUB_SERVER_URL: 'https://github',
        GITHUB_RUN_ID: '5',
        GITHUB_JOB: 'mesh',
        GITHUB_WORKFLOW: 'ci',
        RUNNER_TEMP: this.temporary,
        RUNNER_OS: 'Linux',
        RUNNER_ARCH: 'X64',
        BREAKWATER_RUNS: this.workspace.runs,
        NO_COLOR: '1',
        ...more,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        log += text;
      });
    }
    const code = await new Promise<number>((done) => child.once('close', (ended) => done(ended ?? 130)));
    if (step.id) this.steps.set(step.id, { ...runnerReadsOutputs(readFileSync(output, 'utf8')) });
    this.ran.push({ name: step.name, ended: code, log, with: {} });
    return code;
  }

  #filled(text: string, inputs: Values): string {
    return text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) => this.#truth(expression, inputs));
  }

  /** The few expressions that action.yml uses: inputs, outputs of steps, texts, ==, !=, && and ||. */
  #truth(expression: string, inputs: Values): string {
    const either = expression.split('||').map((part) => {
      const all = part.split('&&').map((each) => this.#compared(each.trim(), inputs));
      return all.find((each) => !isTrue(each)) ?? all.at(-1) ?? '';
    });
    return either.find(isTrue) ?? either.at(-1) ?? '';
  }

  #compared(text: string, inputs: Values): string {
    const [, left = text, sign, right = ''] = /^(.*?)\s*(==|!=)\s*(.*)$/.exec(text) ?? [];
    const value = (word: string): string => {
      if (word.startsWith("'")) return word.slice(1, -1);
      const [scope, name = '', , output = ''] = word.split('.');
      if (scope === 'inputs') return inputs[name] ?? '';
      if (scope === 'steps') return this.steps.get(name)?.[output] ?? '';
      throw new Error(`nobody knows ${word} here`);
    };
    return sign === undefined ? value(left) : String((value(left) === value(right)) === (sign === '=='));
  }

  [Symbol.dispose](): void {
    this.workspace[Symbol.dispose]();
  }
}

const isTrue = (text: string) => text !== '' && text !== 'false';

/** Numbers of YAML are texts to GitHub. */
const mapped = (values: Values, of: (text: string) => string): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, of(String(value))]));
