// Builds the image of the tests once, where it is missing or older than its definition; runs share it.
import { finish, SKERRY } from './cli.ts';

const IMAGE = 'debian-12';
const BUILD_MS = 60 * 60_000;

export async function setup(): Promise<void> {
  const skerry = [process.execPath, SKERRY, 'image'];
  const { stdout } = await finish([...skerry, 'list', '--json']);
  const images = JSON.parse(stdout) as { name: string; stale: boolean }[];
  if (images.some(({ name, stale }) => name === IMAGE && !stale)) return;
  console.log(`building the image ${IMAGE} for the tests (some minutes, once)`);
  const { code, stderr } = await finish([...skerry, 'build', IMAGE], { timeoutMs: BUILD_MS });
  if (code !== 0) throw new Error(`the image ${IMAGE} could not be built:\n${stderr}`);
}
