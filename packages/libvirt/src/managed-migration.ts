import {
  type MigrateOptions,
  MIGRATE,
  migrationFlags,
  migrationParams,
} from './migration-options.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';
import type { TypedParam } from './typed-params.ts';

const FEATURE_CHANGE_PROTECTION = 7;
const STATE_PAUSED = 3;
const nothing: Uint8Array = new Uint8Array();

/**
 * Version 3 of libvirt's migration protocol, led by this client: begin, prepare, perform, finish,
 * confirm, each with the cookie that the step before gave. When one fails, the other side is told to
 * drop its half, and this side to go on. From `finish` on there is no signal and no deadline: both
 * must hear how it ended.
 *
 * @returns the domain's reference on the other side.
 */
export async function migrateBetween(
  source: { readonly session: Session; readonly domain: Struct<'domain'> },
  target: Session,
  options: MigrateOptions,
): Promise<Struct<'domain'>> {
  const { session, domain } = source;
  const feature = FEATURE_CHANGE_PROTECTION;
  const { supported } = await session.call('CONNECT_SUPPORTS_FEATURE', { feature }, options);
  const { state } = await session.call('DOMAIN_GET_STATE', { domain }, options);
  const paused = state === STATE_PAUSED && !options.postcopyResume ? MIGRATE.paused : 0;
  const protection = supported === 0 ? 0 : MIGRATE.changeProtection;
  const sourceFlags = migrationFlags(options) | paused | protection;
  const targetFlags = (migrationFlags(options) | paused) & ~MIGRATE.sourceOnly;
  let params = migrationParams(options);

  const begun = await session.call(
    'DOMAIN_MIGRATE_BEGIN3_PARAMS',
    { domain, params, flags: sourceFlags },
    options,
  );
  params = withText(params, 'destination_xml', begun.xml);
  const confirm = async (cookieIn: Uint8Array, cancelled: 0 | 1): Promise<void> => {
    const args = { domain, params, cookieIn, flags: sourceFlags, cancelled };
    await session.call('DOMAIN_MIGRATE_CONFIRM3_PARAMS', args);
  };
  const finish = (cookieIn: Uint8Array, cancelled: 0 | 1) => {
    const named = params.some(({ field }) => field === 'destination_name')
      ? params
      : withText(params, 'destination_name', domain.name);
    const args = { params: named, cookieIn, flags: targetFlags, cancelled };
    return target.call('DOMAIN_MIGRATE_FINISH3_PARAMS', args);
  };

  const prepared = await orElse(
    target.call(
      'DOMAIN_MIGRATE_PREPARE3_PARAMS',
      { params, cookieIn: begun.cookieOut, flags: targetFlags },
      options,
    ),
    () => confirm(nothing, 1),
  );
  if (prepared.uriOut !== null) params = withText(params, 'migrate_uri', prepared.uriOut);

  const performed = options.offline
    ? { cookieOut: nothing }
    : await orElse(
        session.call(
          'DOMAIN_MIGRATE_PERFORM3_PARAMS',
          { domain, params, cookieIn: prepared.cookieOut, flags: sourceFlags },
          options,
        ),
        () => finish(nothing, 1),
      );

  const finished = await orElse(finish(performed.cookieOut, 0), () => confirm(nothing, 1));
  await confirm(finished.cookieOut, 0);
  return finished.domain;
}

/** Cleans up when a step fails; the step's error is the one that counts. */
async function orElse<T>(step: Promise<T>, cleanUp: () => Promise<unknown>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    await cleanUp().catch(() => {});
    throw error;
  }
}

function withText(params: readonly TypedParam[], field: string, value: string): TypedParam[] {
  return [...params.filter((param) => param.field !== field), { field, type: 'string', value }];
}
