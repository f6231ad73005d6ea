import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, Workspace } from '../support/breakwater.ts';

const rule = (spec: string, name = 'edge-app-dr') => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: ${name}
spec:
  host: edge-app
  trafficPolicy: ${spec}
`;
/** Each allowed by the schemas, and refused by Istio. */
const refused = {
  'a distribution that is not all':
    '{loadBalancer: {localityLbSetting: {distribute: [{from: "r/a/*", to: {"r/a/*": 70, "r/b/*": 20}}]}}, outlierDetection: {}}',
  'failover beside distribution':
    '{loadBalancer: {localityLbSetting: {distribute: [{from: "r/a/*", to: {"r/b/*": 100}}], failover: [{from: r, to: s}]}}}',
  'a client certificate that is missing': '{tls: {mode: MUTUAL}}',
} as const;

/** The text of a scenario that is to stand elsewhere, without what it has for another mesh. */
const onIstioAlone = (scenario: string) =>
  readFileSync(join(root, `scenarios/${scenario}.yaml`), 'utf8').replace(/^meshes:\n(?: .*\n)+/m, '');

function lint(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/breakwater.js', 'lint', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', CI: '1', ...env },
  });
  return { status, stdout, stderr };
}

describe('lint', () => {
  test.each(Object.entries(refused))('asks Istio itself: %s', (_, spec) => {
    using workspace = new Workspace();
    const file = join(workspace.path, 'mesh.yaml');
    writeFileSync(file, rule(spec));
    const { status, stdout, stderr } = lint([file]);
    expect(status, stderr).toBe(2);
    expect(stdout).toContain(`${file}:7: DestinationRule/edge-app-dr: `);
  });

  test("says in one pass what is ours and what is Istio's, of alternatives and of files of any name", () => {
    using workspace = new Workspace();
    const folder = join(workspace.path, `a, "b" 'c'`);
    mkdirSync(folder);
    const [first = '', second = ''] = Object.values(refused);
    const files = [
      `---\n# off\n---\n${rule('{circuitBreaker: {}}', 'ours')}---\n${rule(first)}`,
      rule(second),
      rule('{tls: {mode: ISTIO_MUTUAL}}'),
    ].map((content, index) => {
      const file = join(folder, `${index}, ${index}.yaml`);
      writeFileSync(file, content);
      return file;
    });
    const { status, stdout, stderr } = lint([...files, '--json']);
    expect(status, stderr).toBe(2);
    const { problems, notAsked } = JSON.parse(stdout);
    expect(notAsked).toBeUndefined();
    expect(problems).toMatchObject([
      { file: files[0], line: 10, message: 'unknown field "circuitBreaker"' },
      { file: files[0], line: 18, message: expect.stringContaining('DestinationRule/edge-app-dr: ') },
      { file: files[1], line: 7, message: expect.stringContaining('DestinationRule/edge-app-dr: ') },
    ]);
  });

  test('refuses a scenario for its mesh configuration as a run does, beside its other mistakes', async () => {
    using workspace = new Workspace();
    const [spec = ''] = Object.values(refused);
    writeFileSync(join(workspace.path, 'mesh.yaml'), rule(spec));
    const scenario = onIstioAlone('zone-failover');
    const file = join(workspace.path, 'scenario.yaml');
    const named = scenario.replace('mesh/zone-failover.yaml', 'mesh.yaml');
    writeFileSync(file, named);
    const linted = lint([file]);
    const ran = await workspace.runOnce(file);
    expect([linted.status, ran.code]).toEqual([2, 2]);
    const [said = ''] = linted.stdout.split('\n');
    expect(said).toContain('total locality weight 90 != 100');
    expect(ran.stderr).toContain(said);
    writeFileSync(file, named.replace(/ {2}to: edge-app/, '  to: edge-ap'));
    expect(lint([file]).stdout).toMatch(/load\.to: there is no service "edge-ap".*total locality weight/s);
  });

  test('refuses what an environment cannot make, where one is named, as a run on it does', async () => {
    using workspace = new Workspace();
    const file = join(workspace.path, 'scenario.yaml');
    const scenario = onIstioAlone('zone-failover')
      .replace('mesh/zone-failover.yaml', join(root, 'scenarios/mesh/zone-failover.yaml'))
      .replace('kind: zone-outage', 'kind: node-stopped');
    writeFileSync(file, scenario);
    expect(lint([file]).stdout).toBe('ok 1 file\n');
    const linted = lint([file, '--env', 'local']);
    const ran = await workspace.runOnce(file);
    expect([linted.status, ran.code]).toEqual([2, 2]);
    const [said = ''] = linted.stdout.split('\n');
    expect(said).toMatch(
      /scenario\.yaml:\d+:\d+: faults\.0\.kind: the local environment has no node-stopped$/,
    );
    expect(ran.stderr).toContain(said);
  });

  // https://github.com/istio/istio/issues/31525
  test('passes on what Istio takes with a warning, and takes it too', () => {
    using workspace = new Workspace();
    const file = join(workspace.path, 'mesh.yaml');
    const routes =
      'http:\n    - route: [{destination: {host: a}}]\n    - match: [{uri: {prefix: /a}}]\n      route: [{destination: {host: b}}]';
    const header = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop}';
    writeFileSync(file, `${header}\nspec:\n  hosts: [shop]\n  ${routes}\n`);
    const { status, stdout } = lint([file]);
    expect(status).toBe(0);
    const said =
      'VirtualService/shop: virtualService rule #1 not used (route without matches defined before)';
    expect(stdout).toBe(`note: ${file}:6: ${said} (a warning)\nok 1 file\n`);
  });

  test('takes what templates leave empty, beside files that are not', () => {
    using workspace = new Workspace();
    const [empty, full] = ['---\n# Source: off.yaml\n---\n', rule('{tls: {mode: ISTIO_MUTUAL}}')].map(
      (content, index) => {
        const file = join(workspace.path, `${index}.yaml`);
        writeFileSync(file, content);
        return file;
      },
    );
    expect(lint([empty ?? '', full ?? '']).stdout).toBe('ok 2 files\n');
    expect(lint([empty ?? '']).stdout).toContain(`${empty}:1:1: there is no resource in this file`);
  });

  test('says that Istio was not asked where that would take a build', () => {
    using workspace = new Workspace();
    const file = join(workspace.path, 'mesh.yaml');
    writeFileSync(file, rule(Object.values(refused)[0] ?? ''));
    const { status, stdout } = lint([file], { BREAKWATER_CACHE: join(workspace.path, 'cache') });
    expect(stdout).toContain('the mesh itself was not asked: istioctl is not here');
    expect(status).toBe(0);
  });
});
