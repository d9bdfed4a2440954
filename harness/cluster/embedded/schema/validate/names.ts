/** Checks of names and keys: each answers what is wrong in the server's words, or nothing. */
export type NameCheck = (name: string) => readonly string[];

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const CONFIG_KEY = '[-._a-zA-Z0-9]+';

const LABEL_WORDS =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character " +
  `(e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
const SUBDOMAIN_WORDS =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
const QUALIFIED_EXAMPLES = `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;
const QUALIFIED_WORDS = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ${QUALIFIED_EXAMPLES}`;
const LABEL_VALUE_WORDS =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${QUALIFIED})?')`;
const CONFIG_KEY_WORDS =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' " +
  `(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '${CONFIG_KEY}')`;
const SEARCH_PART = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SEARCH = `${SEARCH_PART}(\\.${SEARCH_PART})*`;
const SEARCH_WORDS =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'example.com', regex used for validation is '${SEARCH}')`;
const ENV_NAME_WORDS =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";
const HEADER_WORDS =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

const DNS_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const DNS_1035_WORDS =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character " +
  `(e.g. 'my-name',  or 'abc-123', regex used for validation is '${DNS_1035}')`;

const LONGEST_LABEL = 63;
const LONGEST_SUBDOMAIN = 253;

function whole(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}

const IS_LABEL = whole(LABEL);
const IS_SUBDOMAIN = whole(SUBDOMAIN);
const IS_QUALIFIED = whole(QUALIFIED);
const IS_CONFIG_KEY = whole(CONFIG_KEY);

function tooLong(name: string, longest: number): string[] {
  return name.length > longest ? [`must be no more than ${longest} characters`] : [];
}

/** Names of containers, volumes, namespaces … */
export const dnsLabel: NameCheck = (name) => [
  ...tooLong(name, LONGEST_LABEL),
  ...(IS_LABEL.test(name) ? [] : [IS_SUBDOMAIN.test(name) ? 'must not contain dots' : LABEL_WORDS]),
];

const IS_DNS_1035 = whole(DNS_1035);

/** Names that definitions give their kinds and versions. */
export const dns1035Label: NameCheck = (name) => [
  ...tooLong(name, LONGEST_LABEL),
  ...(IS_DNS_1035.test(name) ? [] : [DNS_1035_WORDS]),
];

/** Names of most objects. */
export const dnsSubdomain: NameCheck = (name) => [
  ...tooLong(name, LONGEST_SUBDOMAIN),
  ...(IS_SUBDOMAIN.test(name) ? [] : [SUBDOMAIN_WORDS]),
];

/** Names of roles and bindings: anything that can stand between two slashes of a URL. */
export const pathSegment: NameCheck = (name) => {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((sign) => name.includes(sign)).map((sign) => `may not contain '${sign}'`);
};

/** Keys of labels, annotations, taints: an optional domain, a slash, a name. */
export const qualifiedName: NameCheck = (key) => {
  const parts = key.split('/');
  if (parts.length > 2)
    return [
      `a qualified name ${QUALIFIED_WORDS} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const said: string[] = [];
  if (prefix === '') said.push('prefix part must be non-empty');
  else if (prefix !== undefined) said.push(...dnsSubdomain(prefix).map((detail) => `prefix part ${detail}`));
  if (name === '') said.push('name part must be non-empty');
  else if (name.length > LONGEST_LABEL) said.push(`name part must be no more than ${LONGEST_LABEL} characters`);
  if (!IS_QUALIFIED.test(name)) said.push(`name part ${QUALIFIED_WORDS}`);
  return said;
};

const IS_SEARCH = whole(SEARCH);

/** Search domains of a resolver: as a subdomain, with underscores. */
export const dnsSearch: NameCheck = (name) => [
  ...tooLong(name, LONGEST_SUBDOMAIN),
  ...(IS_SEARCH.test(name) ? [] : [SEARCH_WORDS]),
];

export const labelValue: NameCheck = (value) => [
  ...tooLong(value, LONGEST_LABEL),
  ...(value === '' || IS_QUALIFIED.test(value) ? [] : [LABEL_VALUE_WORDS]),
];

/** Keys of config maps and secrets, which become file names. */
export const configKey: NameCheck = (key) => {
  const said = [...tooLong(key, LONGEST_SUBDOMAIN)];
  if (!IS_CONFIG_KEY.test(key)) said.push(CONFIG_KEY_WORDS);
  if (key === '.') said.push("must not be '.'");
  else if (key === '..') said.push("must not be '..'");
  else if (key.startsWith('..')) said.push("must not start with '..'");
  return said;
};

export const envName: NameCheck = (name) => (/^[ -<>-~]+$/.test(name) ? [] : [ENV_NAME_WORDS]);

export const headerName: NameCheck = (name) => (/^[-A-Za-z0-9]+$/.test(name) ? [] : [HEADER_WORDS]);

/** Names of ports, as IANA service names. */
export const portName: NameCheck = (name) => {
  const said: string[] = [];
  if (name.length > 15) said.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(name)) said.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(name)) said.push('must contain at least one letter (a-z)');
  if (name.includes('--')) said.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) said.push('must not begin or end with a hyphen');
  return said;
};
