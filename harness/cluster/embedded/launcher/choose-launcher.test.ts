import { expect, test } from 'vitest';
import { adviceFor } from './choose-launcher.ts';

const ubuntu = { 'kernel.apparmor_restrict_unprivileged_userns': '1', 'user.max_user_namespaces': '63000' };
const debian = { 'kernel.unprivileged_userns_clone': '0' };

test.each<[string, { isInContainer?: boolean; isRoot?: boolean; settings?: Record<string, string> }, RegExp]>([
  ['an ordinary user on Ubuntu', { settings: ubuntu }, /sysctl -w kernel\.apparmor_restrict_unprivileged_userns=0/],
  ['an ordinary user on an older Debian', { settings: debian }, /sysctl -w kernel\.unprivileged_userns_clone=1/],
  ['an administrator who wants none', { settings: { 'user.max_user_namespaces': '0' } }, /max_user_namespaces=15000/],
  ['a container', { isInContainer: true, settings: ubuntu }, /--privileged/],
  ['root, whom no setting stops', { isRoot: true, settings: ubuntu }, /^none$/],
  ['a machine that shows no reason', {}, /^none$/],
])('%s is told what would help', (_who, { isInContainer = false, isRoot = false, settings = {} }, wanted) => {
  const advice = adviceFor({ isInContainer, isRoot, sysctl: (name) => settings[name] });
  expect(advice ?? 'none').toMatch(wanted);
});
