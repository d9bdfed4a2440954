import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';

export type Validator = (object: KubeObject) => readonly FieldCause[];
export type UpdateValidator = (object: KubeObject, previous: KubeObject) => readonly FieldCause[];

/** What is wrong with an object in itself, metadata aside; by the definition of its kind. */
export const VALIDATORS: Readonly<Record<string, Validator>> = {};

/** What an update may not change; by the definition of its kind. */
export const UPDATE_VALIDATORS: Readonly<Record<string, UpdateValidator>> = {};
