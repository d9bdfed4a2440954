import { describe, expect, it } from 'vitest';
import { isKubeStatus } from '../kube-status.ts';
import { matchesFields, parseFieldSelector } from './field-selector.ts';
import { labelSelectorFromObject, matchesLabels, parseLabelSelector } from './label-selector.ts';

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return isKubeStatus(error, 'BadRequest') ? error.status.message : String(error);
  }
  return 'accepted';
};

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front', 'example.com/x': '' };

  it.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier!=back', true],
    ['app!=web', false],
    ['missing!=x', true],
    ['app in (api, web)', true],
    ['app notin (api,web)', false],
    ['missing notin (a)', true],
    ['tier', true],
    ['!tier', false],
    ['!missing,app', true],
    ['example.com/x=', true],
    ['toString', false],
  ])('%s is %s', (text, expected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(expected);
  });

  it.each(['a=b=c', 'a in b', '=x', 'a,,b', 'a>1', '-a=b', 'a=-b'])('refuses %s', (text) => {
    expect(refusal(() => parseLabelSelector(text))).toMatch(/^(unable to parse requirement: |found ')/);
  });

  it('read the form that objects carry', () => {
    const selector = labelSelectorFromObject({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'NotIn', values: ['back'] },
        { key: 'missing', operator: 'DoesNotExist' },
      ],
    });
    expect(matchesLabels(selector, labels)).toBe(true);
    expect(matchesLabels(selector, { ...labels, tier: 'back' })).toBe(false);
  });
});

describe('field selectors', () => {
  const pods = { group: '', resource: 'pods' };
  const pod = { metadata: { name: 'p' }, spec: { nodeName: 'n' }, status: { phase: 'Running' } };

  it.each([
    ['metadata.name=p', true],
    ['spec.nodeName=n,status.phase!=Failed', true],
    ['spec.nodeName=', false],
    ['spec.hostNetwork=false', true],
  ])('%s is %s for a pod', (text, expected) => {
    expect(matchesFields(parseFieldSelector(text, pods), pod)).toBe(expected);
  });

  it('refuse fields that the kind is not selectable by', () => {
    expect(refusal(() => parseFieldSelector('spec.x=1', pods))).toBe('field label not supported: spec.x');
    expect(refusal(() => parseFieldSelector('data.x=1', { group: '', resource: 'configmaps' }))).toBe(
      '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
  });
});
