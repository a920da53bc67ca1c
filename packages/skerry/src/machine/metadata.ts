import { createHash } from 'node:crypto';
import { xml } from './xml.ts';

/** The XML namespace of what Skerry writes into domains. */
export const NAMESPACE = 'https://skerry.dev/ns/1';
/** The element's prefix, which libvirt's metadata calls name `key`. */
export const NAMESPACE_KEY = 'skerry';

/** What a domain was defined from, as far as changing it means defining it anew. Plain JSON. */
export type MachineFacts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What a domain says about itself: whose it is and what it was made from. The one record of a machine. */
export interface MachineMark {
  /** The lab's id. */
  readonly lab: string;
  /** The machine's name in the lab file. */
  readonly machine: string;
  readonly facts: MachineFacts;
  /** Digest of the image its disk was made from. */
  readonly image: string;
  /** The id of the template it was thawed from, which its disk is based on. */
  readonly template?: string | undefined;
  /** Set once the machine has its identity (identity.ts): a hash of that. */
  readonly identity?: string | undefined;
  /** Whether it can run machines itself, where it shall: `svm`, `vmx`, or `no: ` and why. */
  readonly nesting?: string | undefined;
  /** The provisioners that have run in it since it was made: a hash of what each was, by name. */
  readonly provisioned?: Readonly<Record<string, string>> | undefined;
  /** Set when it was ready for others since its last start: a hash of the probes that said so. */
  readonly ready?: string | undefined;
}

/** The element libvirt keeps in the domain's <metadata>. */
export function metadataXml(mark: MachineMark): string {
  const element = bareMetadataXml(mark);
  return element.replace(
    '<machine',
    `<${NAMESPACE_KEY}:machine xmlns:${NAMESPACE_KEY}="${NAMESPACE}"`,
  );
}

/** The same without a namespace, as virDomainSetMetadata wants it: libvirt adds the namespace itself. */
export function bareMetadataXml(mark: MachineMark): string {
  const identity = mark.identity ?? '';
  const facts = JSON.stringify(mark.facts);
  const provisioned = JSON.stringify(mark.provisioned ?? {});
  return xml`<machine lab="${mark.lab}" machine="${mark.machine}" hash="${hashOf(mark.facts)}" image="${mark.image}" template="${mark.template ?? ''}" identity="${identity}" nesting="${mark.nesting ?? ''}" provisioned="${provisioned}" ready="${mark.ready ?? ''}" facts="${facts}"/>`;
}

/** Reads the mark back from domain XML, or undefined when the domain is not Skerry's or was altered by hand. */
export function parseMark(domainXmlText: string): MachineMark | undefined {
  const element = /<skerry:machine\b[^>]*>/.exec(domainXmlText)?.[0];
  if (element === undefined) return undefined;
  const values = new Map<string, string>();
  for (const [, name = '', double, single] of element.matchAll(/\s(\w+)=(?:"([^"]*)"|'([^']*)')/g))
    values.set(name, unescapeXml(double ?? single ?? ''));
  const [lab, machine, image, text] = ['lab', 'machine', 'image', 'facts'].map((key) =>
    values.get(key),
  );
  if (lab === undefined || machine === undefined || image === undefined || text === undefined)
    return undefined;
  try {
    const facts = JSON.parse(text) as MachineFacts;
    return {
      lab,
      machine,
      image,
      facts,
      template: values.get('template') || undefined,
      identity: values.get('identity') || undefined,
      nesting: values.get('nesting') || undefined,
      provisioned: parseProvisioned(values.get('provisioned')),
      ready: values.get('ready') || undefined,
    };
  } catch {
    return undefined;
  }
}

/** Undefined where none has run: a machine that was made by an older Skerry says nothing of it. */
function parseProvisioned(text: string | undefined): Readonly<Record<string, string>> | undefined {
  const found = JSON.parse(text || '{}') as Readonly<Record<string, string>>;
  return Object.keys(found).length > 0 ? found : undefined;
}

/** A short name for facts or any other plain data: equal data, equal hash. */
export function hashOf(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
}

function unescapeXml(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name: string) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex as string, 16));
    return named[name] ?? whole;
  });
}
