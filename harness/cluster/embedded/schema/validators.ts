import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import { validateConfigMap, validateFixedUpdate, validateSecret, validateSecretUpdate } from './validate/config.ts';
import type { NameCheck } from './validate/names.ts';
import { dnsLabel, pathSegment } from './validate/names.ts';
import { validateNetworkPolicy } from './validate/network-policy.ts';
import { validatePodUpdate } from './validate/pod-update.ts';
import { validateNewPod, validatePod } from './validate/pod.ts';
import {
  validateBindingUpdate,
  validateClusterRole,
  validateClusterRoleBinding,
  validateRole,
  validateRoleBinding,
} from './validate/rbac.ts';
import * as small from './validate/small-kinds.ts';
import * as storage from './validate/storage.ts';

export type Validator = (object: KubeObject) => readonly FieldCause[];
export type UpdateValidator = (object: KubeObject, previous: KubeObject) => readonly FieldCause[];

/** What is wrong with an object in itself, metadata aside; by the definition of its kind. */
export const VALIDATORS: Readonly<Record<string, Validator>> = {
  'io.k8s.api.core.v1.ConfigMap': validateConfigMap,
  'io.k8s.api.core.v1.Event': small.validateEvent,
  'io.k8s.api.core.v1.Namespace': small.validateNamespace,
  'io.k8s.api.core.v1.Node': small.validateNode,
  'io.k8s.api.core.v1.PersistentVolume': storage.validateVolume,
  'io.k8s.api.core.v1.PersistentVolumeClaim': storage.validateClaim,
  'io.k8s.api.core.v1.Pod': validatePod,
  'io.k8s.api.core.v1.Secret': validateSecret,
  'io.k8s.api.authorization.v1.LocalSubjectAccessReview': small.validateLocalSubjectAccessReview,
  'io.k8s.api.authorization.v1.SelfSubjectAccessReview': small.validateAccessReview,
  'io.k8s.api.authorization.v1.SubjectAccessReview': small.validateSubjectAccessReview,
  'io.k8s.api.coordination.v1.Lease': small.validateLease,
  'io.k8s.api.networking.v1.NetworkPolicy': validateNetworkPolicy,
  'io.k8s.api.rbac.v1.ClusterRole': validateClusterRole,
  'io.k8s.api.rbac.v1.ClusterRoleBinding': validateClusterRoleBinding,
  'io.k8s.api.rbac.v1.Role': validateRole,
  'io.k8s.api.rbac.v1.RoleBinding': validateRoleBinding,
  'io.k8s.api.storage.v1.StorageClass': storage.validateStorageClass,
};

/** In place of the above where a new object has rules of its own. */
export const NEW_VALIDATORS: Readonly<Record<string, Validator>> = {
  'io.k8s.api.core.v1.Pod': validateNewPod,
};

/** What an update may not change; by the definition of its kind. */
export const UPDATE_VALIDATORS: Readonly<Record<string, UpdateValidator>> = {
  'io.k8s.api.core.v1.ConfigMap': validateFixedUpdate,
  'io.k8s.api.core.v1.PersistentVolume': storage.validateVolumeUpdate,
  'io.k8s.api.core.v1.PersistentVolumeClaim': storage.validateClaimUpdate,
  'io.k8s.api.core.v1.Pod': validatePodUpdate,
  'io.k8s.api.core.v1.Secret': validateSecretUpdate,
  'io.k8s.api.rbac.v1.ClusterRoleBinding': validateBindingUpdate,
  'io.k8s.api.rbac.v1.RoleBinding': validateBindingUpdate,
  'io.k8s.api.storage.v1.StorageClass': storage.validateStorageClassUpdate,
};

/** Kinds whose names have a rule of their own; the others are DNS subdomains. */
export const NAME_CHECKS: Readonly<Record<string, NameCheck>> = {
  'io.k8s.api.core.v1.Event': pathSegment,
  'io.k8s.api.core.v1.Namespace': dnsLabel,
  'io.k8s.api.rbac.v1.ClusterRole': pathSegment,
  'io.k8s.api.rbac.v1.ClusterRoleBinding': pathSegment,
  'io.k8s.api.rbac.v1.Role': pathSegment,
  'io.k8s.api.rbac.v1.RoleBinding': pathSegment,
};
