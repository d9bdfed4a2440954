import type { Causes, Json } from './field-causes.ts';
import { checkOneOf, child, duplicate, invalid, list, number, required, text, texts } from './field-causes.ts';
import { checkRelativePath } from './volumes.ts';

const LARGEST_ID = 2_147_483_647;
const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const SYSCTL = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const IS_SYSCTL = new RegExp(SYSCTL);

function checkId(causes: Causes, field: string, id: number | undefined): void {
  if (id !== undefined && (id < 0 || id > LARGEST_ID))
    causes.push(invalid(field, id, `must be between 0 and ${LARGEST_ID}, inclusive`));
}

export function checkPodSecurity(causes: Causes, spec: Json): void {
  const at = 'spec.securityContext';
  const context = child(spec, 'securityContext');
  if (!context) return;
  if (spec['shareProcessNamespace'] === true && spec['hostPID'] === true) {
    causes.push(
      invalid(`${at}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    );
  }
  for (const name of ['fsGroup', 'runAsUser', 'runAsGroup']) checkId(causes, `${at}.${name}`, number(context, name));
  for (const [index, group] of (list(context, 'supplementalGroups') as readonly unknown[]).entries()) {
    checkId(causes, `${at}.supplementalGroups[${index}]`, typeof group === 'number' ? group : undefined);
  }
  checkSysctls(causes, `${at}.sysctls`, list(context, 'sysctls'));
  checkOneOf(causes, `${at}.fsGroupChangePolicy`, context['fsGroupChangePolicy'], ['Always', 'OnRootMismatch']);
  checkOneOf(causes, `${at}.supplementalGroupsPolicy`, context['supplementalGroupsPolicy'], ['Merge', 'Strict']);
  // The other one, MountOption, is behind a gate that is off.
  checkOneOf(causes, `${at}.seLinuxChangePolicy`, context['seLinuxChangePolicy'], ['Recursive']);
  checkProfiles(causes, at, context);
}

function checkSysctls(causes: Causes, field: string, sysctls: readonly Json[]): void {
  const names = new Set<string>();
  for (const [index, sysctl] of sysctls.entries()) {
    const at = `${field}[${index}].name`;
    const name = text(sysctl, 'name');
    if (name === '') causes.push(required(at));
    else if (!IS_SYSCTL.test(name) || name.length > 253) {
      causes.push(invalid(at, name, `must have at most 253 characters and match regex ${SYSCTL}`));
    } else if (names.has(name)) causes.push(duplicate(at, name));
    names.add(name);
  }
}

export function checkContainerSecurity(
  causes: Causes,
  at: string,
  context: Json | undefined,
  isInHostUsers: boolean,
): void {
  if (!context) return;
  checkId(causes, `${at}.runAsUser`, number(context, 'runAsUser'));
  checkId(causes, `${at}.runAsGroup`, number(context, 'runAsGroup'));
  const procMount = context['procMount'];
  checkOneOf(causes, `${at}.procMount`, procMount, ['Default', 'Unmasked']);
  if (procMount === 'Unmasked' && isInHostUsers) {
    causes.push(invalid(`${at}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  checkProfiles(causes, at, context);
  checkEscalation(causes, at, context);
}

function checkEscalation(causes: Causes, at: string, context: Json): void {
  if (context['allowPrivilegeEscalation'] !== false) return;
  const refuse = (what: string): unknown =>
    causes.push(invalid(at, asServerSees(context), `cannot set \`allowPrivilegeEscalation\` to false and ${what}`));
  if (context['privileged'] === true) refuse('`privileged` to true');
  if (texts(child(context, 'capabilities'), 'add').includes('CAP_SYS_ADMIN'))
    refuse('`capabilities.Add` CAP_SYS_ADMIN');
}

function checkProfiles(causes: Causes, at: string, context: Json): void {
  checkProfile(causes, `${at}.seccompProfile`, child(context, 'seccompProfile'), 'seccomp');
  checkProfile(causes, `${at}.appArmorProfile`, child(context, 'appArmorProfile'), 'AppArmor');
}

function checkProfile(causes: Causes, at: string, profile: Json | undefined, what: 'seccomp' | 'AppArmor'): void {
  if (!profile) return;
  const type = text(profile, 'type');
  const file = profile['localhostProfile'];
  if (type === '') {
    causes.push(
      required(
        `${at}.type`,
        what === 'seccomp'
          ? 'type is required when seccompProfile is set'
          : 'type is required when appArmorProfile is set',
      ),
    );
    return;
  }
  if (!PROFILE_TYPES.includes(type)) checkOneOf(causes, `${at}.type`, type, PROFILE_TYPES);
  else if (type === 'Localhost') {
    if (file === undefined || (file === '' && what === 'AppArmor'))
      causes.push(required(`${at}.localhostProfile`, `must be set when ${what} type is Localhost`));
    else if (what === 'seccomp') checkRelativePath(causes, `${at}.localhostProfile`, String(file));
  } else if (file !== undefined) {
    const seen = what === 'seccomp' ? { Type: type, LocalhostProfile: file } : file;
    causes.push(invalid(`${at}.localhostProfile`, seen, `can only be set when ${what} type is Localhost`));
  }
}

/** Some messages print the server's own struct: its field names, every field. */
function asServerSees(context: Json): Json {
  const capabilities = child(context, 'capabilities');
  const names = [
    'Privileged',
    'SELinuxOptions',
    'WindowsOptions',
    'RunAsUser',
    'RunAsGroup',
    'RunAsNonRoot',
    'ReadOnlyRootFilesystem',
  ];
  const seen: Json = {
    Capabilities: capabilities ? { Add: capabilities['add'] ?? null, Drop: capabilities['drop'] ?? null } : null,
  };
  for (const name of [...names, 'AllowPrivilegeEscalation', 'ProcMount', 'SeccompProfile', 'AppArmorProfile']) {
    seen[name] =
      context[name.startsWith('SEL') ? 'seLinuxOptions' : name.charAt(0).toLowerCase() + name.slice(1)] ?? null;
  }
  return seen;
}
