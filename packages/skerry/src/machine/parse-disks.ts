import type { DiskFile } from './domain-xml.ts';

/** The disks in a domain's XML as libvirt gives it, in its order. Pure. */
export function parseDisks(xml: string): DiskFile[] {
  return [...xml.matchAll(/<disk\b[^>]*>([\s\S]*?)<\/disk>/g)].flatMap(([, text = '']) => {
    // Of a running domain libvirt also lists what the file is based on.
    const own = text.replace(/<backingStore[\s\S]*<\/backingStore>/, '');
    const path = /<source file=['"]([^'"]+)['"]/.exec(own)?.[1];
    const serial = /<serial>([^<]+)<\/serial>/.exec(own)?.[1];
    return path === undefined ? [] : [{ path, serial }];
  });
}
