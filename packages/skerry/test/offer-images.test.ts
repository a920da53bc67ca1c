// The image store of labs, as the golden images of a cloud on this machine.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connect } from '@skerry/libvirt';
import { offerImages } from '../src/cloud/dev/offer-images.ts';
import { type Hypervisors, startHypervisors } from '../src/hypervisors/hypervisors.ts';
import { commit, type ImageRecord } from '../src/image/image-files.ts';

let dir: string;
let hypervisors: Hypervisors;

beforeAll(async () => {
  dir = await mkdtemp('/tmp/sko-');
  vi.stubEnv('SKERRY_DATA_DIR', join(dir, 'data'));
  const options = { dir: join(dir, 'hv'), count: 1, accel: 'tcg', ephemeral: true } as const;
  hypervisors = await startHypervisors(options);
});
afterAll(async () => {
  await hypervisors.stop();
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

/** Puts one into the store: an empty disk, and a kernel that says which it is. */
async function build(kernel: string): Promise<void> {
  const store = join(dir, 'data', 'images');
  await mkdir(join(store, 'names'), { recursive: true });
  const built = await mkdtemp(join(store, '.building-'));
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(built, 'disk.qcow2'), '64M']);
  await writeFile(join(built, 'vmlinux'), kernel);
  const record: ImageRecord = {
    format: 1,
    ...{ definitionHash: kernel, disk: 'disk.qcow2', kernel: 'vmlinux', kernelArgs: '' },
    ...{ virtualSizeBytes: 64 << 20, built: new Date().toISOString() },
  };
  await commit(store, 'tiny', { dir: built, record });
}

/** Gives the kernel that is offered then, and what was said. */
async function offered(): Promise<[string, string[]]> {
  const said: string[] = [];
  const hypervisor = hypervisors.get('hv1');
  await offerImages(hypervisor, (line) => said.push(line));
  const golden = join(hypervisor.images.outside, 'golden');
  expect((await stat(join(golden, 'tiny.qcow2'))).size).toBeGreaterThan(0);
  return [await readFile(join(golden, 'tiny.kernel'), 'utf8'), said];
}

test('one that was built anew takes the place of the former, unless a disk is based on that', async () => {
  await build('first');
  expect(await offered()).toEqual(['first', []]);
  expect(await offered()).toEqual(['first', []]);
  await build('second');
  expect(await offered()).toEqual(['second', []]);
  const { images, libvirtUri } = hypervisors.get('hv1');
  await using connection = await connect(libvirtUri);
  const pool = await connection.pool('default');
  const disk = await pool.createVolume(`<volume><name>web.qcow2</name><capacity>67108864</capacity>
    <target><format type='qcow2'/></target><backingStore><path>${images.inside}/golden/tiny.qcow2</path>
    <format type='qcow2'/></backingStore></volume>`);
  await build('third');
  const kept = 'tiny was built anew; machines that are there keep the former one here';
  expect(await offered()).toEqual(['second', [kept]]);
  await disk.delete();
  // Made by another hypervisor in the folder that all share: this one's libvirt has not seen it yet.
  const others = join(images.outside, 'others.qcow2');
  const base = ['-b', `${images.inside}/golden/tiny.qcow2`, '-F', 'qcow2'];
  execFileSync('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', ...base, others, '64M']);
  expect(await offered()).toEqual(['second', [kept]]);
  await rm(others);
  expect(await offered()).toEqual(['third', []]);
});
