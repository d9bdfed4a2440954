import { tmpdir } from 'node:os';
import { describe, it } from 'vitest';
import { createImageCatalogue, parseReference } from './images.ts';
import { imageIdOf } from './pod-worker.ts';

const options = { nodePath: process.execPath };

describe('the image catalogue', () => {
  it('finds an image by tag, by digest and under its full name', ({ expect }) => {
    const images = createImageCatalogue(options);
    const digest = images.digestOf('node');
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    for (const reference of ['node:24', `node@${digest}`, `node:20@${digest}`, 'docker.io/library/node:lts']) {
      expect(images.resolve(reference).digest).toBe(digest);
    }
    expect(imageIdOf('node:24', images.resolve('node:24'))).toBe(`node@${digest}`);
    expect(createImageCatalogue(options).digestOf('node')).toBe(digest);
    expect(images.digestOf('debian')).not.toBe(digest);
  });

  it('refuses an unknown name, another digest and a name that is none', ({ expect }) => {
    const images = createImageCatalogue(options);
    const other = `node@sha256:${'0'.repeat(64)}`;
    expect(() => images.resolve('nothing:1')).toThrow(expect.objectContaining({ code: 'IMAGE_NOT_FOUND' }));
    expect(() => images.resolve(other)).toThrow(expect.objectContaining({ code: 'IMAGE_NOT_FOUND' }));
    expect(() => images.resolve('Not A Name')).toThrow(expect.objectContaining({ code: 'IMAGE_NAME_INVALID' }));
  });

  it('lets a stand-in answer for an image and its digest, and reports its use', ({ expect }) => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const standIn = `oceanprotocol/algo_dockers@${digest}=node`;
    const images = createImageCatalogue({ ...options, standIns: [standIn, `lab/root=${tmpdir()}`] });
    expect(images.standIns).toEqual([]);
    const resolved = images.resolve(`oceanprotocol/algo_dockers:node@${digest}`);
    expect(resolved.cmd).toEqual(['node']);
    expect(resolved.digest).toBe(digest);
    expect(() => images.resolve(`oceanprotocol/algo_dockers@sha256:${'b'.repeat(64)}`)).toThrow();
    expect(images.standIns).toEqual([standIn]);
  });

  it('refuses a stand-in that is not NAME=LOCAL or has no such directory', ({ expect }) => {
    for (const standIn of ['node', '=node', 'node=', 'node=/no/such/directory']) {
      expect(() => createImageCatalogue({ ...options, standIns: [standIn] }), standIn).toThrow(
        expect.objectContaining({ code: 'IMAGE_STAND_IN_INVALID', category: 'usage' }),
      );
    }
  });

  it('takes references apart', ({ expect }) => {
    expect(parseReference('quay.io:5000/a/b:v1')).toEqual({
      repository: 'quay.io:5000/a/b',
      tag: 'v1',
      digest: undefined,
    });
    expect(parseReference('docker.io/library/node')).toEqual({ repository: 'node', tag: undefined, digest: undefined });
  });
});
