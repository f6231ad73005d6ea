import { expect, test } from 'vitest';
import { cannotHave } from './images.ts';

test('an image that a registry refuses without a login asks for one, at that registry', () => {
  const refused =
    'Error response from daemon: Head "https://registry.example/v2/…": no basic auth credentials';
  expect(cannotHave('registry.example/kindest/node:v1', refused, 'NODE_IMAGE')).toBe(
    'there is no registry.example/kindest/node:v1, or its registry wants a login: docker login registry.example, or set NODE_IMAGE',
  );
  const denied = "pull access denied for mine, repository does not exist or may require 'docker login'";
  expect(cannotHave('mine/node:v1', denied, 'NODE_IMAGE')).toContain(': docker login, or');
});

test('an image that is not there asks for another one, and other trouble is not about images', () => {
  expect(cannotHave('kindest/node:v1', 'manifest unknown', 'NODE_IMAGE')).toBe(
    'docker cannot have kindest/node:v1: set NODE_IMAGE',
  );
  const failed = 'wrote Static Pod manifests to "/etc/kubernetes/manifests": the kubelet is not healthy';
  expect(cannotHave('kindest/node:v1', failed, 'NODE_IMAGE')).toBeUndefined();
});
