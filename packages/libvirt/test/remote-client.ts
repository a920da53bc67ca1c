// Connects from inside a daemon's network namespace: `remote-client.ts URI [OPTIONS]`, the options
// as JSON. Prints what it found, or the error, as JSON.
import { connect, type ConnectOptions } from '@skerry/libvirt';

const [uri = '', options = '{}'] = process.argv.slice(2);
try {
  await using conn = await connect(uri, JSON.parse(options) as ConnectOptions);
  const domains = (await conn.domains()).map(({ name }) => name);
  await using events = await conn.events({ types: ['lifecycle'] });
  const { secure } = await conn.call('CONNECT_IS_SECURE', undefined);
  let size = 0;
  if (domains.includes('test')) {
    size = (await (await conn.domain('test')).screenshot()).image.length;
  }
  await events.close();
  const result = { uri: await conn.uri(), domains, isSecure: secure === 1, screenshotBytes: size };
  console.log(JSON.stringify(result));
} catch (error) {
  const { name, code, message } = error as Error & { code?: unknown };
  console.log(JSON.stringify({ error: name, code, message }));
}
